"""Importing: all or nothing, never the same hour twice (D3, G1)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.exports import service as exports
from portal.exports.queries import exports as exports_of
from portal.exports.queries import preview
from portal.hours import service
from portal.hours.models import Shift, TeamMember, Upload
from portal.hours.periods import parse
from portal.hours.plan import SameDay
from portal.hours.sources.sheet.refusal import ImportRefused
from portal.hours.types import RowError
from portal.integrations.parts import Providers
from portal.kernel.errors import Conflict, NotFound, PortalError
from portal.kernel.filters import AMSTERDAM
from portal.kernel.work import Acting
from tests.factories.people import Cast
from tests.factories.setup import activate_file_target, import_hours
from tests.hours.sheets import csv_bytes, row

pytestmark = pytest.mark.usefixtures("november")
OCTOBER = parse("2026-10-M")


def count(acting: Acting) -> tuple[int, int, int]:
    """Team members, uploads and shifts in the whole database."""
    with acting.read() as work:
        found = [work.session.scalars(select(func.count()).select_from(t)).one() for t in (TeamMember, Upload, Shift)]
    return found[0], found[1], found[2]


def minutes(acting: Acting) -> list[int]:
    with acting.read() as work:
        return list(work.session.scalars(select(Shift.minutes).order_by(Shift.starts_at)))


def refused(acting: Acting, cast: Cast, rows: list[list[str]]) -> tuple[RowError, ...]:
    """Import rows that must be refused, and see that nothing of them is left."""
    before = count(acting)
    with pytest.raises(ImportRefused) as caught:
        import_hours(acting, cast, rows)
    assert count(acting) == before
    return caught.value.errors


def export_october(acting: Acting, cast: Cast) -> int:
    bob = acting.as_actor(cast.actors["bob"])
    with bob.read() as work:
        seen = preview(work, acting.part(Providers), cast.venue("bob"), "horecalonen", OCTOBER)
    return exports.create(bob, cast.venue("bob"), "horecalonen", OCTOBER, seen.fingerprint, leave_out=True)


def test_g1_the_same_file_twice_adds_nothing(acting: Acting, cast: Cast) -> None:
    rows = [row(), row(Datum="02-10-2026")]
    first, second = import_hours(acting, cast, rows), import_hours(acting, cast, rows)
    assert (first.added, first.unchanged) == (2, 0)
    assert (second.upload_id, second.added, second.changed, second.unchanged) == (None, 0, 0, 2)
    assert count(acting) == (1, 1, 2)


@pytest.mark.parametrize("threads", [2, 8])
def test_g1_the_same_file_at_the_same_time_gives_each_hour_once(acting: Acting, cast: Cast, threads: int) -> None:
    rows = [row(Datum=f"{day:02}-10-2026") for day in range(1, 21)]
    with ThreadPoolExecutor(threads) as pool:
        results = list(pool.map(lambda _: import_hours(acting, cast, rows), range(threads)))
    assert sorted(result.added for result in results) == [0] * (threads - 1) + [20]
    assert count(acting) == (1, 1, 20)
    assert sum(minutes(acting)) == 20 * 450


def test_a_second_file_changes_a_row_and_keeps_the_others(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row(), row(Datum="02-10-2026")])
    later = import_hours(acting, cast, [row(Eind="18:00"), row(Datum="02-10-2026"), row(Datum="03-10-2026")])
    assert (later.added, later.changed, later.unchanged) == (1, 1, 1)
    assert minutes(acting) == [510, 450, 450]


def test_approval_may_follow_later(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row(Goedgekeurd="nee")])
    assert import_hours(acting, cast, [row()]).changed == 1


def test_a_changed_row_after_an_export_is_refused_with_its_row(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row(), row(Datum="02-10-2026")])
    activate_file_target(acting, cast, "horecalonen")
    export_october(acting, cast)
    same = import_hours(acting, cast, [row(), row(Datum="02-10-2026")])
    assert same.unchanged == 2
    (error,) = refused(acting, cast, [row(), row(Datum="02-10-2026", Eind="18:00"), row(Datum="03-10-2026")])
    assert (error.row, error.column) == (3, "Start")
    assert "export" in error.message
    assert minutes(acting) == [450, 450]


def test_an_overlap_with_a_stored_shift_is_refused(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row()])
    (error,) = refused(acting, cast, [row(Datum="02-10-2026"), row(Start="16:59", Eind="20:00", Pauze="")])
    assert (error.row, error.column) == (3, "Start")
    assert "1 oktober 2026, 09:00" in error.message.replace("\xa0", " ")


def test_shifts_that_touch_do_not_overlap(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row()])
    evening = [row(Start="17:00", Eind="20:00", Pauze="")]
    assert import_hours(acting, cast, evening, same_day=SameDay.BOTH).added == 1


@pytest.mark.parametrize("start", ["09:00", "10:00"])
def test_one_person_known_in_two_ways_is_not_paid_twice(acting: Acting, cast: Cast, start: str) -> None:
    """Row 2 has only the number, row 3 only the e-mail: the file cannot know that this is one person."""
    import_hours(acting, cast, [row(Datum="30-09-2026")])
    by_number = row(E_mail="", BSN="")
    by_mail = row(Personeelsnummer="", BSN="", Start=start, Eind="19:00")
    (error,) = refused(acting, cast, [by_number, by_mail])
    assert error.row == 3
    assert "rij 2" in error.message


def test_two_versions_of_a_stored_shift_are_refused(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row()])
    errors = refused(acting, cast, [row(E_mail="", BSN=""), row(Personeelsnummer="", BSN="", Eind="19:00")])
    assert [error.row for error in errors] == [3]


def test_another_name_at_a_known_number_is_refused(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row()])
    (error,) = refused(acting, cast, [row(Teamlid="Piet Prins", E_mail="", BSN="", Datum="02-10-2026")])
    assert (error.row, error.column) == (2, "Teamlid")
    assert error.message == "Personeelsnummer 00101 is bij ons van Noor Bakker, niet van Piet Prins."


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"Personeelsnummer": "102"}, "Personeelsnummer"),
        ({"BSN": "111222333"}, "BSN"),
        ({"Personeelsnummer": "00101", "E_mail": "piet@example.com", "BSN": "111222333"}, "Personeelsnummer"),
    ],
)
def test_a_row_that_points_at_two_people_is_refused(
    acting: Acting, cast: Cast, changes: dict[str, str], column: str
) -> None:
    piet = row(Teamlid="Piet Prins", E_mail="piet@example.com", Personeelsnummer="200", BSN="111222333")
    import_hours(acting, cast, [row(), piet])
    errors = refused(acting, cast, [row(Datum="02-10-2026", **changes)])
    assert [(error.row, error.column) for error in errors] == [(2, column if "E_mail" in changes else errors[0].column)]
    assert "111222333" not in errors[0].message


def test_the_same_number_at_another_organisation_is_another_person(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row()])
    assert import_hours(acting, cast, [row(Teamlid="Piet Prins")], who="charlie").added == 1
    assert count(acting)[0] == 2


def test_b2_a_strange_venue_is_not_there(acting: Acting, cast: Cast) -> None:
    charlie = acting.as_actor(cast.actors["charlie"])
    with pytest.raises(NotFound):
        service.import_file(charlie, cast.venue("bob"), "uren.csv", csv_bytes([row()]))
    assert count(acting) == (0, 0, 0)


def test_removing_an_import_takes_its_hours_and_not_the_others(acting: Acting, cast: Cast) -> None:
    first = import_hours(acting, cast, [row()]).upload_id
    import_hours(acting, cast, [row(Datum="02-10-2026")])
    assert first is not None
    bob = acting.as_actor(cast.actors["bob"])
    assert service.remove_upload(bob, first) == 1
    assert count(acting)[1:] == (1, 1)
    with pytest.raises(NotFound):
        service.remove_upload(bob, first)


def test_an_import_with_exported_hours_cannot_be_removed(acting: Acting, cast: Cast) -> None:
    upload = import_hours(acting, cast, [row()]).upload_id
    activate_file_target(acting, cast, "horecalonen")
    export_october(acting, cast)
    assert upload is not None
    with pytest.raises(Conflict):
        service.remove_upload(acting.as_actor(cast.actors["bob"]), upload)
    assert minutes(acting) == [450]


def test_g1_importing_removing_and_exporting_at_once_never_differ(acting: Acting, cast: Cast) -> None:
    """What an export holds is what its shifts say, whoever wins; and nobody waits for ever."""
    upload = import_hours(acting, cast, [row(Datum=f"{day:02}-10-2026") for day in range(1, 11)]).upload_id
    activate_file_target(acting, cast, "horecalonen")
    assert upload is not None
    changed = [row(Datum=f"{day:02}-10-2026", Eind="18:00") for day in range(1, 11)]
    acts = [
        lambda: import_hours(acting, cast, changed),
        lambda: export_october(acting, cast),
        lambda: service.remove_upload(acting.as_actor(cast.actors["bob"]), upload),
        lambda: export_october(acting, cast),
    ] * 2
    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(act) for act in acts]:
            assert isinstance(done.exception(), PortalError | None)
    with acting.read() as work:
        frozen = work.session.scalar(select(func.sum(Shift.minutes)).where(Shift.export_id.is_not(None))) or 0
    bob = acting.as_actor(cast.actors["bob"])
    with bob.read() as work:
        assert sum(made.minutes for made in exports_of(work)) == frozen


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\uren.csv", "uren.csv"),
        ("u\x00r\u202een\r\nSet-Cookie: a=b.csv", "urenSet-Cookie: a=b.csv"),
        ("\u2067\u202e", "bestand"),
        ("   ", "bestand"),
        ("a" * 4000 + ".csv", "a" * 100),
        ("😀<script>.csv", "😀<script>.csv"),
    ],
)
def test_d4_a_file_name_is_data(name: str, shown: str) -> None:
    assert service.shown_name(name) == shown


def test_winter_and_summer_time_and_nights(acting: Acting, cast: Cast) -> None:
    """The night of 25 October has an hour more. Days belong to the start (D3)."""
    import_hours(
        acting, cast,
        [
            row(Datum="24-10-2026", Start="22:00", Eind="06:00", Pauze=""),
            row(Datum="31-10-2026", Start="22:00", Eind="06:00", Pauze=""),
        ],
    )  # fmt: skip
    assert minutes(acting) == [9 * 60, 8 * 60]
    with acting.read() as work:
        found = work.session.scalars(select(Shift).order_by(Shift.starts_at)).all()
    assert [f"{shift.workday}" for shift in found] == ["2026-10-24", "2026-10-31"]
    assert all(shift.starts_at.utcoffset() == timedelta() for shift in found)
    assert [f"{shift.ends_at.astimezone(AMSTERDAM):%H:%M}" for shift in found] == ["06:00", "06:00"]
