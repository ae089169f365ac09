"""What still asks for a person after hours went out: hours that changed since, and corrections that nobody sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from portal.deliveries.difference_queries import Place
from portal.deliveries.queries import DeliveryInfo
from portal.deliveries.strayed import aside
from portal.exports.corrections import differences
from portal.exports.models import ExportState
from portal.exports.queries import ExportInfo
from portal.exports.series import series
from portal.hours.types import Period
from portal.integrations.contract import Provider
from portal.integrations.parts import Providers
from portal.kernel.work import Work


@dataclass(frozen=True)
class Changed:
    """Hours of a venue, target and period that are no longer what was exported; `rows`: persons and codes."""

    provider: Provider
    venue_id: int
    venue_name: str
    period: Period
    rows: int


def changed(work: Work, providers: Providers, made: Iterable[ExportInfo]) -> list[Changed]:
    """What changed since these exports were made, a row for each venue, target and period."""
    places = {(one.provider, one.venue_id, one.period): one for one in made if one.state is ExportState.READY}
    found = []
    for (key, venue_id, period), one in places.items():
        provider = providers.by_key.get(key)
        if provider is None:
            continue
        held = series(work, provider, venue_id, period)
        wrong = [(row.member_id, row.code) for row in differences(held.lines, held.shifts, held.coding)]
        if wrong:  # what somebody put right in payroll by hand asks for nothing
            done = aside(work, Place(venue_id, provider, period)).done
            wrong = [key for key in wrong if key not in done]
        if wrong:
            found.append(Changed(provider, venue_id, one.venue_name, period, len(wrong)))
    return found


def unsent(made: Iterable[ExportInfo], sent: dict[int, DeliveryInfo]) -> list[ExportInfo]:
    """Corrections that were made and neither sent nor downloaded."""
    return [
        one
        for one in made
        if one.is_correction and one.state is ExportState.READY and one.id not in sent and not one.downloaded_at
    ]


def same_place(made: Iterable[ExportInfo], provider: str, venue_id: int, period: Period) -> list[ExportInfo]:
    return [one for one in made if (one.provider, one.venue_id, one.period) == (provider, venue_id, period)]
