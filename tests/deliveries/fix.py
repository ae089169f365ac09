"""Steps of the tests of corrections: change hours, make a correction, send it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import httpx
from sqlalchemy import select

from portal.deliveries import corrections, service
from portal.deliveries.correction_types import Choice, Review, Way
from portal.deliveries.corrections import Subject
from portal.deliveries.models import Action, DeliveryLine
from portal.exports.models import Export, ExportLine, ExportState
from portal.hours.periods import bounds
from portal.hours.plan import AfterExport, Choices, SameDay
from portal.hours.service import ImportResult, import_file
from portal.integrations.parts import Providers
from tests.deliveries.stage import PEOPLE, Stage, shift
from tests.hours.sheets import csv_bytes

SANNE, YOUSSEF, DAAN = PEOPLE
AS_CORRECTION = Choices(SameDay.REPLACE, AfterExport.CORRECT)
UPDATE, DELETE = "HourComponent_Update", "HourComponent_Delete"


def day(stage: Stage, number: int) -> date:
    return bounds(stage.period)[0] + timedelta(days=number)


def until(stage: Stage, person: tuple[str, str, str], end: str, number: int = 0, **changes: str) -> list[str]:
    """A shift from nine with half an hour of break."""
    row = shift(person, day(stage, number), **changes)
    row[6] = end
    return row


def change(stage: Stage, *rows: list[str], choices: Choices = AS_CORRECTION) -> ImportResult:
    return import_file(stage.alice, stage.venue, "uren.csv", csv_bytes(rows), choices)


def subject(stage: Stage, key: str = "nmbrs", export_id: int = 0, member_id: int = 0) -> Subject:
    provider = stage.acting.part(Providers).get(key)
    return Subject(stage.venue, provider, stage.period, export_id, member_id)


def seen(stage: Stage, about: Subject | None = None) -> Review:
    with stage.alice.read() as work:
        return corrections.review(work, about or subject(stage))


def make(stage: Stage, way: Way = Way.SAME, about: Subject | None = None, *, sure: bool = False) -> int:
    about = about or subject(stage)
    return corrections.create(stage.alice, about, Choice(way, sure), seen(stage, about).fingerprint)


def correct(stage: Stage, way: Way = Way.SAME, about: Subject | None = None, *, sure: bool = False) -> int:
    """Make a correction and plan its delivery; returns the delivery."""
    return service.send(stage.alice, make(stage, way, about, sure=sure))


def diffs(stage: Stage, key: str = "nmbrs") -> list[tuple[str, str, str]]:
    """First name, code and signed hours of what waits for a correction."""
    rows = seen(stage, subject(stage, key)).rows
    return [(row.name.split()[0], row.difference.code, str(row.difference.hours)) for row in rows]


def steps(stage: Stage, delivery_id: int) -> list[tuple[Action, str, str]]:
    """Action, hours and state of the lines of a delivery."""
    query = select(DeliveryLine).where(DeliveryLine.delivery_id == delivery_id).order_by(DeliveryLine.id)
    with stage.acting.read() as work:
        return [(line.action, str(line.hours), line.state.value) for line in work.session.scalars(query)]


def sums(stage: Stage) -> dict[tuple[int, str], Decimal]:
    """What the standing exports hold per person and code."""
    query = (
        select(ExportLine)
        .join(Export, Export.id == ExportLine.export_id)
        .where(Export.state == ExportState.READY, ExportLine.released_at.is_(None))
    )
    found: dict[tuple[int, str], Decimal] = {}
    with stage.acting.read() as work:
        for line in work.session.scalars(query):
            key = (line.member_id, line.code)
            found[key] = found.get(key, Decimal(0)) + line.hours
    return {key: hours for key, hours in found.items() if hours}


def entries(stage: Stage) -> list[tuple[int, int, int, str]]:
    """Employee number, period, code and hours in the Nmbrs stand-in."""
    rows = stage.state()["components"]
    return sorted((int(r["employee_number"]), int(r["period"]), int(r["code"]), str(r["hours"])) for r in rows)


def clerk(stage: Stage, **order: object) -> None:
    """Somebody works in Nmbrs itself."""
    httpx.post(f"{stage.sandbox}/nmbrs/_sandbox/clerk", json=order).raise_for_status()


def nmbrs_settings(stage: Stage, **values: object) -> None:
    httpx.post(f"{stage.sandbox}/nmbrs/_sandbox/settings", json=values).raise_for_status()
