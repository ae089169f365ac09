"""A receipt in the words of a reader, the same on the page, in the PDF and in the CSV."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portal.deliveries.receipt_body import Body, Line, change
from portal.hours import periods
from portal.hours.types import Period, PeriodKind
from portal.kernel.filters import datum, datumtijd, meervoud, uren

STATES = {
    "geaccepteerd": "geaccepteerd",
    "geweigerd": "geweigerd",
    "onbekend": "onbekend",
    "gepland": "niet verstuurd",
    "vrijgegeven": "niet verstuurd, vrijgegeven",
}
ACTIONS = {"insert": "toevoegen", "update": "wijzigen", "delete": "verwijderen"}
ENDS = {"klaar": "Afgerond", "geannuleerd": "Geannuleerd"}
KINDS = {"uren": "Uren", "correctie": "Correctie"}


@dataclass(frozen=True)
class Total:
    state: str
    lines: int
    hours: Decimal


@dataclass(frozen=True)
class Sheet:
    """What a reader needs beside the lines: `check_url` is where anybody can check the code."""

    body: Body
    provider: str
    check_url: str
    sha256: str

    @property
    def period(self) -> str:
        return _period(self.body, self.body.year, self.body.number)

    @property
    def facts(self) -> list[tuple[str, str]]:
        body = self.body
        first, last = (_day(day) for day in (body.first_day, body.last_day))
        found = [
            ("Werkgever", body.organisation),
            ("Vestiging", body.venue),
            ("Salarispakket", self.provider + (f", bedrijf {body.company_ref}" if body.company_ref else "")),
            ("Periode", f"{self.period}, {first} t/m {last}"),
            ("Soort levering", f"{KINDS.get(body.export_kind, body.export_kind)}, revisie {body.revision}"),
            ("Referentie", f"{body.reference} (export {body.export_id}, levering {body.delivery_id})"),
            ("Gestart door", f"{body.started_by}, {datumtijd(body.created_at)}"),
            (ENDS.get(body.state, body.state), datumtijd(body.finished_at)),
        ]
        if (body.book_year, body.book_number) != (body.year, body.number):
            found.insert(4, ("Geboekt in", _period(body, body.book_year, body.book_number)))
        if body.unprotected:
            found.insert(4, ("Afgesloten periode", "Er is gekozen om in de afgesloten periode te schrijven"))
        if body.provider_receipt:
            found.append((f"Nummer van {self.provider}", body.provider_receipt))
        if body.replaces:
            found.append(("Vervangt", body.replaces))
        return [(name, value) for name, value in found if value]

    @property
    def totals(self) -> list[Total]:
        """Lines and hours by how they ended; only what occurs."""
        found = []
        for state, words in STATES.items():
            lines = [line for line in self.body.lines if line.state == state]
            if lines:
                found.append(Total(words, len(lines), sum((change(line) for line in lines), Decimal(0))))
        return found


def _period(body: Body, year: int, number: int) -> str:
    return periods.label(Period(PeriodKind(body.period_kind), year, number))


def _day(text: str) -> str:
    return datum(date.fromisoformat(text))


def notes(line: Line) -> str:
    """What does not fit in a column: the kind of hours, what was changed, and why it was refused."""
    parts = [line.kind]
    if line.action == "update":
        parts.append(f"wijzigen van {uren(line.hours_before)} naar {uren(line.hours)} uren")
    if line.action == "delete":
        parts.append(f"{uren(line.hours_before)} uren weghalen")
    if line.reason:
        parts.append(line.reason)
    return " · ".join(part for part in parts if part)


def remark(line: Line) -> str:
    """Payroll's id: of the new component, or of the one that was changed."""
    return line.remote_ref or line.target_ref


def count(number: int) -> str:
    return meervoud(number, "regel", "regels")
