"""Who acts, and one transaction of what they do.

`Acting` is what a view or a worker hands to a service: the person, the database, the vault and
the parts that were wired at start. `Work` is one open transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from portal.kernel.clock import machine_now
from portal.kernel.db import limit_to
from portal.kernel.errors import Forbidden
from portal.kernel.remote.guard import in_transaction
from portal.kernel.vault import Vault

T = TypeVar("T")


class Role(StrEnum):
    BEHEERDER = "beheerder"
    URENVERWERKER = "urenverwerker"
    ACCOUNTANT = "accountant"
    SUPPORT = "support"
    SUPPORT_LEAD = "supporthoofd"


ROBOT = "koppelportaal"  # the worker and the command line, where the trail names who did it
STAFF = frozenset({Role.SUPPORT, Role.SUPPORT_LEAD})  # of no customer; they see all of them, but no secret


@dataclass(frozen=True)
class Actor:
    """`role` and `user_id` are None for the worker and the command line. `authenticated_at`: when the password or
    the second factor was last given; `must_add_factor`: nothing of a tenant may be shown before there is one (A4).
    `stays_until`: when the session ends if nothing more is done; `longest_until`: when it ends anyway (A11)."""

    name: str
    role: Role | None = None
    user_id: int | None = None
    organisation_id: int | None = None
    organisation_name: str = ""
    email: str = ""
    authenticated_at: datetime | None = None
    must_add_factor: bool = False
    stays_until: datetime | None = None
    longest_until: datetime | None = None

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF


@dataclass(frozen=True)
class Work:
    session: Session
    actor: Actor
    now: datetime
    vault: Vault

    @property
    def organisation_id(self) -> int:
        """The organisation of the actor; every query of customer data filters by it."""
        if self.actor.organisation_id is None:
            raise Forbidden("Deze pagina hoort bij een klant.")
        return self.actor.organisation_id


@dataclass(frozen=True)
class Acting:
    actor: Actor
    engine: Engine
    vault: Vault
    parts: Mapping[type, Any] = field(default_factory=dict)
    clock: Callable[[], datetime] = machine_now

    def part(self, kind: type[T]) -> T:
        """Return the part of this kind that was wired at start (settings, providers, mailer)."""
        found: T = self.parts[kind]
        return found

    def as_actor(self, actor: Actor) -> Acting:
        return replace(self, actor=actor)

    @contextmanager
    def begin(self) -> Iterator[Work]:
        """A writing transaction: commits at the end, rolls back on any error. No network inside."""
        now = self.clock()
        with in_transaction(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            self._limit(session)
            yield Work(session, self.actor, now, self.vault)

    @contextmanager
    def read(self) -> Iterator[Work]:
        """A reading transaction; never commits."""
        reader, now = self.engine.execution_options(writes=False), self.clock()
        with in_transaction(), Session(reader, expire_on_commit=False) as session:
            self._limit(session)
            yield Work(session, self.actor, now, self.vault)

    def _limit(self, session: Session) -> None:
        if self.actor.organisation_id is not None:
            limit_to(session, self.actor.organisation_id)
