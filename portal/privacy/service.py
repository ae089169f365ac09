"""Wissing by a person: what is asked of the command line, with the journal that outlives a restore (H5).

The line of the journal is on the disk before the transaction commits, and after all its questions were answered: a
crash in between leaves a line without an erasure, and the next start does it (`replay.py`). The other way round an
erasure could be undone by a restore and nobody would know.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from portal.accounts.models import Organisation, User
from portal.hours.models import TeamMember
from portal.hours.team import lock_organisation
from portal.kernel.errors import NotFound
from portal.kernel.work import Acting, Actor, Work
from portal.privacy import erase_account, erase_customer, erase_member, journal, people
from portal.privacy.journal import Entry, Kind
from portal.privacy.types import BACKUPS, HIDDEN, LEDGER, RECEIPTS, SKELETON, TRAIL, Stays
from portal.settings import Settings


def erase_person(
    acting: Acting, customer: str, words: str, chosen: Collection[int] = (), *, drop_hours: bool = False
) -> list[Stays]:
    """Erase a team member of a customer; returns what stays. Raises NotFound, Conflict (nothing is erased then),
    OSError when the journal cannot be written."""
    acting = people.of_customer(acting, customer)
    with acting.begin() as work:
        lock_organisation(work)
        rows = people.members(work, words, chosen)
        erase_member.require_at_rest(work, rows, work.now if drop_hours else None)
        entries = [Entry(Kind.MEMBER, row.ref, work.now) for row in rows]
        for row in rows:
            erase_member.forget_member(work, row)
        _note(acting, work, entries)
    return [LEDGER, HIDDEN, TRAIL, BACKUPS]


def erase_account_of(acting: Acting, email: str) -> list[Stays]:
    """Erase an account; returns what stays. Raises NotFound, Conflict for the last beheerder, OSError."""
    with acting.begin() as work:
        user = people.account(work, email)
        _lock(work, user.organisation_id)
        erase_account.require_not_last(work, user)
        entry = Entry(Kind.ACCOUNT, user.ref, work.now)
        mails = {user.email}
        erase_account.forget_account(work, user)
        _note(acting, work, [entry])
    erase_customer.forget_files(acting.part(Settings).data, mails)
    return [RECEIPTS, TRAIL, BACKUPS]


def erase_organisation(acting: Acting, name: str) -> list[Stays]:
    """Erase a whole customer; returns what stays. Raises NotFound, Conflict, OSError."""
    acting = people.of_customer(acting, name)
    with acting.begin() as work:
        lock_organisation(work)
        organisation = work.session.get_one(Organisation, work.organisation_id)
        erase_customer.require_at_rest(work, organisation)
        mails = erase_customer.mails_of(work, organisation)
        erase_customer.forget_customer(work, organisation)
        _note(acting, work, [Entry(Kind.ORGANISATION, organisation.ref, work.now)])
    erase_customer.forget_files(acting.part(Settings).data, mails)
    return [SKELETON, TRAIL, BACKUPS]


def again(acting: Acting, entry: Entry) -> bool:
    """Erase what a line of the journal is about, when it is there (again); False when there is nothing to do.

    Raises Conflict when its hours are under way: then a later try does it. Safe to call twice.
    """
    return {Kind.MEMBER: _member, Kind.ACCOUNT: _account, Kind.ORGANISATION: _organisation}[entry.kind](acting, entry)


def _member(acting: Acting, entry: Entry) -> bool:
    wanted = (TeamMember.ref == entry.ref) & TeamMember.erased_at.is_(None)
    with acting.read() as work:
        owner = work.session.scalar(select(TeamMember.organisation_id).where(wanted))
    if owner is None:
        return False
    with acting.as_actor(Actor(acting.actor.name, organisation_id=owner)).begin() as work:
        lock_organisation(work)
        row = work.session.scalar(select(TeamMember).where(wanted))
        if row is None:
            return False
        # what no export took was dropped before the line was written; what came in later is not ours to drop
        erase_member.require_at_rest(work, [row], entry.at)
        erase_member.forget_member(work, row)
    return True


def _account(acting: Acting, entry: Entry) -> bool:
    with acting.begin() as work:
        wanted = (User.ref == entry.ref) & User.erased_at.is_(None)
        user = work.session.scalar(select(User).where(wanted).with_for_update(of=User))
        if user is None:
            return False
        mails = {user.email}
        erase_account.forget_account(work, user)
    erase_customer.forget_files(acting.part(Settings).data, mails)
    return True


def _organisation(acting: Acting, entry: Entry) -> bool:
    with acting.begin() as work:
        wanted = (Organisation.ref == entry.ref) & Organisation.erased_at.is_(None)
        organisation = work.session.scalar(select(Organisation).where(wanted).with_for_update())
        if organisation is None:
            return False
        erase_customer.require_at_rest(work, organisation)
        mails = erase_customer.mails_of(work, organisation)
        erase_customer.forget_customer(work, organisation)
    erase_customer.forget_files(acting.part(Settings).data, mails)
    return True


def _lock(work: Work, organisation_id: int | None) -> None:
    """Of two beheerders who are erased at once, one stays."""
    if organisation_id is not None and work.session.get(Organisation, organisation_id, with_for_update=True) is None:
        raise NotFound


def _note(acting: Acting, work: Work, entries: list[Entry]) -> None:
    work.session.flush()
    journal.note(work.vault, acting.part(Settings).backups, *entries)
