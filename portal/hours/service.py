"""Importing a file of hours: all of it or nothing, and never the same hour twice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import delete, func, select

from portal.accounts.models import Venue
from portal.audit.service import record
from portal.hours import codes
from portal.hours.models import Shift, Upload
from portal.hours.plan import Choices, Plan
from portal.hours.retention import today
from portal.hours.sources.sheet.reader import ImportRefused, read_sheet
from portal.hours.sources.sheet.refusal import file_refused
from portal.hours.team import lock_organisation
from portal.kernel.beside import Beside, Broken
from portal.kernel.errors import Conflict, NotFound
from portal.kernel.work import Acting, Work

ASK_ALL = Choices()


@dataclass(frozen=True)
class ImportResult:
    """`upload_id` is None when the file held nothing new; `members` counts people whose details grew; `left` counts
    rows that were left out, because their hours were exported."""

    upload_id: int | None
    added: int
    changed: int
    removed: int
    unchanged: int
    members: int = 0
    left: int = 0


def import_file(
    acting: Acting, venue_id: int, file_name: str, content: bytes, choices: Choices = ASK_ALL
) -> ImportResult:
    """Read, check and store a file. Safe to call twice: the second time everything is unchanged.

    `choices.same_day` says what to do with a stored shift of a person on a day that the file tells of, when the file
    does not hold that shift: a corrected start time looks just like a second shift. `choices.after_export` says what
    to do where the file differs from exported hours.
    Raises ImportRefused with every error of every row (facts `same_day` and `exported` say which question is open),
    or NotFound for a strange venue; then nothing is stored.
    """
    shifts = read_sheet(file_name, content, today(acting.clock()))
    with acting.begin() as work:
        _lock(work, venue_id)
        plan = Plan(work, venue_id, choices)
        errors = plan.fill(shifts)
        if errors:
            raise ImportRefused(tuple(errors), same_day=plan.asks, exported=plan.asks_exported)
        members = plan.roster.record_changes()
        if plan.is_empty:
            return ImportResult(None, 0, 0, 0, plan.unchanged, members, plan.left)
        upload = _upload(work, venue_id, file_name, content, plan)
        plan.store(upload.id)
        counts = {"added": len(plan.added), "changed": len(plan.changed), "removed": len(plan.removed)}
        corrected = ",".join(str(export_id) for export_id in sorted(plan.corrected))
        record(work, "hours.imported", upload=upload.id, **counts, left=plan.left, corrected=corrected)
        return ImportResult(upload.id, **counts, unchanged=plan.unchanged, members=members, left=plan.left)


def read_in(acting: Acting, venue_id: int, file_name: str, content: bytes, choices: Choices) -> ImportResult:
    """`import_file`, in a process beside this one where there is one: no page waits for somebody's file."""
    try:
        return acting.part(Beside).do(acting, import_file, venue_id, file_name, content, choices)
    except Broken:
        remedy = "Probeer het nog een keer. Lukt het weer niet? Splits het dan, bijvoorbeeld per periode."
        raise file_refused("Het lezen van het bestand is afgebroken.", remedy, codes.TOO_BIG) from None


def _lock(work: Work, venue_id: int) -> None:
    """Imports and exports of one organisation wait for each other. Raises NotFound."""
    lock_organisation(work)
    query = select(Venue.id).where(Venue.id == venue_id, Venue.organisation_id == work.organisation_id)
    if work.session.scalar(query) is None:
        raise NotFound


def _upload(work: Work, venue_id: int, file_name: str, content: bytes, plan: Plan) -> Upload:
    upload = Upload(
        organisation_id=work.organisation_id, venue_id=venue_id, user_id=work.actor.user_id,
        file_name=shown_name(file_name), sha256=hashlib.sha256(content).hexdigest(), added=len(plan.added),
        changed=len(plan.changed), removed=len(plan.removed), unchanged=plan.unchanged, created_at=work.now,
    )  # fmt: skip
    work.session.add(upload)
    work.session.flush()
    return upload


def shown_name(file_name: str) -> str:
    """The uploaded name as plain data: last part only, printable, short (D4)."""
    last = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(sign for sign in last if sign.isprintable() and sign not in "\u202a\u202b\u202d\u202e")
    return plain.strip()[:100].strip() or "bestand"


def remove_upload(acting: Acting, upload_id: int) -> int:
    """Take back the shifts that an upload brought; returns their number. Raises NotFound, Conflict.

    A shift belongs to the upload that brought it first; changes that a later upload made go with it.
    """
    with acting.begin() as work:
        lock_organisation(work)
        query = select(Upload).where(Upload.id == upload_id, Upload.organisation_id == work.organisation_id)
        upload = work.session.scalar(query)
        if upload is None:
            raise NotFound
        own = Shift.upload_id == upload.id
        frozen = work.session.scalar(select(func.count()).where(own, Shift.export_id.is_not(None)))
        if frozen:
            raise Conflict(
                "Uit deze import zitten al diensten in een export. Trek eerst die export in.",
                code=codes.UPLOAD_EXPORTED,
            )
        count = work.session.scalar(select(func.count()).where(own)) or 0
        work.session.execute(delete(Shift).where(own))
        work.session.delete(upload)
        record(work, "hours.removed", upload=upload_id, count=count)
        return count
