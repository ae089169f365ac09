"""One call at the Nmbrs stand-in: who calls, and what that user may see. Used by every operation.

Source: reference nmbrs-soap-v3 sections 3, 10, 11.2 and 16.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from lxml.etree import _Element as Element

from portal.integrations.providers.nmbrs.sandbox_periods import fits
from portal.integrations.providers.nmbrs.sandbox_schema import LOGIN, LOGIN_WITH_DOMAIN, Fields, Values, read
from portal.integrations.providers.nmbrs.sandbox_soap import (
    SERVICES,
    Value,
    local,
    nmbrs_fault,
    space,
    unreadable,
)
from portal.integrations.providers.nmbrs.sandbox_state import Memory
from portal.integrations.providers.nmbrs.sandbox_world import Debtor, Firm, Login, Worker

TWK = "TWK: mutatie in een afgesloten periode is niet toegestaan zonder UnprotectedMode"


@dataclass(frozen=True)
class Desk:
    """The open books and the user who calls. The memory's lock is held while a call runs."""

    memory: Memory
    user: Login

    def debtors(self) -> list[Debtor]:
        seen = self.user.debtors
        return [debtor for debtor in self.memory.world.debtors if seen is None or debtor.id in seen]

    def debtor(self, ref: int) -> Debtor:
        found = [debtor for debtor in self.debtors() if debtor.id == ref]
        if not found:
            raise nmbrs_fault(2009)
        return found[0]

    def firms(self) -> list[Firm]:
        seen = {debtor.id for debtor in self.debtors()}
        return [firm for firm in self.memory.world.firms if firm.debtor_id in seen]

    def firm(self, ref: int) -> Firm:
        found = [firm for firm in self.firms() if firm.id == ref]
        if not found:
            raise nmbrs_fault(2004)
        return found[0]

    def worker(self, ref: int) -> tuple[Worker, Firm]:
        for firm in self.firms():
            for worker in firm.workers:
                if worker.id == ref:
                    return worker, firm
        raise nmbrs_fault(2003)

    def period_text(self, firm: Firm) -> str:
        year, number = self.memory.current(firm)
        return f"{year}-{number}-{self.memory.switches.suffixes[firm.kind]}"

    def check_period(self, firm: Firm, year: int, number: int) -> None:
        if not fits(firm.kind, year, number):
            raise nmbrs_fault(2006)

    def check_open(self, firm: Firm, year: int, number: int, *, unprotected: bool) -> None:
        """2006 for no such period; 2011 (or 9999) for a protected one; 2012 when the return was sent."""
        self.check_period(firm, year, number)
        switches = self.memory.switches
        current = self.memory.current(firm)
        future = switches.future_refused and (year, number) > current
        if not unprotected and ((year, number) < current or future):
            raise nmbrs_fault(switches.protected_code, TWK if switches.protected_code == 9999 else "")
        if (year, number) <= switches.filed.get(firm.id, (0, 0)):
            raise nmbrs_fault(2012)


@dataclass(frozen=True)
class Operation:
    """One call: its request fields in order, and what answers it (None: a void call)."""

    service: str
    name: str
    fields: Fields
    run: Callable[[Desk, Values], Value]

    @property
    def call(self) -> str:
        return f"{self.service}/{self.name}"


def identify(memory: Memory, operation: Operation, headers: tuple[Element, ...], *, strict: bool) -> Login:
    """Who calls. Raises 1001 for a wrong or missing header, user, token or domain."""
    open_call = operation.name == "Environment_Get"
    name = "AuthHeader" if open_call else "AuthHeaderWithDomain"
    fields = LOGIN if open_call else LOGIN_WITH_DOMAIN
    namespace = SERVICES + operation.service
    found = [header for header in headers if (space(header), local(header)) == (namespace, name)]
    strange = [local(header) for header in headers if header not in found[:1]]
    if strict and strange:
        raise unreadable(f"strict: unknown header block {strange[0]}")
    if not found:
        raise nmbrs_fault(1001)
    values = read(found[0], fields, strict=strict)
    login = memory.login(values["Username"] or "")
    wrong_domain = not open_call and values["Domain"] != memory.world.subdomain
    if login is None or wrong_domain or not _same(login.token, values["Token"] or ""):
        raise nmbrs_fault(1001)
    return login


def _same(left: str, right: str) -> bool:
    return secrets.compare_digest(left.encode(), right.encode())
