"""The question "Was dit nuttig?": what a reader does and support sees. No cookie, no person, no endless pile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.help import voice
from portal.help.counting import today
from portal.help.models import HelpRemark, HelpVote
from portal.help.redact import redacted
from portal.kernel.work import Acting
from tests.browse import Page, Visitor

SignedIn = Callable[[str], Visitor]
PAGES = ("/koppelingen", "/koppelingen/nmbrs", "/koppelingen/horecalonen", "/koppelingen/connexie")
NMBRS = "/koppelingen/nmbrs"
REMARKS = "/support/uitleg/opmerkingen"


def votes(acting: Acting) -> dict[str, tuple[int, int]]:
    with acting.read() as work:
        return {row.page: (row.yes, row.no) for row in work.session.scalars(select(HelpVote))}


def remarks(acting: Acting) -> list[str]:
    with acting.read() as work:
        return list(work.session.scalars(select(HelpRemark.text).order_by(HelpRemark.id)))


def cookies(page: Page) -> list[str]:
    return page.answer.headers.getlist("Set-Cookie")


@pytest.mark.parametrize("path", PAGES)
def test_every_help_page_asks_and_counts(visitor: Visitor, acting: Acting, path: str) -> None:
    page = visitor.open(path)
    assert "Was dit nuttig?" in page.text("form.feedback")
    thanks = page.submit("Ja", {"answer": "ja"})
    assert "Bedankt voor je antwoord" in thanks.text()
    assert "support@eitje-app.nl" in thanks.text()
    page.submit("Ja", {"answer": "ja"})
    page.submit("Nee", {"answer": "nee"})
    key = path.rsplit("/", 1)[-1]
    assert votes(acting) == {key: (2, 1)}
    assert thanks.link("Terug naar " + visitor.open(path).text("h1")) == path


def test_no_cookie_is_set_on_the_whole_way(app: Flask, acting: Acting) -> None:
    visitor = Visitor(app.test_client())
    page = visitor.open(NMBRS)
    asked = page.submit("Nee", {"answer": "nee"})
    done = asked.submit("Verstuur", {"text": "De knop heet anders."})
    raw = app.test_client().post("/nuttig/nmbrs", data={"answer": "ja"})
    assert raw.status_code == 303
    assert [cookies(one) for one in (page, asked, done)] == [[], [], []]
    assert raw.headers.getlist("Set-Cookie") == []
    assert remarks(acting) == ["De knop heet anders."]


def test_the_page_is_the_same_for_everybody(visitor: Visitor, signed_in: SignedIn) -> None:
    forms = [str(who.open(NMBRS).soup.select_one("form.feedback")) for who in (visitor, signed_in("alice"))]
    assert forms[0] == forms[1]
    assert "csrf" not in forms[0]


def test_a_vote_of_somebody_who_is_signed_in_names_nobody(signed_in: SignedIn, acting: Acting) -> None:
    alice = signed_in("alice")
    alice.open(NMBRS).submit("Nee", {"answer": "nee"}).submit("Verstuur", {"text": "Iets"})
    columns = {column.name for table in (HelpVote, HelpRemark) for column in table.__table__.columns}
    assert columns == {"id", "page", "day", "yes", "no", "text", "handled"}
    assert votes(acting) == {"nmbrs": (0, 1)}


def test_nee_asks_what_was_missing_and_keeps_a_text_that_is_too_long(visitor: Visitor, acting: Acting) -> None:
    asked = visitor.open(NMBRS).submit("Nee", {"answer": "nee"})
    assert "Wat miste je?" in asked.text()
    assert "mailto:support@eitje-app.nl" in str(asked.soup)
    long = "Ik zoek de urencodes. " * 46  # 1012 signs, without the last space 1011
    refused = asked.submit("Verstuur", {"text": long}, status=422)
    assert "11 tekens te lang" in refused.text(".error-summary")
    assert refused.text("textarea") == long.strip()
    assert remarks(acting) == []
    refused.submit("Verstuur", {"text": long[:1000].replace(" ", "\r\n")})
    assert len(remarks(acting)[0]) <= 1000


def test_an_empty_text_is_thanked_for_and_not_kept(visitor: Visitor, acting: Acting) -> None:
    asked = visitor.open(NMBRS).submit("Nee", {"answer": "nee"})
    for text in ("", "  \r\n\t ", "\u200b"):
        assert "Bedankt" in asked.submit("Verstuur", {"text": text}).text()
    assert remarks(acting) == []


def test_what_fills_in_the_trap_is_not_counted(visitor: Visitor, acting: Acting) -> None:
    page = visitor.open(NMBRS)
    assert page.soup.select_one("form.feedback input[name=website]").has_attr("hidden")  # type: ignore[union-attr]
    asked = page.submit("Nee", {"answer": "nee", "website": "https://spam.example"})
    assert "Bedankt" in asked.submit("Verstuur", {"text": "Koop nu", "website": "x"}).text()
    assert (votes(acting), remarks(acting)) == ({}, [])


def test_unknown_pages_and_answers(visitor: Visitor, acting: Acting) -> None:
    visitor.post("/nuttig/bestaat-niet", {"answer": "ja"}, status=404)
    visitor.open("/nuttig/bestaat-niet/wat-miste-je", status=404)
    visitor.open("/nuttig/bestaat-niet/bedankt", status=404)
    for data in ({}, {"answer": "misschien"}):
        assert "Kies Ja of Nee" in visitor.post("/nuttig/nmbrs", data, status=422).text()
    visitor.open("/nuttig/nmbrs", status=405)
    assert votes(acting) == {}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_d5_another_site_cannot_answer(app: Flask, acting: Acting, headers: dict[str, str]) -> None:
    stranger = Visitor(app.test_client(), headers=headers)
    stranger.post("/nuttig/nmbrs", {"answer": "nee"}, status=403)
    stranger.post("/nuttig/nmbrs/wat-miste-je", {"text": "x"}, status=403)
    assert (votes(acting), remarks(acting)) == ({}, [])


def test_d5_only_these_views_take_a_form_without_a_token(app: Flask) -> None:
    exempt = app.extensions["csrf"]._exempt_views
    assert exempt == {"portal.help.voice_routes.vote", "portal.help.voice_routes.missing"}
    assert app.extensions["csrf"]._exempt_blueprints == set()


def test_a_flood_of_answers_is_stopped_for_a_minute(visitor: Visitor, acting: Acting, time_machine: Any) -> None:
    time_machine.move_to("2026-11-24T12:00:10+00:00", tick=False)
    for _ in range(voice.VOTES):
        visitor.client.post("/nuttig/nmbrs", data={"answer": "ja"})
    assert "Wacht een minuut" in visitor.post("/nuttig/nmbrs", {"answer": "ja"}, status=429).text()
    visitor.post("/nuttig/connexie", {"answer": "ja"})  # another page still counts
    assert votes(acting) == {"nmbrs": (voice.VOTES, 0), "connexie": (1, 0)}
    time_machine.move_to("2026-11-24T12:01:00+00:00", tick=False)
    visitor.post("/nuttig/nmbrs", {"answer": "ja"})
    assert votes(acting)["nmbrs"] == (voice.VOTES + 1, 0)


def test_a_flood_of_remarks_keeps_the_text_on_the_screen(visitor: Visitor, acting: Acting, time_machine: Any) -> None:
    time_machine.move_to("2026-11-24T12:00:10+00:00", tick=False)
    asked = visitor.open("/nuttig/nmbrs/wat-miste-je")
    for number in range(voice.REMARKS):
        asked.submit("Verstuur", {"text": f"Opmerking {number}"})
    refused = asked.submit("Verstuur", {"text": "Mijn zin"}, status=429)
    assert "Wacht een minuut" in refused.text(".error-summary")
    assert refused.text("textarea") == "Mijn zin"
    assert len(remarks(acting)) == voice.REMARKS


def test_a_day_takes_so_many_remarks(visitor: Visitor, acting: Acting, time_machine: Any) -> None:
    asked = visitor.open("/nuttig/nmbrs/wat-miste-je")
    time_machine.move_to("2026-11-24T12:00:10+00:00", tick=False)
    with acting.begin() as work:
        many = [HelpRemark(page="nmbrs", day=today(work), text="x", handled=False) for _ in range(voice.REMARKS_A_DAY)]
        work.session.add_all(many)
    refused = asked.submit("Verstuur", {"text": "Mijn zin"}, status=429)
    assert "vandaag" in refused.text(".error-summary")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("BSN 123456782 klopt niet", "BSN [weggelaten] klopt niet"),
        ("bsn 123.456.782 en 1234 56 782", "bsn [weggelaten] en [weggelaten]"),
        ("bel +31 6 1234 5678 of (020) 123 45 67", "bel [weggelaten] of [weggelaten]"),
        ("mail Jan.Jansen@dezon.example!", "mail [weggelaten]"),
        ("op NL12 ABNA 0417 1643 00 of nl12abna0417164300", "op [weggelaten] of [weggelaten]"),
        ("op BE68 5390 0754 7034", "op [weggelaten]"),
        ("token sandbox-nmbrs-token-0001", "token [weggelaten]"),
        ("token 9f8b7c6d5e4f3a2b1c0d", "token [weggelaten]"),
        ("token aBcDeFgHiJkLmNoPqR", "token [weggelaten]"),
        ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", "[weggelaten]"),
        ("https://portaal.example/uitnodiging/Zx8kQ2mP0aLr", "[weggelaten]"),
        ("\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff12", "[weggelaten]"),
        ("1\u200b2\u200b3\u200b4\u200b5\u200b6\u200b7\u200b8\u200b2", "[weggelaten]"),
        ("a\x00b\x1b[31mc\u202ed", "ab[31mcd"),
        ("een\r\n\r\n\r\n\r\ntwee", "een\n\ntwee"),
        ("Code 1002 bij HourModel_GetHourCodes in week 47, periode 2026-11",
         "Code 1002 bij HourModel_GetHourCodes in week 47, periode 2026-11"),
        ("De arbeidsongeschiktheidsverzekering, 12,50 uur", "De arbeidsongeschiktheidsverzekering, 12,50 uur"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_may_be_about_a_person_is_left_out(visitor: Visitor, acting: Acting, said: str, kept: str) -> None:
    visitor.open("/nuttig/nmbrs/wat-miste-je").submit("Verstuur", {"text": said})
    assert remarks(acting) == [kept]
    assert redacted(kept).replace("\n\n", "\n") == kept.replace("\n\n", "\n")  # cleaning twice changes nothing


def test_markup_is_shown_as_text(visitor: Visitor, signed_in: SignedIn) -> None:
    """D6: also what looks like HTML or a template."""
    said = "<b>vet</b> {{ 7 * 7 }} <img onerror=x()>"
    visitor.open("/nuttig/nmbrs/wat-miste-je").submit("Verstuur", {"text": said})
    assert said in signed_in("support").open(REMARKS).text(".remark")
