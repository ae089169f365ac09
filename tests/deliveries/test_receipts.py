"""What a receipt says, to whom, and when there is one (G3, item 6)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import text

from portal.deliveries import receipt_routes, service
from portal.settings import Settings
from tests.browse import Visitor
from tests.deliveries.receipt_steps import Deliver, Office
from tests.deliveries.stage import PEOPLE, Stage
from tests.deliveries.steps import INSERT, an_hour_passes, info, lines, round_with, send

SignedIn = Callable[[str], Visitor]
NAMES = [name for name, _, _ in PEOPLE]
CODE = re.compile(r"KP(-[0-9A-HJKMNP-TV-Z]{4}){4}")
PUBLIC = "/ontvangstbewijs"


@pytest.fixture
def office(nmbrs: Stage, deliver: Deliver, settings: Settings) -> Office:
    return Office(nmbrs, deliver, settings, days=2)


def one(office: Office) -> tuple[int, str]:
    """A delivery that was accepted, and the code of its receipt."""
    delivery = send(office.stage)
    while office.deliver():
        pass
    office.seal(delivery)
    return delivery, office.known(delivery)[0].code


def test_a_finished_delivery_has_one_receipt(office: Office) -> None:
    delivery, code = one(office)
    assert CODE.fullmatch(code)
    office.seal(delivery)
    office.seal(delivery)
    (receipt,) = office.known(delivery)
    assert (receipt.accepted, receipt.refused, receipt.unclear, receipt.unsent) == (3, 0, 0, 0)
    assert str(receipt.hours) == "45.00"


def test_there_is_none_while_it_moves_or_when_nothing_was_sent(office: Office) -> None:
    delivery = send(office.stage)
    office.seal(delivery)
    round_with(office.stage, 2, lambda: office.seal(delivery))
    moving = send_again(office)
    service.cancel(office.stage.alice, moving)
    office.seal(moving)
    assert office.known(moving) == []
    office.seal(delivery)
    assert [receipt.replaces for receipt in office.known(delivery)] == [""]


def send_again(office: Office) -> int:
    office.stage.bring_hours(days=1, start=9)
    return send(office.stage)


def test_what_comes_after_gives_a_new_receipt_that_names_the_old(office: Office) -> None:
    """A refused line is sent again; the first receipt stays what it was."""
    office.stage.trouble(INSERT, "fault:2001")
    delivery, first = one(office)
    kept = office.known(delivery)[0]
    assert (kept.accepted, kept.refused) == (2, 1)
    service.retry_refused(office.stage.alice, delivery)
    office.seal(delivery)
    assert len(office.known(delivery)) == 1
    while office.deliver():
        pass
    office.seal(delivery)
    newest, oldest = office.known(delivery)
    assert (newest.accepted, newest.refused, newest.replaces) == (3, 0, first)
    assert (oldest.code, oldest.accepted, oldest.followed_by) == (first, 2, newest.code)
    assert office.verify().exit_code == 0


def test_a_cancelled_delivery_of_which_something_was_sent_has_one(office: Office) -> None:
    delivery = send(office.stage)
    round_with(office.stage, 2, lambda: service.cancel(office.stage.alice, delivery))
    while office.deliver():
        pass
    office.seal(delivery)
    (receipt,) = office.known(delivery)
    assert receipt.state == "geannuleerd"
    assert receipt.accepted + receipt.unsent == 3
    assert receipt.accepted > 0
    service.resume(office.stage.alice, delivery)
    while office.deliver():
        pass
    office.seal(delivery)
    newest = office.known(delivery)[0]
    assert (newest.state, newest.accepted) == ("klaar", 3)
    assert office.verify().exit_code == 0


def test_an_unknown_line_is_on_it_until_a_person_decides(office: Office) -> None:
    office.stage.trouble(INSERT, "drop_before")
    delivery = send(office.stage)
    office.deliver()
    office.seal(delivery)
    an_hour_passes(office.stage)
    while office.deliver():
        pass
    office.seal(delivery)
    receipts = office.known(delivery)
    assert receipts[0].accepted == 3
    assert office.verify().exit_code == 0


def test_the_customer_reads_every_line(office: Office, signed_in: SignedIn) -> None:
    delivery, code = one(office)
    page = signed_in("alice").open(f"/portaal/leveringen/{delivery}/ontvangstbewijs")
    words = page.text()
    assert page.text(".lead").startswith(f"{code}, vastgelegd op ")
    refs = [line.remote_ref for line in lines(office.stage, delivery)]
    for part in (*NAMES, *refs, "101", "2100", "15,00", "45,00", "Alice Appel", "Brasserie De Zon", "Nmbrs"):
        assert part in words
    assert "Totaal geaccepteerd: 3 regels" in words
    assert page.link(f"http://localhost{PUBLIC}/{code}") == f"{PUBLIC}/{code}"


def test_earlier_receipts_stay_readable(office: Office, signed_in: SignedIn) -> None:
    delivery, first = one(office)
    office.change(delivery, "Nagekeken door Alice Appel.")
    office.seal(delivery)
    newest = office.known(delivery)[0].code
    alice = signed_in("alice")
    page = alice.open(f"/portaal/leveringen/{delivery}/ontvangstbewijs")
    assert newest in page.text(".lead")
    old = page.follow(first)
    assert first in old.text(".lead")
    assert "Er is een nieuwer ontvangstbewijs" in old.text()
    assert "Nagekeken" not in old.text("table")
    assert newest in old.follow("Bekijk het nieuwste bewijs").text(".lead")
    assert "Er is een nieuwer ontvangstbewijs" in alice.open(f"{PUBLIC}/{first}").text()


ADDRESSES = ("ontvangstbewijs", "ontvangstbewijs.pdf", "ontvangstbewijs.csv")


def test_a_long_receipt_has_pages(office: Office, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipt_routes, "LINES", 2)
    delivery, code = one(office)
    page = signed_in("alice").open(f"/portaal/leveringen/{delivery}/ontvangstbewijs")
    assert len(page.soup.select("tbody tr")) == 2
    assert "Totaal geaccepteerd: 3 regels" in page.text("tfoot")
    last = page.follow("Volgende")
    assert len(last.soup.select("tbody tr")) == 1
    assert code in last.text(".lead")


def test_nobody_else_sees_it(office: Office, signed_in: SignedIn, visitor: Visitor) -> None:
    """A2: another customer gets the same answer as for a delivery that is not there."""
    delivery, code = one(office)
    stranger, desk = signed_in("charlie"), signed_in("support")
    for address in (f"/portaal/leveringen/{delivery}/{name}" for name in ADDRESSES):
        for asked in (address, f"{address}?code={code}"):
            stranger.open(asked, status=404)
            desk.open(asked, status=403)
            assert "/inloggen" in visitor.client.get(asked).headers["Location"]
    mine = signed_in("alice")
    mine.open(f"/portaal/leveringen/{delivery}/ontvangstbewijs?code=KP-0000-0000-0000-0000", status=404)
    mine.open(f"/portaal/leveringen/{delivery}/ontvangstbewijs.xlsx", status=404)
    mine.open(f"/portaal/leveringen/{delivery + 1}/ontvangstbewijs", status=404)


def test_a_receipt_is_not_reached_through_another_delivery(office: Office, signed_in: SignedIn) -> None:
    _, code = one(office)
    other = office.delivered()
    signed_in("alice").open(f"/portaal/leveringen/{other}/ontvangstbewijs?code={code}", status=404)


@pytest.mark.parametrize("kind", ["pdf", "csv"])
def test_a_download_is_the_same_each_time_and_recorded(office: Office, signed_in: SignedIn, kind: str) -> None:
    delivery, code = one(office)
    alice = signed_in("alice")
    address = alice.open(f"/portaal/leveringen/{delivery}/ontvangstbewijs").link(f"Download {kind.upper()}")
    first, second = alice.client.get(address), alice.client.get(address)
    assert first.data == second.data
    assert first.headers["Content-Disposition"] == f"attachment; filename=ontvangstbewijs-{code}.{kind}"
    assert first.headers["Cache-Control"] == "no-store"
    assert alice.open("/portaal/bedrijf/logboek").text().count("Ontvangstbewijs gedownload") == 2


def typed(code: str) -> list[str]:
    bare = code.replace("-", "")
    return [code.lower(), code.replace("-", " "), bare, bare[2:], f"  {code} ", code[3:].replace("0", "o")]


def test_anybody_can_check_a_code(office: Office, visitor: Visitor) -> None:
    _, code = one(office)
    for words in typed(code):
        page = visitor.open(PUBLIC).submit("Controleer", {"code": words})
        assert page.path == f"{PUBLIC}/{code}", words
    assert page.text("h1") == "Dit ontvangstbewijs is echt"
    for part in ("3 regels", "45,00", office.chain()[0].body_sha256):
        assert part in page.text()
    assert page.answer.headers["Cache-Control"] == "no-store"


def test_the_public_page_names_nobody(office: Office, visitor: Visitor) -> None:
    delivery, code = one(office)
    page = visitor.open(f"{PUBLIC}/{code}").answer.get_data(as_text=True)
    refs = [line.remote_ref for line in lines(office.stage, delivery)]
    for private in (*NAMES, *refs, "Brasserie", "Alice", "3301", "Nmbrs", info(office.stage, delivery).created_by):
        assert private not in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("KP-0000-0000-0000-0000", "Deze code kennen we niet."),
        ("KP-0000", "Dit is geen code van een ontvangstbewijs."),
        ("<b>", "Dit is geen code van een ontvangstbewijs."),
    ],
)
def test_a_code_that_is_not_ours(app: object, visitor: Visitor, typed: str, words: str) -> None:
    page = visitor.open(f"{PUBLIC}/{typed}", status=404)
    assert words in page.text()
    assert page.soup.select_one("input[name=code]")["value"] == typed  # type: ignore[index]


def test_an_empty_or_odd_code_on_the_form(app: object, visitor: Visitor) -> None:
    assert "Vul de code in" in visitor.open(f"{PUBLIC}?code=", status=422).text()
    assert "Dit is geen code" in visitor.open(f"{PUBLIC}?code=12", status=422).text()
    assert "Dit is geen code" in visitor.open(f"{PUBLIC}?code={'A' * 500}", status=422).text()


def test_the_public_page_sees_what_was_changed(office: Office, visitor: Visitor) -> None:
    _, code = one(office)
    for change in ("accepted = 9", "signature = ''", "previous = hash"):
        with office.restored():
            office.tamper(f"UPDATE receipt SET {change}")
            page = visitor.open(f"{PUBLIC}/{code}")
            assert page.text("h1") == "Met dit ontvangstbewijs klopt iets niet"
            assert "45,00" not in page.text()
    assert visitor.open(f"{PUBLIC}/{code}").text("h1") == "Dit ontvangstbewijs is echt"


def test_no_name_stands_in_the_chain(office: Office) -> None:
    one(office)
    with office.intruder() as connection:
        (row,) = connection.execute(text("SELECT * FROM receipt")).all()
    stored = b"".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    assert not [name for name in (*NAMES, "Brasserie", "Alice") if name.encode() in stored]
