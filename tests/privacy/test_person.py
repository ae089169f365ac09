"""Inzage and wissing of a team member (H5): nothing of the person is left, no hour is paid twice, the rest is whole."""

from __future__ import annotations

import json
import re
import stat
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.deliveries.receipt_models import Receipt
from portal.exports import service as exports
from portal.exports.models import ExportLine, SettledHours
from portal.hours.models import Shift, TeamMember
from portal.hours.periods import bounds
from portal.hours.service import import_file, remove_upload
from portal.hours.sources.sheet.refusal import ImportRefused
from portal.kernel.vault import Vault
from portal.kernel.work import Acting
from portal.privacy import journal, service
from portal.privacy.replay import replay
from portal.settings import Settings
from tests.browse import Visitor
from tests.deliveries.fix import seen
from tests.deliveries.stage import PEOPLE, Stage, shift
from tests.deliveries.steps import codes_booked, send
from tests.factories.people import Cast
from tests.factories.setup import activate_file_target, import_hours
from tests.hours.sheets import csv_bytes, recent_row
from tests.privacy.later import Backup, command, count, forget, hits, later, refused, told

SignedIn = Callable[[str], Visitor]
ZON = "Brasserie De Zon"
SANNE = ("Sanne de Boer", "sanne@dezon.example", "123456782")
ERASE = ("person", "erase", "--organisation", ZON, "--person")


def erase(settings: Settings, person: str = "Sanne de Boer", *more: str) -> str:
    return told(settings, *ERASE, person, "--yes", *more)


def numbers_of(acting: Acting, name: str) -> list[int]:
    with acting.read() as work:
        return list(work.session.scalars(select(TeamMember.id).where(TeamMember.name == name)))


@pytest.mark.parametrize("by", ["101", "sanne@dezon.example", "SANNE DE BOER"])
def test_h5_a_person_is_gone_and_the_amounts_stay(
    nmbrs: Stage, sent: int, acting: Acting, settings: Settings, by: str
) -> None:
    assert hits(acting, *SANNE[:2])
    output = erase(settings, by)
    assert "Bedragen van uren" in output
    assert "24 maanden" in output
    assert hits(acting, *SANNE[:2]) == []
    with acting.read() as work:
        line = work.session.scalars(select(ExportLine).where(ExportLine.name == "Gewist teamlid")).one()
        assert (line.personnel_number, line.email, str(line.hours), line.code) == ("", "", "15.00", "2100")
        member = work.session.get_one(TeamMember, line.member_id)
        assert (member.email, member.personnel_number, member.bsn_sealed, member.bsn_index) == (None,) * 4
        assert {(row.member_id, row.minutes) for row in work.session.scalars(select(SettledHours))} == {
            (member.id, 900)
        }
    assert count(acting, Shift, Shift.member_id == line.member_id) == 0


def test_h5_the_others_keep_their_receipt_and_every_page_opens(
    nmbrs: Stage, sent: int, acting: Acting, settings: Settings, signed_in: SignedIn
) -> None:
    erase(settings)
    assert "WRONG" not in told(settings, "audit", "verify")
    visitor = signed_in("alice")
    receipt = visitor.open(f"/portaal/leveringen/{sent}/ontvangstbewijs").text()
    assert "Daan Visser" in receipt
    assert "Sanne" not in receipt
    assert "Gewist teamlid" in visitor.open(f"/portaal/leveringen/{sent}").text()
    assert seen(nmbrs).rows == ()
    for page in ("/portaal", "/portaal/uren", "/portaal/team", "/portaal/exports", "/portaal/bedrijf/logboek"):
        assert "Sanne" not in visitor.open(page).text()
    with acting.read() as work:
        assert [row.body is None for row in work.session.scalars(select(Receipt).order_by(Receipt.seq))] == [
            True,
            False,
        ]


def test_g2_hours_of_who_was_erased_cannot_come_in_again(nmbrs: Stage, sent: int, settings: Settings) -> None:
    """Not with the number, not with the address, not with the BSN alone; new hours of the person can."""
    first = bounds(nmbrs.period)[0]
    erase(settings)
    whole = shift(PEOPLE[0], first)
    for kept in ({2}, {1}, {3}, {1, 2, 3}):
        row = [value if column not in {1, 2, 3} or column in kept else "" for column, value in enumerate(whole)]
        with pytest.raises(ImportRefused) as stopped:
            import_file(nmbrs.alice, nmbrs.venue, "uren.csv", csv_bytes([row]))
        assert [error.code for error in stopped.value.errors] == ["rij-gewist-teamlid"], kept
    with later(2):
        tomorrow = first.today() + timedelta(days=1)
        assert import_file(nmbrs.alice, nmbrs.venue, "uren.csv", csv_bytes([shift(PEOPLE[0], tomorrow)])).added == 1
        with pytest.raises(ImportRefused):  # the person is known again; the old hours are not new
            import_file(nmbrs.alice, nmbrs.venue, "uren.csv", csv_bytes([whole]))
    assert codes_booked(nmbrs) == [(101, "2100", "15.00"), (102, "2100", "15.00"), (103, "2100", "15.00")]


def test_g2_the_hidden_keys_go_when_no_file_can_bring_the_hours(
    nmbrs: Stage, sent: int, acting: Acting, settings: Settings
) -> None:
    erase(settings)
    known = TeamMember.erased_keys.is_not(None)
    with later(89):
        forget(acting)
        assert count(acting, TeamMember, known) == 1
    with later(91):
        forget(acting)
        assert count(acting, TeamMember, known) == 0


def test_h5_nobody_is_erased_while_hours_are_under_way(nmbrs: Stage, acting: Acting, settings: Settings) -> None:
    words = refused(settings, *ERASE, "101", "--yes")
    assert "diensten klaar die niemand exporteerde: 2" in words
    export = nmbrs.export()
    assert "onderweg" in refused(settings, *ERASE, "101", "--yes")
    assert hits(acting, "sanne@dezon.example")
    with nmbrs.alice.begin() as work:
        exports.withdraw_in(work, export)
    erase(settings, "101", "--drop-hours")
    assert hits(acting, *SANNE[:2]) == []


def test_h5_nobody_is_erased_while_a_delivery_is_not_through(
    nmbrs: Stage, deliver: Callable[[], bool], settings: Settings
) -> None:
    send(nmbrs)
    assert "Er is niets gewist" in refused(settings, *ERASE, "101", "--yes")
    while deliver():
        pass
    erase(settings)


def test_h5_a_person_without_paid_hours_leaves_nothing(acting: Acting, cast: Cast, settings: Settings) -> None:
    import_hours(acting, cast, [recent_row()])
    erase(settings, "00101", "--drop-hours")
    assert (count(acting, TeamMember), count(acting, Shift)) == (0, 0)
    assert hits(acting, "Noor", "noor@example.com") == []


def test_h5_of_several_one_is_chosen_and_nobody_is_guessed(acting: Acting, cast: Cast, settings: Settings) -> None:
    twin = {
        "Personeelsnummer": "00102",
        "E_mail": "noor2@example.com",
        "BSN": "",
        "Start": "18:00",
        "Eind": "20:00",
        "Pauze": "",
    }
    import_hours(acting, cast, [recent_row(), recent_row(**twin)])
    words = refused(settings, *ERASE, "Noor Bakker", "--yes", "--drop-hours")
    first, second = numbers_of(acting, "Noor Bakker")
    assert f"{first}: Noor Bakker, Brasserie De Zon, personeelsnummer 00101" in words
    assert f"{second}: Noor Bakker" in words
    assert "hoort niet bij" in refused(settings, *ERASE, "Noor Bakker", "--yes", "--member", "999")
    erase(settings, "Noor Bakker", "--drop-hours", "--member", str(second))
    assert numbers_of(acting, "Noor Bakker") == [first]


def test_h5_who_is_not_there_or_of_another_customer_is_not_found(
    acting: Acting, cast: Cast, settings: Settings
) -> None:
    import_hours(acting, cast, [recent_row()])
    assert "Geen teamlid" in refused(settings, *ERASE, "Noor", "--yes")
    assert "Geen teamlid" in refused(settings, *ERASE, "  ", "--yes")
    assert "Geen teamlid" in refused(
        settings, "person", "erase", "--organisation", "Café Anders", "--person", "00101", "--yes"
    )
    assert "Er is geen klant" in refused(
        settings, "person", "erase", "--organisation", "Zon", "--person", "00101", "--yes"
    )
    for words in (("--person", "1"), ("--account", "a@b.nl", "--person", "1"), ("--organisation", ZON)):
        assert command(settings, "person", "erase", *words, "--yes").exit_code == 2
    assert command(settings, *ERASE, "00101").exit_code == 1  # nobody said yes
    assert count(acting, TeamMember) == 1


def test_h5_erased_once_more_after_a_restore(nmbrs: Stage, sent: int, acting: Acting, settings: Settings) -> None:
    backup = Backup(settings)
    erase(settings)
    backup.restore()
    assert hits(acting, *SANNE[:2])
    assert replay(acting) == 1
    assert hits(acting, *SANNE[:2]) == []
    assert replay(acting) == 0
    file = settings.backups / "forgotten.jsonl"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.backups.stat().st_mode) == 0o700
    # whole words: the MAC of a line may hold any three signs
    kept = file.read_text()
    assert not [word for word in (*SANNE, "101", "Zon") if re.search(rf"\b{re.escape(word)}\b", kept, re.IGNORECASE)]


def test_h5_a_new_person_with_an_old_number_is_left_alone(acting: Acting, cast: Cast, settings: Settings) -> None:
    """Numbers of rows are given out again after a restore; references are not."""
    backup = Backup(settings)
    import_hours(acting, cast, [recent_row()])
    (number,) = numbers_of(acting, "Noor Bakker")
    erase(settings, "00101", "--drop-hours")
    backup.restore()
    brought = import_hours(
        acting, cast, [recent_row(Teamlid="Piet Jansen", E_mail="piet@example.com", Personeelsnummer="7", BSN="")]
    )
    remove_upload(acting.as_actor(cast.actors["bob"]), brought.upload_id or 0)  # nothing but the reference keeps him
    assert replay(acting) == 0
    with acting.read() as work:
        assert work.session.get_one(TeamMember, number).name == "Piet Jansen"


def test_h5_what_is_under_way_after_a_restore_waits(
    nmbrs: Stage, deliver: Callable[[], bool], acting: Acting, settings: Settings
) -> None:
    send(nmbrs)
    backup = Backup(settings)
    while deliver():
        pass
    erase(settings)
    backup.restore()
    assert replay(acting) == 0
    assert hits(acting, "sanne@dezon.example")


def test_h5_a_crash_after_the_journal_is_made_good_at_the_next_start(
    nmbrs: Stage, sent: int, acting: Acting, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(vault: Vault, folder: Path, *entries: journal.Entry) -> None:
        note(vault, folder, *entries)
        raise SystemExit

    note = journal.note
    monkeypatch.setattr(journal, "note", die)
    with pytest.raises(SystemExit):
        service.erase_person(acting, ZON, "101")
    assert hits(acting, "sanne@dezon.example")
    assert replay(acting) == 1
    assert hits(acting, *SANNE[:2]) == []


def test_h5_when_the_journal_cannot_be_written_nothing_is_erased(
    nmbrs: Stage, sent: int, acting: Acting, settings: Settings
) -> None:
    settings.backups.parent.mkdir(exist_ok=True, parents=True)
    settings.backups.write_text("a file where the folder must be")
    assert "cannot be written" in refused(settings, *ERASE, "101", "--yes")
    assert hits(acting, "sanne@dezon.example")


def test_h5_two_at_once_erase_one_time(nmbrs: Stage, sent: int, acting: Acting, settings: Settings) -> None:
    failures: list[str] = []

    def work() -> None:
        try:
            service.erase_person(acting, ZON, "101")
        except Exception as error:  # noqa: BLE001 - told below
            failures.append(type(error).__name__)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == ["NotFound", "NotFound"]
    assert len((settings.backups / "forgotten.jsonl").read_text().splitlines()) == 1
    told(settings, "audit", "verify")


def test_h5_inzage_is_everything_in_a_file_of_your_own(
    nmbrs: Stage, sent: int, acting: Acting, settings: Settings, tmp_path: Path
) -> None:
    out = tmp_path / "inzage.json"
    words = ("person", "export", "--organisation", ZON, "--person", "101", "--out", str(out))
    told(settings, *words)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    text = out.read_text()
    (member,) = json.loads(text)["teamleden"]
    assert (member["naam"], member["personeelsnummer"], member["bsn"]) == ("Sanne de Boer", "101", "bekend")
    assert len(member["diensten"]) == 2
    assert [(line["uren"], line["stand"]) for line in member["regels van exports"]] == [("15.00", "geaccepteerd")]
    assert SANNE[2] not in text
    assert "Daan" not in text
    assert refused(settings, *words)  # the file is there already
    told(settings, *words[:-1], str(tmp_path / "bsn.json"), "--with-bsn")
    assert SANNE[2] in (tmp_path / "bsn.json").read_text()
    with acting.read() as work:
        rows = work.session.scalars(select(AuditEvent).where(AuditEvent.action == "person.exported")).all()
        assert [row.facts["with_bsn"] for row in rows] == [False, True]
        assert {row.organisation_id for row in rows} == {nmbrs.alice.actor.organisation_id}
    assert refused(settings, *words[:-1], str(tmp_path / "x.json"), "--member", "99")
    assert not (tmp_path / "x.json").exists()


def test_h5_the_file_of_an_export_does_not_bring_the_person_back(
    stage: Stage, settings: Settings, signed_in: SignedIn
) -> None:
    stage.bring_hours()
    activate_file_target(stage.acting, stage.cast, "horecalonen")
    export = stage.export("horecalonen")
    exports.download(stage.alice, export, "csv")
    erase(settings)
    page = signed_in("alice").open(f"/portaal/exports/{export}/bestand.csv", status=409)
    assert page.codes() == {"export-gewist"}
