"""Who manage each other: the people of one customer, or those of support, who belong to none."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement

from portal.accounts.models import User
from portal.kernel.work import STAFF, Role, Work


@dataclass(frozen=True)
class Circle:
    """`head` is the role that invites the others and changes their rights; `another` of them, in words."""

    organisation_id: int | None
    head: Role
    roles: tuple[Role, ...]
    another: str

    @property
    def named(self) -> str:
        *some, last = (role.value for role in self.roles)
        return f"{', '.join(some)} of {last}"

    def holds(self) -> ColumnElement[bool]:
        """What is true of the accounts of its people."""
        return User.organisation_id == self.organisation_id

    def heads(self) -> ColumnElement[bool]:
        """What is true of the accounts of its heads that have access."""
        return self.holds() & (User.role == self.head) & User.disabled_at.is_(None)


OF_CUSTOMER = (Role.BEHEERDER, Role.URENVERWERKER, Role.ACCOUNTANT)
OF_SUPPORT = (Role.SUPPORT, Role.SUPPORT_LEAD)


def circle_of(organisation_id: int | None) -> Circle:
    if organisation_id is None:
        return Circle(None, Role.SUPPORT_LEAD, OF_SUPPORT, "een ander supporthoofd")
    return Circle(organisation_id, Role.BEHEERDER, OF_CUSTOMER, "een andere beheerder")


def own_circle(work: Work) -> Circle:
    """Raises Forbidden for who is nobody's."""
    return circle_of(None if work.actor.role in STAFF else work.organisation_id)
