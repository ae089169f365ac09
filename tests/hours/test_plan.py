"""What a second file does to the hours that are there: nothing counts twice, nothing vanishes silently (D3, G1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from portal.accounts.models import Venue
from portal.accounts.service import add_venue
from portal.audit.models import AuditEvent
from portal.hours import service
from portal.hours.models import Shift, Upload
from portal.hours.plan import SameDay
from portal.hours.sources.sheet.refusal import ImportRefused
from portal.kernel.work import Acting
from tests.browse import Visitor, upload
from tests.factories.people import Cast
from tests.factories.setup import activate_file_target, import_hours
from tests.hours.sheets import csv_bytes, row
from tests.hours.test_service import export_october, minutes

pytestmark = pytest.mark.usefixtures("november")
MORNING = row(Start="09:00", Eind="13:00", Pauze="")
AFTERNOON = row(Start="14:00", Eind="18:00", Pauze="")


def second_venue(acting: Acting, cast: Cast) -> int:
    add_venue(acting.as_actor(cast.actors["alice"]), "Tweede zaak")
    with acting.read() as work:
        return work.session.scalars(select(Venue.id).where(Venue.name == "Tweede zaak")).one()


def test_a_corrected_start_is_asked_about(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [MORNING])
    with pytest.raises(ImportRefused) as refused:
        import_hours(acting, cast, [AFTERNOON])
    assert refused.value.facts["same_day"] is True
    assert "09:00 tot 13:00" in refused.value.errors[0].message
    assert minutes(acting) == [240]


def test_a_corrected_start_replaces_what_was_there(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [MORNING, row(Datum="02-10-2026")])
    result = import_hours(acting, cast, [AFTERNOON], same_day=SameDay.REPLACE)
    assert (result.added, result.removed) == (1, 1)
    assert minutes(acting) == [240, 450]  # the other day is left alone
    again = import_hours(acting, cast, [AFTERNOON], same_day=SameDay.REPLACE)
    assert again.upload_id is None


def test_two_shifts_of_one_day_may_both_count(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [MORNING])
    assert import_hours(acting, cast, [AFTERNOON], same_day=SameDay.BOTH).added == 1
    assert minutes(acting) == [240, 240]


def test_an_overlap_can_be_replaced_but_never_counted_twice(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [MORNING])
    later = [row(Start="10:00", Eind="13:00", Pauze="")]
    with pytest.raises(ImportRefused):
        import_hours(acting, cast, later, same_day=SameDay.BOTH)
    assert import_hours(acting, cast, later, same_day=SameDay.REPLACE).removed == 1
    assert minutes(acting) == [180]


def test_an_exported_shift_is_never_replaced(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [MORNING])
    activate_file_target(acting, cast, "horecalonen")
    export_october(acting, cast)
    with pytest.raises(ImportRefused):
        import_hours(acting, cast, [AFTERNOON], same_day=SameDay.REPLACE)
    assert minutes(acting) == [240]


def test_the_page_asks_and_does_what_was_chosen(
    acting: Acting, cast: Cast, signed_in: Callable[[str], Visitor]
) -> None:
    bob = signed_in("bob")
    import_hours(acting, cast, [MORNING])
    page = bob.open("/portaal/uren/importeren")
    assert "Andere dienst" not in page.text("form")
    asked = page.submit("Lees het bestand in", {"file": upload(csv_bytes([AFTERNOON]))}, status=422)
    assert "Andere dienst op dezelfde dag" in asked.text("form.form")
    values = {"file": upload(csv_bytes([AFTERNOON])), "same_day": "vervang"}
    done = asked.submit("Lees het bestand in", values)
    assert "1 vervangen dienst" in done.text()
    assert minutes(acting) == [240]


def test_the_same_hours_at_another_venue_are_refused(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row()])
    other = second_venue(acting, cast)
    for known_by in ({}, {"E_mail": "", "BSN": ""}, {"Personeelsnummer": "7", "E_mail": "x@y.example"}):
        with pytest.raises(ImportRefused) as refused:
            import_hours(acting, cast, [row(Start="10:00", **known_by)], venue_id=other)
        assert "Brasserie De Zon" in refused.value.errors[0].message
    assert import_hours(acting, cast, [row(Start="17:00", Eind="20:00", Pauze="")], venue_id=other).added == 1


def test_removing_an_approval_leaves_the_shifts(acting: Acting, cast: Cast) -> None:
    """A shift belongs to the file that brought it, not to the one that approved it."""
    first = import_hours(acting, cast, [row(Goedgekeurd="nee")])
    second = import_hours(acting, cast, [row()])
    bob = acting.as_actor(cast.actors["bob"])
    assert service.remove_upload(bob, second.upload_id or 0) == 0
    assert minutes(acting) == [450]
    assert service.remove_upload(bob, first.upload_id or 0) == 1
    assert minutes(acting) == []


def test_numbers_that_lost_their_zeros_are_one_person(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row(Personeelsnummer="0101", E_mail="", BSN="")])
    with pytest.raises(ImportRefused) as refused:
        import_hours(acting, cast, [row(Personeelsnummer="101", E_mail="", BSN="")])
    assert "0101" in refused.value.errors[0].message


def test_another_name_at_a_known_address_is_refused(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row()])
    with pytest.raises(ImportRefused) as refused:
        import_hours(acting, cast, [row(Teamlid="Heel Ander Mens", Personeelsnummer="", BSN="", Datum="02-10-2026")])
    assert "Noor Bakker" in refused.value.errors[0].message


def test_h1_a_bsn_that_a_file_adds_is_recorded(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row(BSN="")])
    result = import_hours(acting, cast, [row()])
    assert (result.upload_id, result.members) == (None, 1)
    with acting.read() as work:
        facts = work.session.scalars(select(AuditEvent.facts).where(AuditEvent.action == "member.changed")).all()
        assert [fact["bsn"] for fact in facts] == [True]
        assert len(work.session.scalars(select(Upload)).all()) == 1
        assert len(work.session.scalars(select(Shift)).all()) == 1
