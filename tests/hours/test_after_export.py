"""A file that differs from exported hours: a person says what happens, and nothing is lost or doubled (G1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from portal.hours.models import Shift
from portal.hours.plan import AfterExport, SameDay
from portal.hours.sources.sheet.refusal import ImportRefused
from portal.kernel.work import Acting
from tests.browse import Visitor, upload
from tests.factories.people import Cast
from tests.factories.setup import activate_file_target, import_hours
from tests.hours.sheets import csv_bytes, row
from tests.hours.test_service import export_october, minutes

pytestmark = pytest.mark.usefixtures("november")
LONGER = row(Eind="18:00")
SECOND = row(Datum="02-10-2026")
AFTERNOON = row(Start="14:00", Eind="18:00", Pauze="")
BUTTON = "Lees het bestand in"


@pytest.fixture
def exported(acting: Acting, cast: Cast) -> int:
    """One shift of October that is in an export."""
    import_hours(acting, cast, [row()])
    activate_file_target(acting, cast, "horecalonen")
    return export_october(acting, cast)


def bound(acting: Acting) -> list[tuple[int, bool]]:
    """Minutes of each shift and whether it belongs to an export."""
    with acting.read() as work:
        shifts = work.session.scalars(select(Shift).order_by(Shift.starts_at))
        return [(shift.minutes, shift.export_id is not None) for shift in shifts]


def test_nothing_is_stored_before_a_person_chose(acting: Acting, cast: Cast, exported: int) -> None:
    with pytest.raises(ImportRefused) as refused:
        import_hours(acting, cast, [LONGER, SECOND])
    assert refused.value.facts["exported"] is True
    assert [(error.row, error.column) for error in refused.value.errors] == [(2, "Start")]
    assert bound(acting) == [(450, True)]


def test_left_alone_and_the_rest_is_stored(acting: Acting, cast: Cast, exported: int) -> None:
    result = import_hours(acting, cast, [LONGER, SECOND], after_export=AfterExport.LEAVE)
    assert (result.added, result.changed, result.left) == (1, 0, 1)
    assert bound(acting) == [(450, True), (450, False)]


def test_taken_over_as_a_correction_it_stays_with_its_export(acting: Acting, cast: Cast, exported: int) -> None:
    result = import_hours(acting, cast, [LONGER, SECOND], after_export=AfterExport.CORRECT)
    assert (result.added, result.changed, result.left) == (1, 1, 0)
    assert bound(acting) == [(510, True), (450, False)]
    again = import_hours(acting, cast, [LONGER, SECOND])
    assert (again.upload_id, again.unchanged) == (None, 2)


def test_a_replaced_shift_vanishes_only_as_a_correction(acting: Acting, cast: Cast, exported: int) -> None:
    with pytest.raises(ImportRefused) as refused:
        import_hours(acting, cast, [AFTERNOON], same_day=SameDay.REPLACE)
    assert refused.value.facts["exported"] is True
    leave = {"same_day": SameDay.REPLACE, "after_export": AfterExport.LEAVE}
    left = import_hours(acting, cast, [AFTERNOON, SECOND], **leave)  # type: ignore[arg-type]
    assert (left.added, left.removed, left.left) == (1, 0, 1)  # both would count the same work twice
    assert bound(acting) == [(450, True), (450, False)]
    correct = {"same_day": SameDay.REPLACE, "after_export": AfterExport.CORRECT}
    done = import_hours(acting, cast, [AFTERNOON], **correct)  # type: ignore[arg-type]
    assert (done.added, done.removed) == (1, 1)
    assert bound(acting) == [(240, False), (450, False)]


def test_a_day_that_is_left_alone_keeps_its_other_shifts(acting: Acting, cast: Cast, exported: int) -> None:
    """The row that would take their place is left out too: otherwise hours would be lost."""
    evening = row(Start="18:00", Eind="20:00", Pauze="")
    import_hours(acting, cast, [evening], same_day=SameDay.BOTH)
    result = import_hours(
        acting, cast, [row(Start="19:00", Eind="21:00", Pauze="")], same_day=SameDay.REPLACE,
        after_export=AfterExport.LEAVE,
    )  # fmt: skip
    assert (result.upload_id, result.left) == (None, 1)
    assert minutes(acting) == [450, 120]


def test_a_row_that_overlaps_hours_that_stay_is_refused(acting: Acting, cast: Cast, exported: int) -> None:
    """In the file the exported shift ends earlier, and another begins then; left alone they would overlap."""
    rows = [row(Eind="13:00"), row(Start="14:00", Eind="18:00", Pauze="")]
    with pytest.raises(ImportRefused) as refused:
        import_hours(acting, cast, rows, same_day=SameDay.BOTH, after_export=AfterExport.LEAVE)
    assert [error.row for error in refused.value.errors] == [3]
    assert bound(acting) == [(450, True)]


def test_the_page_asks_and_says_that_a_correction_waits(
    acting: Acting, cast: Cast, exported: int, signed_in: Callable[[str], Visitor]
) -> None:
    bob = signed_in("bob")
    page = bob.open("/portaal/uren/importeren")
    assert "al geëxporteerd" not in page.text("form.form")
    asked = page.submit(BUTTON, {"file": upload(csv_bytes([LONGER, SECOND]))}, status=422)
    assert "Rij 2 Start Uren van Noor Bakker op 1 oktober 2026" in asked.text("main table").replace("\xa0", " ")
    assert "Neem de wijziging over als correctie" in asked.text("form.form")
    values = {"file": upload(csv_bytes([LONGER, SECOND])), "after_export": "correctie"}
    done = asked.submit(BUTTON, values)
    assert "Er wacht een correctie" in done.text()
    shown = done.follow(f"Bekijk het verschil bij export {exported}")
    assert shown.path.startswith("/portaal/verschil")
    assert "oktober 2026" in shown.text("h1")


def test_the_page_counts_what_was_left_alone(
    acting: Acting, cast: Cast, exported: int, signed_in: Callable[[str], Visitor]
) -> None:
    bob = signed_in("bob")
    asked = bob.open("/portaal/uren/importeren").submit(BUTTON, {"file": upload(csv_bytes([LONGER]))}, status=422)
    nothing = asked.submit(BUTTON, {"file": upload(csv_bytes([LONGER])), "after_export": "laat"})
    assert "1 rij gaat over uren die al geëxporteerd zijn" in nothing.text("body")
    asked = bob.open("/portaal/uren/importeren").submit(BUTTON, {"file": upload(csv_bytes([LONGER]))}, status=422)
    done = asked.submit(BUTTON, {"file": upload(csv_bytes([LONGER, SECOND])), "after_export": "laat"})
    assert "1 rij overgeslagen" in done.text()
    assert "Er wacht een correctie" not in done.text()


@pytest.mark.parametrize("choice", ["", "x", "correctie\x00"])
def test_an_unknown_choice_is_refused(
    acting: Acting, cast: Cast, exported: int, signed_in: Callable[[str], Visitor], choice: str
) -> None:
    bob = signed_in("bob")
    asked = bob.open("/portaal/uren/importeren").submit(BUTTON, {"file": upload(csv_bytes([LONGER]))}, status=422)
    asked.submit(BUTTON, {"file": upload(csv_bytes([LONGER])), "after_export": choice}, status=422)
    assert bound(acting) == [(450, True)]
