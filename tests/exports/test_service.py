"""Making exports: each hour once, whatever happens at the same time (G1, G2, E4, H1)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.audit.models import AuditEvent
from portal.deliveries.service import withdraw_export
from portal.exports import queries, service
from portal.exports.models import Export, ExportFile, ExportLine, ExportState
from portal.hours import team
from portal.hours.models import Shift, TeamMember
from portal.kernel.errors import Conflict, InvalidInput, NotFound, PortalError
from portal.kernel.work import Acting
from portal.secret import Secret
from tests.exports.at import OCTOBER, info, make, seen
from tests.factories.people import Cast
from tests.factories.setup import CODES, activate_file_target, activate_nmbrs, import_hours
from tests.hours.sheets import row

pytestmark = pytest.mark.usefixtures("november")
PIET = {"Teamlid": "Piet Prins", "E_mail": "piet@example.com", "Personeelsnummer": "102", "BSN": "111222333"}
SANNE = {"Teamlid": "Sanne de Boer", "E_mail": "sanne@example.com", "Personeelsnummer": "0101"}


@pytest.fixture
def ready(acting: Acting, cast: Cast) -> Cast:
    """Two people with three shifts, and Horecalonen on."""
    import_hours(acting, cast, [row(), row(Datum="02-10-2026"), row(**PIET)])
    activate_file_target(acting, cast, "horecalonen")
    return cast


def frozen(acting: Acting) -> list[int | None]:
    with acting.read() as work:
        return list(work.session.scalars(select(Shift.export_id).order_by(Shift.id)))


def test_an_export_freezes_what_was_shown(acting: Acting, ready: Cast) -> None:
    shown = seen(acting, ready)
    made = info(acting, ready, make(acting, ready))
    assert frozen(acting) == [made.id] * 3
    assert (made.people, made.lines, made.shifts) == (2, 2, 3)
    assert (made.minutes, made.hours) == (shown.totals.minutes, shown.totals.hours) == (1350, Decimal("22.50"))
    assert (made.revision, made.state, made.created_by) == (1, ExportState.READY, "Bob Bes")
    assert seen(acting, ready).stopped


def test_a_stale_preview_makes_nothing(acting: Acting, ready: Cast) -> None:
    old = seen(acting, ready)
    import_hours(acting, ready, [row(Datum="03-10-2026")])
    bob = acting.as_actor(ready.actors["bob"])
    with pytest.raises(Conflict):
        service.create(bob, ready.venue("bob"), "horecalonen", OCTOBER, old.fingerprint, leave_out=True)
    assert set(frozen(acting)) == {None}


def test_hours_that_stay_behind_must_be_agreed_to(acting: Acting, ready: Cast) -> None:
    import_hours(acting, ready, [row(Datum="03-10-2026", Goedgekeurd="nee")])
    with pytest.raises(InvalidInput) as caught:
        make(acting, ready, leave_out=False)
    assert caught.value.field == "leave_out"
    assert set(frozen(acting)) == {None}
    made = make(acting, ready)
    assert frozen(acting) == [made, made, made, None]


def test_g1_eight_at_once_make_one_export(acting: Acting, ready: Cast) -> None:
    shown = seen(acting, ready)
    bob = acting.as_actor(ready.actors["bob"])

    def click(_: int) -> int | None:
        try:
            return service.create(bob, ready.venue("bob"), "horecalonen", OCTOBER, shown.fingerprint, leave_out=False)
        except Conflict:
            return None

    with ThreadPoolExecutor(8) as pool:
        made = [number for number in pool.map(click, range(8)) if number is not None]
    assert len(made) == 1
    assert frozen(acting) == made * 3
    with acting.read() as work:
        assert work.session.scalar(select(func.sum(ExportLine.minutes))) == 1350


def test_g1_two_targets_at_once_share_no_hour(acting: Acting, ready: Cast) -> None:
    activate_file_target(acting, ready, "connexie")

    def attempt(key: str) -> BaseException | None:
        try:
            make(acting, ready, key)
        except PortalError as error:
            return error
        return None

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(attempt, ["horecalonen", "connexie"] * 2))
    assert sum(outcome is None for outcome in outcomes) == 1
    with acting.read() as work:
        assert work.session.scalar(select(func.sum(ExportLine.minutes))) == 1350


def test_revisions_of_twenty_minutes_make_one_hour(acting: Acting, cast: Cast) -> None:
    activate_file_target(acting, cast, "horecalonen")
    exports = []
    for day in ("01", "02", "03"):
        import_hours(acting, cast, [row(Datum=f"{day}-10-2026", Start="09:00", Eind="09:20", Pauze="")])
        exports.append(info(acting, cast, make(acting, cast)))
    assert [made.revision for made in exports] == [1, 2, 3]
    assert [made.hours for made in exports] == [Decimal("0.33"), Decimal("0.34"), Decimal("0.33")]
    withdraw_export(acting.as_actor(cast.actors["bob"]), exports[1].id)
    again = info(acting, cast, make(acting, cast))
    assert (again.revision, again.hours) == (4, Decimal("0.34"))


def test_a_withdrawn_export_frees_its_hours(acting: Acting, ready: Cast) -> None:
    first = make(acting, ready)
    bob = acting.as_actor(ready.actors["bob"])
    withdraw_export(bob, first)
    withdraw_export(bob, first)
    assert set(frozen(acting)) == {None}
    assert info(acting, ready, first).state is ExportState.WITHDRAWN
    second = info(acting, ready, make(acting, ready))
    assert (second.revision, second.hours) == (2, Decimal("22.50"))
    assert frozen(acting) == [second.id] * 3


def test_e4_the_files_stay_the_same_after_changes_and_a_restart(
    acting: Acting, ready: Cast, make_app: Callable[..., Flask]
) -> None:
    made = make(acting, ready)
    bob = acting.as_actor(ready.actors["bob"])
    first = {extension: service.download(bob, made, extension) for extension in ("csv", "xlsx")}
    with acting.read() as work:
        noor = work.session.scalars(select(TeamMember.id).where(TeamMember.name == "Noor Bakker")).one()
    team.mend(bob, noor, team.Details("Noor Smit", "", "999", Secret("249566758")))
    restarted = make_app().extensions["portal"].as_actor(ready.actors["bob"])
    for extension, (name, content) in first.items():
        assert service.download(restarted, made, extension) == (name, content)
        assert (extension, hashlib.sha256(content).hexdigest()) in info(acting, ready, made).files
    assert first["csv"][0] == f"uren-horecalonen-2026-10-vestiging{ready.venue('bob')}-r1.csv"
    assert b"123456782;Noor Bakker;" in first["csv"][1]


def test_c1_bsns_and_files_are_sealed(acting: Acting, ready: Cast) -> None:
    make(acting, ready)
    with acting.read() as work:
        sealed = [
            *work.session.scalars(select(ExportLine.bsn_sealed)),
            *work.session.scalars(select(ExportFile.sealed)),
        ]
    assert len(sealed) == 4
    assert not any(b"123456782" in value for value in sealed if value is not None)


def test_h1_making_and_downloading_are_recorded_without_values(acting: Acting, ready: Cast) -> None:
    made = make(acting, ready)
    service.download(acting.as_actor(ready.actors["bob"]), made, "csv")
    with acting.read() as work:
        events = work.session.scalars(select(AuditEvent).where(AuditEvent.action.like("export.%"))).all()
    assert [event.action for event in events] == ["export.created", "export.downloaded"]
    assert {event.actor for event in events} == {"Bob Bes"}
    assert "123456782" not in repr([event.facts for event in events])


def test_e3_no_csv_of_a_text_like_a_formula(acting: Acting, ready: Cast) -> None:
    import_hours(acting, ready, [row(Teamlid="=cmd()", E_mail="x@example.com", Personeelsnummer="9", BSN="249566758")])
    made = make(acting, ready)
    bob = acting.as_actor(ready.actors["bob"])
    assert [extension for extension, _hash in info(acting, ready, made).files] == ["xlsx"]
    with pytest.raises(Conflict, match="begint"):
        service.download(bob, made, "csv")
    assert service.download(bob, made, "xlsx")[1].startswith(b"PK")


def test_an_unknown_kind_of_file_is_not_there(acting: Acting, ready: Cast) -> None:
    made = make(acting, ready)
    with pytest.raises(NotFound):
        service.download(acting.as_actor(ready.actors["bob"]), made, "pdf")


def test_b2_another_organisation_finds_nothing(acting: Acting, ready: Cast) -> None:
    made = make(acting, ready)
    activate_file_target(acting, ready, "horecalonen", who="charlie")
    charlie = acting.as_actor(ready.actors["charlie"])
    with charlie.read() as work:
        assert queries.exports(work) == []
        assert queries.lines(work, made) == []
        with pytest.raises(NotFound):
            queries.export(work, made)
    for act in (
        lambda: service.download(charlie, made, "csv"),
        lambda: withdraw_export(charlie, made),
        lambda: service.create(charlie, ready.venue("bob"), "horecalonen", OCTOBER, "x", leave_out=True),
    ):
        with pytest.raises(NotFound):
            act()
    assert frozen(acting) == [made] * 3


def test_a_target_that_was_switched_off_makes_nothing(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row()])
    with pytest.raises(Conflict, match="niet actief"):
        seen(acting, cast)
    with acting.read() as work:
        assert work.session.scalar(select(func.count()).select_from(Export)) == 0


def test_nmbrs_gets_codes_and_employees(acting: Acting, cast: Cast, sandbox: str) -> None:
    import_hours(acting, cast, [row(**SANNE), row(Datum="02-10-2026", Soort_uren="vakantie", **SANNE)])
    activate_nmbrs(acting, cast)
    made = make(acting, cast, "nmbrs", leave_out=False)
    with acting.as_actor(cast.actors["bob"]).read() as work:
        batch = queries.batch_of(work, work.session.get_one(Export, made))
    assert batch.company_ref == "3301"
    assert [(line.code, line.employee_ref, line.hours) for line in batch.lines] == [
        (CODES["gewerkt"], "50101", Decimal("7.50")), (CODES["vakantie"], "50101", Decimal("7.50")),
    ]  # fmt: skip
    assert not any(line.person.bsn for line in batch.lines)
