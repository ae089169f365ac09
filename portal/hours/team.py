"""Who a row of a file is: matching rows to team members, and mending a team member by hand."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select

from portal.accounts.models import Organisation, Venue
from portal.audit.service import record
from portal.hours import codes
from portal.hours.models import Shift, TeamMember
from portal.hours.retention import today
from portal.hours.types import ImportedShift, RowError
from portal.kernel.errors import InvalidInput, NotFound
from portal.kernel.vault import Binding
from portal.kernel.work import Acting, Work
from portal.secret import Secret

BSN_PURPOSE, ERASED_PURPOSE = "bsn", "erased"


@dataclass(frozen=True)
class Details:
    """What can be mended; an empty `bsn` keeps the one that is there."""

    name: str
    email: str
    personnel_number: str
    bsn: Secret


def lock_organisation(work: Work) -> None:
    """Let everything that changes hours, members or exports of one organisation wait for its turn.

    Always the first thing in a transaction: one lock, taken first, cannot deadlock. On SQLite the
    transaction itself is the lock.
    """
    work.session.get_one(Organisation, work.organisation_id, with_for_update={"key_share": True})


class Roster:
    """The team members of one venue, looked up by personnel number, e-mail and BSN.

    A row that points at two people, or that calls a known number by another name, is an error:
    guessing here would pay the wrong person.
    """

    def __init__(self, work: Work, venue_id: int) -> None:
        self.work, self.venue_id = work, venue_id
        members = work.session.scalars(select(TeamMember).where(TeamMember.venue_id == venue_id))
        self.by_key: dict[tuple[str, str], TeamMember] = {}
        self.grown: dict[int, tuple[TeamMember, bool]] = {}
        for member in members:
            self._remember(member)
        self.erased = _erased(work)

    def find_or_make(self, shift: ImportedShift) -> TeamMember | RowError:
        if erased := self._was_erased(shift):
            return erased
        found = {id(m): m for key in self._keys(shift) if (m := self.by_key.get(key))}
        if len(found) > 1:
            return RowError(
                shift.row, "Personeelsnummer",
                "Deze rij hoort bij twee verschillende teamleden.",
                "Kijk bij Team welk personeelsnummer en e-mailadres bij elkaar horen.",
                codes.TWO_MEMBERS,
            )  # fmt: skip
        if not found:
            return self._look_alike(shift) or self._make(shift)
        (member,) = found.values()
        return self._conflict(member, shift) or self._complete(member, shift)

    def _was_erased(self, shift: ImportedShift) -> RowError | None:
        """Hours of before somebody was erased: they may have been paid, and nothing is left to see that by (G2)."""
        keys = hidden_keys(self.work, self._keys(shift)) if self.erased else ()
        if not any(shift.workday <= self.erased[key] for key in keys if key in self.erased):
            return None
        cause = (
            f"Dit teamlid is gewist. Uren van voor die tijd lezen we niet nog eens in, ook niet die van {shift.name}."
        )
        remedy = "Haal de rij uit het bestand. Zo telt geen uur dubbel."
        return RowError(shift.row, "Teamlid", cause, remedy, codes.ERASED)

    def _keys(self, shift: ImportedShift) -> list[tuple[str, str]]:
        index = self._index(shift.bsn)
        keys = [("number", shift.personnel_number), ("email", shift.email.lower()), ("bsn", index or "")]
        return [key for key in keys if key[1]]

    def _index(self, bsn: Secret) -> str | None:
        return self.work.vault.index(bsn, self.work.organisation_id, BSN_PURPOSE) if bsn else None

    def _conflict(self, member: TeamMember, shift: ImportedShift) -> RowError | None:
        number, index = shift.personnel_number, self._index(shift.bsn)
        if number and member.personnel_number and number != member.personnel_number:
            cause = f"Wij kennen {member.name} met personeelsnummer {member.personnel_number}."
            return RowError(shift.row, "Personeelsnummer", cause, "Verbeter het nummer hier of bij Team.", codes.NUMBER)
        if index and member.bsn_index and index != member.bsn_index:
            cause = f"Het BSN is anders dan het BSN dat wij van {member.name} kennen."
            return RowError(shift.row, "BSN", cause, "Verbeter het hier of bij Team.", codes.BSN)
        same_mail = bool(shift.email) and shift.email.lower() == member.email
        sure = bool(index and index == member.bsn_index) or (same_mail and number == member.personnel_number)
        if not sure and not same_name(shift.name, member.name):
            what = f"Personeelsnummer {number}" if number and number == member.personnel_number else shift.email
            cause = f"{what} is bij ons van {member.name}, niet van {shift.name}."
            remedy = "Controleer de rij, of pas de naam aan bij Team."
            return RowError(shift.row, "Teamlid", cause, remedy, codes.TWO_MEMBERS)
        return None

    def _look_alike(self, shift: ImportedShift) -> RowError | None:
        """ "0101" and "101" with one name are one person whose zeros got lost on the way."""
        wanted = shift.personnel_number.lstrip("0")
        for (kind, value), member in self.by_key.items():
            if kind == "number" and wanted and value.lstrip("0") == wanted and same_name(shift.name, member.name):
                cause = f"Wij kennen {member.name} met personeelsnummer {value}, hier staat {shift.personnel_number}."
                remedy = "Gebruik overal hetzelfde nummer, met de nullen."
                return RowError(shift.row, "Personeelsnummer", cause, remedy, codes.NUMBER)
        return None

    def shifts_elsewhere(self, member: TeamMember) -> list[tuple[Shift, str]]:
        """The shifts of the same person at other venues of the organisation, with the name of the venue."""
        same = [TeamMember.email == member.email] if member.email else []
        same += [TeamMember.bsn_index == member.bsn_index] if member.bsn_index else []
        if member.personnel_number:
            same.append((TeamMember.personnel_number == member.personnel_number) & (TeamMember.name == member.name))
        if not same:
            return []
        query = (
            select(Shift, Venue.name)
            .join(TeamMember, TeamMember.id == Shift.member_id)
            .join(Venue, Venue.id == Shift.venue_id)
            .where(TeamMember.organisation_id == self.work.organisation_id, Shift.venue_id != self.venue_id, or_(*same))
        )
        with self.work.session.no_autoflush:
            return [(shift, name) for shift, name in self.work.session.execute(query)]

    def record_changes(self) -> int:
        """Write down whose details this file added to (H1); returns how many people."""
        for member, bsn in self.grown.values():
            record(self.work, "member.changed", member=member.id, bsn=bsn)
        return len(self.grown)

    def _complete(self, member: TeamMember, shift: ImportedShift) -> TeamMember:
        """Fill in what was unknown; what is known is changed by hand only (but the name may follow)."""
        before = (member.name, member.email, member.personnel_number, member.bsn_index)
        member.name = shift.name
        member.email = member.email or shift.email.lower() or None
        member.personnel_number = member.personnel_number or shift.personnel_number or None
        if shift.bsn and not member.bsn_index:
            seal_bsn(self.work, member, shift.bsn)
        if member.id is not None and before != (member.name, member.email, member.personnel_number, member.bsn_index):
            self.grown[member.id] = (member, before[3] != member.bsn_index)
        self._remember(member)
        return member

    def _make(self, shift: ImportedShift) -> TeamMember:
        member = TeamMember(
            organisation_id=self.work.organisation_id, venue_id=self.venue_id, name=shift.name,
            email=shift.email.lower() or None, personnel_number=shift.personnel_number or None,
            seal_row=secrets.token_hex(16), created_at=self.work.now,
        )  # fmt: skip
        if shift.bsn:
            seal_bsn(self.work, member, shift.bsn)
        self.work.session.add(member)
        self._remember(member)
        return member

    def _remember(self, member: TeamMember) -> None:
        for kind, value in (
            ("number", member.personnel_number), ("email", member.email), ("bsn", member.bsn_index),
        ):  # fmt: skip
            if value:
                self.by_key[(kind, value)] = member


def hidden_keys(work: Work, keys: Iterable[tuple[str, str]]) -> list[str]:
    """Keyed hashes of who somebody is, by which a file can be recognised and nobody found."""
    return [work.vault.index(Secret(f"{kind} {value}"), work.organisation_id, ERASED_PURPOSE) for kind, value in keys]


def _erased(work: Work) -> dict[str, date]:
    """Until which day hours of erased people of this organisation may be in an old file, by their hidden keys."""
    own = (TeamMember.organisation_id == work.organisation_id) & TeamMember.erased_keys.is_not(None)
    rows = work.session.execute(select(TeamMember.erased_keys, TeamMember.erased_at).where(own))
    found: dict[str, date] = {}
    for keys, at in rows:
        for key in keys or ():
            found[key] = max(today(at), found.get(key, date.min)) if at else date.max
    return found


def same_name(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def seal_bsn(work: Work, member: TeamMember, bsn: Secret) -> None:
    member.bsn_sealed = work.vault.seal(bsn, bsn_binding(member))
    member.bsn_index = work.vault.index(bsn, member.organisation_id, BSN_PURPOSE)


def open_bsn(work: Work, member: TeamMember) -> Secret:
    """Return the BSN, empty when there is none. The caller records why it was opened (H1)."""
    if member.bsn_sealed is None:
        return Secret("")
    return work.vault.open(member.bsn_sealed, bsn_binding(member))


def bsn_binding(member: TeamMember) -> Binding:
    return Binding(member.organisation_id, "team_member", member.seal_row, "bsn")


def mend(acting: Acting, member_id: int, details: Details) -> None:
    """Change a team member. Raises NotFound, or InvalidInput on the field that clashes."""
    with acting.begin() as work:
        lock_organisation(work)
        query = select(TeamMember).where(TeamMember.id == member_id, TeamMember.organisation_id == work.organisation_id)
        member = work.session.scalar(query)
        if member is None:
            raise NotFound
        _refuse_taken(work, member, details)
        if not (details.personnel_number or details.email or details.bsn or member.bsn_index):
            raise InvalidInput("Vul een personeelsnummer, e-mailadres of BSN in.", "personnel_number")
        member.name = details.name
        member.email = details.email.lower() or None
        member.personnel_number = details.personnel_number or None
        if details.bsn:
            seal_bsn(work, member, details.bsn)
        record(work, "member.changed", member=member.id, bsn=bool(details.bsn))


def _refuse_taken(work: Work, member: TeamMember, details: Details) -> None:
    index = work.vault.index(details.bsn, member.organisation_id, BSN_PURPOSE) if details.bsn else None
    checks = (
        ("personnel_number", TeamMember.personnel_number, details.personnel_number or None),
        ("email", TeamMember.email, details.email.lower() or None),
        ("bsn", TeamMember.bsn_index, index),
    )
    for field, column, value in checks:
        if value is None:
            continue
        query = select(TeamMember.name).where(
            TeamMember.venue_id == member.venue_id, TeamMember.id != member.id, column == value
        )
        other = work.session.scalar(query)
        if other is not None:
            raise InvalidInput(f"Dit hoort al bij {other}. Controleer wie het goede heeft.", field)
