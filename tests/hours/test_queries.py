"""Reads of hours: sums per period, and nothing of another organisation (B2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from portal.hours import queries
from portal.hours.periods import parse
from portal.kernel.errors import NotFound
from portal.kernel.work import Acting, Work
from tests.factories.people import Cast
from tests.factories.setup import import_hours
from tests.hours.sheets import row

pytestmark = pytest.mark.usefixtures("november")
OCTOBER = parse("2026-10-M")


def test_hours_count_in_the_period_in_which_they_start(acting: Acting, cast: Cast) -> None:
    import_hours(
        acting, cast,
        [
            row(Datum="30-09-2026", Start="20:00", Eind="04:00"),
            row(Datum="01-10-2026", Goedgekeurd="nee"),
            row(Datum="31-10-2026", Start="20:00", Eind="04:00"),
            row(Datum="01-11-2026"),
        ],
    )  # fmt: skip
    bob = acting.as_actor(cast.actors["bob"])
    with bob.read() as work:
        (noor,) = queries.overview(work, cast.venue("bob"), OCTOBER)
        shifts = queries.shifts(work, cast.venue("bob"), OCTOBER)
        assert queries.latest_workday(work, cast.venue("bob")) == date(2026, 11, 1)
        assert queries.kinds(work, cast.venue("bob")) == ["gewerkt"]
    assert (noor.approved, noor.waiting, noor.exported) == (450, 450, 0)
    assert [shift.workday for shift in shifts] == [date(2026, 10, 1), date(2026, 10, 31)]
    assert noor.member.bsn_known


READS: list[Callable[[Work, int, int, int], Any]] = [
    lambda work, venue, member, upload: queries.members(work, venue),
    lambda work, venue, member, upload: queries.overview(work, venue, OCTOBER),
    lambda work, venue, member, upload: queries.shifts(work, venue, OCTOBER),
    lambda work, venue, member, upload: queries.kinds(work, venue),
    lambda work, venue, member, upload: queries.latest_workday(work, venue),
    lambda work, venue, member, upload: queries.member(work, member),
    lambda work, venue, member, upload: queries.upload(work, upload),
]


def test_b2_every_read_of_another_organisation_finds_nothing(acting: Acting, cast: Cast) -> None:
    upload = import_hours(acting, cast, [row()]).upload_id
    assert upload is not None
    bob, charlie = acting.as_actor(cast.actors["bob"]), acting.as_actor(cast.actors["charlie"])
    with bob.read() as work:
        member = queries.members(work, cast.venue("bob"))[0].id
        for read in READS:
            read(work, cast.venue("bob"), member, upload)
    with charlie.read() as work:
        assert queries.uploads(work) == []
        for read in READS:
            with pytest.raises(NotFound):
                read(work, cast.venue("bob"), member, upload)
