"""Invented batches, and settings that point every provider at a sandbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from portal.hours.types import Batch, BatchLine, Period, PeriodKind, Person
from portal.secret import Secret
from portal.settings import Settings

OCTOBER = Period(PeriodKind.MONTH, 2026, 10)


def person(number: int = 1, personnel_number: str = "101", bsn: str = "123456782") -> Person:
    return Person(number, f"Teamlid {number}", personnel_number, f"t{number}@voorbeeld.example", Secret(bsn))


def line(line_id: int = 41, minutes: int = 450, hours: str = "7.50", **changes) -> BatchLine:
    plain = BatchLine(line_id, person(), "gewerkt", "2100", minutes, Decimal(hours), "50101")
    return replace(plain, **changes)


def batch(reference: str = "KP-2026-10-0001", *lines: BatchLine) -> Batch:
    other = line(42, 461, "7.68", person=person(2, "0102", "012345672"))
    return Batch(
        reference=reference,
        organisation="De Zon Horeca Groep",
        venue="Brasserie De Zon",
        company_ref="3301",
        period=OCTOBER,
        first_day=date(2026, 10, 1),
        last_day=date(2026, 10, 31),
        lines=lines or (line(), other),
    )


def settings(url: str = "", **changes) -> Settings:
    """Settings for a sandbox at `url`; without one only the file providers and a deaf Nmbrs."""
    plain = Settings(
        data=Path("/nonexistent"),
        database_url="sqlite://",
        base_url="http://localhost",
        secret_key=Secret(""),
        vault_key=Secret(""),
        allow_private_endpoints=True,
        nmbrs_soap_url=f"{url or 'http://localhost:9'}/nmbrs/soap/v3",
        connexie_url=f"{url}/connexie" if url else "",
        horecalonen_url=f"{url}/horecalonen" if url else "",
    )
    return replace(plain, **changes)
