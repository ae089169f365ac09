"""Searches without result: words only, bounded, and a reader never notices."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text

from portal.help import misses
from portal.help.counting import today
from portal.help.models import HelpMiss
from portal.kernel.db import make_engine
from portal.kernel.work import Acting


def kept(acting: Acting) -> dict[str, int]:
    with acting.read() as work:
        return {row.words: row.times for row in work.session.scalars(select(HelpMiss))}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("Reiskosten", "reiskosten"),
        ("  vakantiegeld   uitbetalen?! ", "vakantiegeld uitbetalen"),
        ("foutcode 1002", "foutcode 1002"),
        ("caf\u00e9 co\u00f6rdinatie", "caf\u00e9 co\u00f6rdinatie"),
        ("nul-uren contract", "nul-uren contract"),
        ("'foto's' \"hier\"", "foto's hier"),
        ("123456782", ""),
        ("bsn 123 456 782 klopt niet", "bsn klopt niet"),
        ("12345", ""),
        ("jan@dezon.example kwijt", "kwijt"),
        ("token 9f8b7c6d5e4f3a2b1c0d", "token"),
        ("sandbox-nmbrs-token-0001", ""),
        ("abc123 def", "def"),
        ("NL12 ABNA 0417 1643 00 rekening", "rekening"),
        ("06-12345678", ""),
        ("", ""),
        ("???", ""),
        ("\x00\u202e", ""),
        ("<script>alert(1)</script>", ""),
        ("a" * 36, ""),
        ("woord " * 40, " ".join(["woord"] * 10)),
        ("x" * 190 + " 123456782", ""),
        ("\ud800 uren", "uren"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_only_words_are_kept(acting: Acting, asked: str, words: str) -> None:
    misses.count(acting, asked)
    assert kept(acting) == ({words: 1} if words else {})


def test_the_same_words_are_counted_in_one_row_of_the_day(acting: Acting, time_machine: Any) -> None:
    time_machine.move_to("2026-11-24T22:30:00+00:00", tick=False)
    for asked in ("min uren", "Min  uren", "uren min"):
        misses.count(acting, asked)
    assert kept(acting) == {"min uren": 2, "uren min": 1}
    time_machine.move_to("2026-11-24T23:30:00+00:00", tick=False)  # the next day in Amsterdam
    misses.count(acting, "min uren")
    with acting.read() as work:
        found = work.session.execute(select(HelpMiss.times).where(HelpMiss.words == "min uren").order_by(HelpMiss.day))
        assert found.scalars().all() == [2, 1]


def test_many_at_once_lose_nothing(acting: Acting) -> None:
    threads = [threading.Thread(target=misses.count, args=(acting, "reiskosten")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # one that met a lock for too long may give up; nothing is counted twice and nothing breaks
    assert 1 <= kept(acting)["reiskosten"] <= 8


def test_a_flood_is_bounded_in_a_minute(acting: Acting, time_machine: Any) -> None:
    time_machine.move_to("2026-11-24T12:00:10+00:00", tick=False)
    for _ in range(misses.A_MINUTE + 5):
        misses.count(acting, "spam")
    assert kept(acting) == {"spam": misses.A_MINUTE}
    time_machine.move_to("2026-11-24T12:01:00+00:00", tick=False)
    misses.count(acting, "spam")
    assert kept(acting) == {"spam": misses.A_MINUTE + 1}


def test_a_day_takes_so_many_different_words(acting: Acting, time_machine: Any) -> None:
    time_machine.move_to("2026-11-24T12:00:10+00:00", tick=False)
    with acting.begin() as work:
        work.session.add_all(HelpMiss(words=f"woord {n}", day=today(work), times=1) for n in range(misses.WORDS_A_DAY))
    misses.count(acting, "nieuw")
    misses.count(acting, "woord 7")  # what is known is still counted
    found = kept(acting)
    assert "nieuw" not in found
    assert found["woord 7"] == 2


def test_a_reader_does_not_notice_a_database_that_is_away(acting: Acting, capsys: pytest.CaptureFixture[str]) -> None:
    with acting.begin() as work:
        work.session.execute(text("DROP TABLE help_miss"))
    misses.count(acting, "geheim zoekwoord")
    misses.count(replace(acting, parts={}), "geheim zoekwoord")
    told = capsys.readouterr().err
    assert "a search without result was not counted" in told
    assert "geheim" not in told


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_search_gives_up_on_a_locked_database_and_writes_wait_as_ever_afterwards(
    acting: Acting, database_url: str, capsys: pytest.CaptureFixture[str], time_machine: Any
) -> None:
    time_machine.move_to("2026-11-24T12:00:10+00:00", tick=False)  # the clock must not reach the next minute
    other = make_engine(database_url)
    with other.begin():  # somebody else writes, for as long as it takes
        misses.count(acting, "reiskosten")
        misses.count(acting, "loonstrook")  # rests until the minute is over
    assert capsys.readouterr().err.count("not counted") == 1
    with acting.read() as work:
        assert work.session.scalar(text("PRAGMA busy_timeout")) == 30_000
    assert kept(acting) == {}
    other.dispose()
