"""The desk page about the help centre: what needs work first, what can be put away, what is forgotten in time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from portal import worker
from portal.app import for_worker
from portal.audit.models import AuditEvent
from portal.deliveries.crew import Crew
from portal.deliveries.sending import Stop
from portal.help import examples, queries
from portal.help.counting import today
from portal.help.misses import count
from portal.help.models import HelpMiss, HelpRemark, HelpVote
from portal.kernel.errors import Forbidden
from portal.kernel.wake import Waker
from portal.kernel.work import Acting
from tests.browse import Visitor
from tests.factories.people import Cast

SignedIn = Callable[[str], Visitor]
DESK, REMARKS, MISSES = "/support/uitleg", "/support/uitleg/opmerkingen", "/support/uitleg/gezocht"
TABLES = (HelpVote, HelpRemark, HelpMiss)


def rows(acting: Acting) -> list[int]:
    with acting.read() as work:
        return [work.session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES]


def acts(acting: Acting) -> list[str]:
    with acting.read() as work:
        return list(work.session.scalars(select(AuditEvent.action).where(AuditEvent.action.startswith("help."))))


def seed(acting: Acting) -> None:
    with acting.begin() as work:
        examples.seed(work)


def say(visitor: Visitor, text: str, page: str = "nmbrs") -> None:
    visitor.open(f"/nuttig/{page}/wat-miste-je").submit("Verstuur", {"text": text})


def test_an_empty_desk_explains_itself(signed_in: SignedIn) -> None:
    support = signed_in("support")
    page = support.open("/support/aanvragen")
    assert page.soup.select_one(f'.main-nav a[href="{DESK}"]').get_text(strip=True) == "Uitleg"  # type: ignore[union-attr]
    text = support.open(DESK).text()
    for words in ("Nog geen antwoorden", "Geen open opmerkingen", "Alles gevonden"):
        assert words in text
    assert "Geen open opmerkingen" in support.open(REMARKS).text()
    assert "Geen opmerkingen" in support.open(f"{REMARKS}?stand=afgehandeld").text()
    assert "Alles gevonden" in support.open(MISSES).text()


def test_answers_of_readers_arrive_with_shares_and_a_chart(visitor: Visitor, signed_in: SignedIn) -> None:
    for answer in ("ja", "ja", "nee"):
        visitor.post("/nuttig/nmbrs", {"answer": answer})
    for answer in ("nee", "nee"):
        visitor.post("/nuttig/connexie", {"answer": answer})
    visitor.post("/nuttig/koppelingen", {"answer": "ja"})
    page = signed_in("support").open(DESK)
    names = [row.get_text(" ", strip=True) for row in page.soup.select("tbody th a")]
    assert names == ["Connexie", "Nmbrs", "Koppelingen"]  # most "nee" first
    assert "67% nuttig 2 ja, 1 nee" in page.text("tbody tr:nth-of-type(2)")
    chart = page.soup.select("svg[role=img]")[1]
    named = [page.text(f"#{name}") for name in str(chart["aria-labelledby"]).split()]
    assert named[0] == "Nmbrs: antwoorden per week"
    assert "2 keer ja en 1 keer nee. Deze week 2 keer ja en 1 keer nee" in named[1]
    assert len(chart.select("rect")) == 2
    assert len(page.soup.select(".trend__figures")[1].select("li")) == 12
    assert "50%" in page.text(".stats")  # 3 of 6


def test_only_the_last_thirty_days_count_as_a_month(acting: Acting, cast: Cast) -> None:
    with acting.begin() as work:
        for ago in (0, 29, 30, 364, 365):
            work.session.add(HelpVote(page="nmbrs", day=today(work) - timedelta(days=ago), yes=1, no=2))
    with acting.as_actor(cast.actors["support"]).read() as work:
        (found,) = queries.answers(work)
        (weeks,) = queries.weeks(work, ["nmbrs"]).values()
    assert (found.month.total, found.year.total) == (6, 12)
    assert sum(week.answers.total for week in weeks) == 9
    assert weeks[-1].first.weekday() == 0


def test_a_remark_is_put_away_and_back(visitor: Visitor, signed_in: SignedIn, acting: Acting) -> None:
    say(visitor, "Waar vind ik de urencodes?")
    say(visitor, "En bij Connexie?", "connexie")
    support = signed_in("support")
    page = support.open(DESK).follow("Opmerkingen")
    assert page.text(".remark__text") == "En bij Connexie?"
    page = support.open(f"{REMARKS}?over=nmbrs").submit("Afgehandeld")
    assert page.path == REMARKS
    assert "Alleen over Nmbrs" in page.text()  # back where it was
    assert not page.has(".remark")
    away = page.follow("Afgehandeld (1)")
    assert "Waar vind ik de urencodes?" in away.text()
    again = away.submit("Zet terug")
    assert not again.has(".remark")
    assert acts(acting) == ["help.remark_handled", "help.remark_reopened"]
    assert "Opmerking over de uitleg afgehandeld" in signed_in("lead").open("/support/logboek").text()


def test_a_second_click_changes_and_records_nothing(visitor: Visitor, signed_in: SignedIn, acting: Acting) -> None:
    say(visitor, "Een vraag")
    page = signed_in("support").open(REMARKS)
    page.submit("Afgehandeld")
    page.submit("Afgehandeld")
    assert acts(acting) == ["help.remark_handled"]
    page.visitor.post(f"{REMARKS}/99/afgehandeld", token(page.visitor), status=404)
    page.visitor.post(f"{REMARKS}/1/weg", token(page.visitor), status=404)


def token(visitor: Visitor) -> dict[str, str]:
    return {"csrf_token": str(visitor.open(DESK).soup.select_one("input[name=csrf_token]")["value"])}  # type: ignore[index]


def test_the_desk_wants_its_token_and_stays_on_this_site(visitor: Visitor, signed_in: SignedIn) -> None:
    """D5"""
    say(visitor, "Een vraag")
    support = signed_in("support")
    support.post(f"{REMARKS}/1/afgehandeld", {}, status=400)
    data = {**token(support), "back": "https://evil.example/"}
    assert support.post(f"{REMARKS}/1/afgehandeld", data).path == REMARKS


def test_b3_only_support_may_look_and_decide(signed_in: SignedIn, acting: Acting, cast: Cast, visitor: Visitor) -> None:
    alice = signed_in("alice")
    for path in (DESK, REMARKS, MISSES):
        alice.open(path, status=403)
        assert visitor.client.get(path).headers["Location"].startswith("/inloggen")
    with acting.as_actor(cast.actors["alice"]).read() as work, pytest.raises(Forbidden):
        queries.answers(work)


def test_many_remarks_are_paged(acting: Acting, signed_in: SignedIn) -> None:
    with acting.begin() as work:
        work.session.add_all(
            HelpRemark(page="nmbrs", day=today(work), text=f"Opmerking {n:02}", handled=False) for n in range(45)
        )
    support = signed_in("support")
    first = support.open(REMARKS)
    assert "Pagina 1 van 3" in first.text(".pagination")
    last = first.follow("Volgende").follow("Volgende")
    assert [r.get_text(strip=True) for r in last.soup.select(".remark__text")][-1] == "Opmerking 00"
    assert support.open(f"{REMARKS}?pagina=99").text(".pagination") == last.text(".pagination")
    for wrong in ("-1", "x", "9" * 30):
        support.open(f"{REMARKS}?pagina={wrong}", status=404)
    assert "Alle 45 open opmerkingen" in support.open(DESK).text()
    support.open(f"{REMARKS}?stand=raar&over=<b>")


def test_a_page_that_was_taken_away_keeps_its_numbers(acting: Acting, signed_in: SignedIn) -> None:
    with acting.begin() as work:
        work.session.add(HelpVote(page="oude-pagina", day=today(work), yes=0, no=3))
    assert "oude-pagina (bestaat niet meer)" in signed_in("support").open(DESK).text("tbody tr")


def test_missed_words_are_listed_tried_and_mended(acting: Acting, signed_in: SignedIn) -> None:
    for asked in ("reiskosten", "Reiskosten", "min uren"):
        count(acting, asked)
    support = signed_in("support")
    page = support.open(DESK).follow("Gezocht, niet gevonden")
    assert [row.get_text(strip=True) for row in page.soup.select("tbody th")] == ["reiskosten", "min uren"]
    assert page.link("min uren") == "/zoeken?q=min%20uren"
    page = page.submit("Opgelost")
    assert [row.get_text(strip=True) for row in page.soup.select("tbody th")] == ["min uren"]
    support.post(f"{MISSES}/1/opgelost", token(support))  # a second click
    assert acts(acting) == ["help.search_mended"]
    assert "reiskosten" not in signed_in("lead").open("/support/logboek").text()


def test_the_demo_shows_something(acting: Acting, signed_in: SignedIn) -> None:
    seed(acting)
    page = signed_in("support").open(DESK)
    assert "vraagt werk" in page.text("tbody tr")
    assert len(page.soup.select("svg[role=img]")) == 4
    for words in ("reiskosten", "Wat doe ik als een teamlid twee keer in Nmbrs staat?"):
        assert words in page.text()


def test_h4_the_worker_forgets_after_a_year(acting: Acting, time_machine: Any) -> None:
    """Time travel: on the last day of a year all is there, a day later nothing."""
    time_machine.move_to("2026-11-24T12:00:00+00:00", tick=True)
    robot, stop = for_worker(acting, stop=Stop(threading.Event())), threading.Event()
    with acting.begin() as work:
        work.session.add(HelpVote(page="nmbrs", day=today(work), yes=1, no=0))
        work.session.add(HelpRemark(page="nmbrs", day=today(work), text="x", handled=False))
        work.session.add(HelpMiss(words="reiskosten", day=today(work), times=1))
    crew, waker = Crew(robot, stop), Waker(acting.engine)
    (job,) = [job for job in worker.jobs(robot, crew, stop, waker) if job.name == "forget what is past its time"]
    for moment, left in (("2027-11-24T12:00:00+00:00", [1, 1, 1]), ("2027-11-25T12:00:00+00:00", [0, 0, 0])):
        time_machine.move_to(moment, tick=True)
        assert job.run() is False
        assert rows(acting) == left
    waker.close()
