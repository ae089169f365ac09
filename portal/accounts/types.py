"""What other areas see of organisations and people."""

from __future__ import annotations

from dataclasses import dataclass

from portal.kernel.work import Role


@dataclass(frozen=True)
class VenueInfo:
    id: int
    name: str


@dataclass(frozen=True)
class UserInfo:
    id: int
    name: str
    email: str
    role: Role
    active: bool
