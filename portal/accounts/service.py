"""Changes to the own organisation."""

from __future__ import annotations

from sqlalchemy import func, select

from portal.accounts import sessions
from portal.accounts.models import Organisation, Venue
from portal.audit.service import record
from portal.kernel.errors import InvalidInput
from portal.kernel.work import Acting

MAX_VENUES = 200


def end_session(acting: Acting, session_id: int) -> None:
    """Sign a device of the own account out; safe to call twice, and nothing for somebody else's."""
    with acting.begin() as work:
        sessions.end_one(work, session_id)
        record(work, "session.ended")


def end_everywhere(acting: Acting) -> None:
    """Sign the own account out on every device."""
    with acting.begin() as work:
        sessions.end_all(work, work.actor.user_id or 0)
        record(work, "session.ended_everywhere")


def add_venue(acting: Acting, name: str) -> None:
    """Raises InvalidInput on field `name` when the name is in use."""
    with acting.begin() as work:
        # the lock makes two clicks wait for each other on PostgreSQL
        work.session.get_one(Organisation, work.organisation_id, with_for_update={"key_share": True})
        own = Venue.organisation_id == work.organisation_id
        names = list(work.session.scalars(select(func.lower(Venue.name)).where(own)))
        if name.lower() in names:
            raise InvalidInput(f"Je hebt al een vestiging die {name} heet.", "name")
        if len(names) >= MAX_VENUES:
            raise InvalidInput("Je hebt het grootste aantal vestigingen bereikt. Neem contact op met support.", "name")
        venue = Venue(organisation_id=work.organisation_id, name=name)
        work.session.add(venue)
        work.session.flush()
        record(work, "venue.added", venue=venue.id)
