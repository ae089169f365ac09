"""Something that is kept for one person for a short while, sealed (recovery codes that were just made, the text of a
form whose sender has to sign in again).

Only who holds the id that belongs to it, and is that person, reads it. Ids are kept as hashes.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import delete, select

from portal.accounts.links import digest
from portal.accounts.models import Note
from portal.kernel.vault import Binding
from portal.kernel.work import Work
from portal.secret import Secret


class Kind(StrEnum):
    CODES = "codes"
    FORM = "form"


LIFETIME = {Kind.CODES: timedelta(minutes=10), Kind.FORM: timedelta(hours=1)}
MOST = 5  # of one person and kind


def keep(work: Work, kind: Kind, holder: str, user_id: int, text: Secret) -> None:
    """Keep a text; what this holder kept before of that kind goes, and so do the oldest of the person."""
    work.session.execute(delete(Note).where((Note.kind == kind) & (Note.holder == digest(holder))))
    mine = (Note.kind == kind) & (Note.user_id == user_id)
    newest = work.session.scalars(select(Note.id).where(mine).order_by(Note.id.desc()).limit(MOST - 1)).all()
    work.session.execute(delete(Note).where(mine, Note.id.not_in(newest)))
    row = secrets.token_hex(16)
    sealed = work.vault.seal(text, note_binding(kind, user_id, row))
    expires_at = work.now + LIFETIME[kind]
    note = Note(
        kind=kind, holder=digest(holder), user_id=user_id, seal_row=row, sealed=sealed, expires_at=expires_at
    )  # fmt: skip
    work.session.add(note)


def read(work: Work, kind: Kind, holder: str, user_id: int | None) -> Secret | None:
    """None when there is none, it is of somebody else, or its time is over."""
    mine = (Note.kind == kind) & (Note.holder == digest(holder)) & (Note.user_id == user_id)
    note = work.session.scalar(select(Note).where(mine, Note.expires_at > work.now))
    return work.vault.open(note.sealed, note_binding(kind, note.user_id, note.seal_row)) if note else None


def drop(work: Work, kind: Kind, holder: str) -> None:
    """Safe to call twice."""
    work.session.execute(delete(Note).where((Note.kind == kind) & (Note.holder == digest(holder))))


def forget(work: Work) -> None:
    """What nobody may read any more. Safe to call at any time."""
    work.session.execute(delete(Note).where(Note.expires_at <= work.now))


def note_binding(kind: str, user_id: int, row: str) -> Binding:
    return Binding(0, "note", f"{user_id}:{row}", kind)
