"""What other areas see of organisations and people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.kernel.work import Role


@dataclass(frozen=True)
class VenueInfo:
    id: int
    name: str


@dataclass(frozen=True)
class InvitationInfo:
    """`open`: whether its link still works; it may be sent again when not."""

    id: int
    email: str
    role: Role | None
    expires_at: datetime
    open: bool


@dataclass(frozen=True)
class SessionInfo:
    """Where somebody is signed in; `here` is the session that asks."""

    id: int
    device: str
    created_at: datetime
    seen_at: datetime
    here: bool


@dataclass(frozen=True)
class PasskeyInfo:
    id: int
    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class UserInfo:
    id: int
    name: str
    email: str
    role: Role
    active: bool
