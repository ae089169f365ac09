"""What payroll said of a company, to and from the JSON that the database keeps."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from portal.hours.periods import parse, slug
from portal.integrations.contract import CheckReport, Company, CompanyFacts, Employee, HourCode, Right


def facts_to_json(facts: CompanyFacts) -> dict[str, Any]:
    return {
        "period": slug(facts.period),
        "codes": [asdict(code) for code in facts.codes],
        "employees": [asdict(employee) for employee in facts.employees],
    }


def facts_from_json(stored: dict[str, Any]) -> CompanyFacts:
    return CompanyFacts(
        period=parse(stored["period"]),
        codes=tuple(HourCode(**code) for code in stored["codes"]),
        employees=tuple(Employee(**employee) for employee in stored["employees"]),
    )


def report_to_json(report: CheckReport) -> dict[str, Any]:
    return asdict(report)


def report_from_json(stored: dict[str, Any]) -> CheckReport:
    """What a check found; of one that was forgotten, nothing."""
    return CheckReport(
        environment=stored.get("environment", ""),
        domain=stored.get("domain", ""),
        debtors=tuple(stored.get("debtors", ())),
        companies=tuple(Company(**company) for company in stored.get("companies", ())),
        rights=tuple(Right(**right) for right in stored.get("rights", ())),
    )
