"""Who is meant: a team member of a customer, or an account. Several that fit are named; nobody is guessed (H5)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import select

from portal.accounts.models import Organisation, User, Venue
from portal.hours.models import TeamMember
from portal.hours.team import same_name
from portal.kernel.errors import Conflict, NotFound
from portal.kernel.work import Acting, Work

FEW = 25


def of_customer(acting: Acting, name: str) -> Acting:
    """Act for the customer of this name. Raises NotFound."""
    with acting.read() as work:
        query = select(Organisation).where(Organisation.name == name.strip(), Organisation.erased_at.is_(None))
        found = work.session.scalar(query)
    if found is None:
        raise NotFound(f"Er is geen klant die {name} heet. Gebruik de hele naam, zoals die in het portaal staat.")
    return acting.as_actor(replace(acting.actor, organisation_id=found.id, organisation_name=found.name))


def members(work: Work, words: str, chosen: Collection[int] = ()) -> list[TeamMember]:
    """The team members who are meant by a personnel number, an e-mail address or a name; `chosen`: their numbers.

    Somebody who works at two venues is two team members. Raises NotFound; Conflict, with the list, when several fit
    and it was not said which.
    """
    own = (TeamMember.organisation_id == work.organisation_id) & TeamMember.erased_at.is_(None)
    everybody = work.session.scalars(select(TeamMember).where(own).order_by(TeamMember.id))
    fits = [row for row in everybody if _is_meant(row, words.strip())]
    if not fits:
        raise NotFound("Geen teamlid van deze klant heeft dit personeelsnummer, dit e-mailadres of deze naam.")
    if chosen:
        picked = [row for row in fits if row.id in chosen]
        if len(picked) != len(set(chosen)):
            raise NotFound("Een van de gekozen nummers hoort niet bij wat je zoekt. Kies uit de lijst.")
        return picked
    if len(fits) > 1:
        raise Conflict(f"Dit past bij meer dan een teamlid. Kies met --member wie je bedoelt:\n{_listed(work, fits)}")
    return fits


def _is_meant(row: TeamMember, words: str) -> bool:
    return bool(words) and (row.personnel_number == words or row.email == words.lower() or same_name(row.name, words))


def _listed(work: Work, rows: Sequence[TeamMember]) -> str:
    venues = {one.id: one.name for one in work.session.scalars(select(Venue))}
    lines = [
        f"  {row.id}: {row.name}, {venues[row.venue_id]}, personeelsnummer {row.personnel_number or 'onbekend'}"
        for row in rows[:FEW]
    ]
    return "\n".join(lines + (["  …"] if len(rows) > FEW else []))


def account(work: Work, email: str) -> User:
    """Raises NotFound."""
    query = select(User).where(User.email == email.strip().lower(), User.erased_at.is_(None))
    found = work.session.scalar(query)
    if found is None:
        raise NotFound("Er is geen account met dit e-mailadres.")
    return found
