"""The cast: Alice (beheerder), Bob (urenverwerker) and Eva (accountant) of one organisation, Charlie of another,
support and its head."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from portal.accounts.invite import find_or_make
from portal.accounts.models import User, Venue
from portal.accounts.password import make_hash
from portal.kernel.work import Acting, Actor, Role
from portal.secret import Secret

PASSWORD = "vier rustige woorden samen"
PEOPLE = {
    "alice": ("alice@dezon.example", "Alice Appel", Role.BEHEERDER, "Brasserie De Zon"),
    "bob": ("bob@dezon.example", "Bob Bes", Role.URENVERWERKER, "Brasserie De Zon"),
    "eva": ("eva@kantoor.example", "Eva Eik", Role.ACCOUNTANT, "Brasserie De Zon"),
    "charlie": ("charlie@anders.example", "Charlie Citroen", Role.BEHEERDER, "Café Anders"),
    "support": ("support@portaal.example", "Sam Support", Role.SUPPORT, ""),
    "lead": ("hoofd@portaal.example", "Hanna Hoofd", Role.SUPPORT_LEAD, ""),
}


@dataclass(frozen=True)
class Cast:
    actors: dict[str, Actor]
    venues: dict[str, int]
    password: str = PASSWORD

    def mail(self, name: str) -> str:
        return PEOPLE[name][0]

    def venue(self, name: str) -> int:
        """The venue of somebody's organisation."""
        return self.venues[self.actors[name].organisation_name]


_HASH: list[str] = []


def make_cast(acting: Acting) -> Cast:
    if not _HASH:
        _HASH.append(make_hash(Secret(PASSWORD)))
    actors, venues = {}, {}
    with acting.begin() as work:
        for key, (mail, name, role, company) in PEOPLE.items():
            organisation = find_or_make(work, company) if company else None
            organisation_id = organisation.id if organisation else None
            user = User(
                email=mail, name=name, role=role, organisation_id=organisation_id, password_hash=_HASH[0],
                created_at=work.now,
            )  # fmt: skip
            work.session.add(user)
            work.session.flush()
            actors[key] = Actor(name, role, user.id, organisation_id, company, mail)
            if organisation is not None:
                found = select(Venue.id).where(Venue.organisation_id == organisation.id)
                venues[company] = work.session.scalars(found).one()
    return Cast(actors, venues)
