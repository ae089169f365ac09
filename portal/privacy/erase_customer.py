"""Erasing a whole customer: everything goes but the chain of receipts, which all customers share (H5)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from sqlalchemy import ColumnElement, delete, select, update

from portal.accounts.look_models import SupportLook
from portal.accounts.models import (
    Note,
    OneTimeLink,
    Organisation,
    Passkey,
    RecoveryCode,
    SecondFactor,
    User,
    Venue,
    WebSession,
)
from portal.audit.service import record
from portal.deliveries.forgetting import OVER
from portal.deliveries.models import Delivery, DeliveryLine, Parcel, Reading
from portal.deliveries.receipt_models import Receipt
from portal.exports.models import Export, ExportFile, ExportLine, SettledHours
from portal.hours.models import Shift, TeamMember, Upload
from portal.integrations.keyring import forget_credential
from portal.integrations.models import (
    Credential,
    CredentialRequest,
    KindCode,
    Koppeling,
    MemberLink,
    Question,
    TokenDraft,
    VenueCompany,
)
from portal.kernel.errors import Conflict
from portal.kernel.work import Work
from portal.notifications.models import OutboxMail
from portal.notifications.retention import FOLDER

BUSY = (
    "Er is nog een levering onderweg van deze klant. Wacht tot die klaar is, of annuleer haar in het portaal. "
    "Er is niets gewist."
)
NAMELESS = "Gewiste klant"


def require_at_rest(work: Work, organisation: Organisation) -> None:
    """Raises Conflict when something is being sent, or was lost and is still looked up."""
    here = Delivery.organisation_id == organisation.id
    going = select(Delivery.id).join(Parcel, Parcel.delivery_id == Delivery.id, isouter=True)
    going = going.where(here, Delivery.state.not_in(OVER) | Parcel.look_up)
    if work.session.scalar(going.limit(1)) is not None:
        raise Conflict(BUSY)


def mails_of(work: Work, organisation: Organisation) -> set[str]:
    """Every address of this customer that a mail may have gone to."""
    people = select(User.email).where(User.organisation_id == organisation.id)
    invited = select(OneTimeLink.email).where(OneTimeLink.organisation_id == organisation.id)
    return {*work.session.scalars(people), *work.session.scalars(invited)}


def forget_customer(work: Work, organisation: Organisation) -> None:
    """Delete it all, in the order in which rows point at each other. The organisation must be locked.

    What stays is what receipts point at: an export and a delivery with their dates and numbers, and no names.
    """
    own = organisation.id
    for credential in work.session.scalars(select(Credential).where(Credential.organisation_id == own)):
        forget_credential(work, credential)
    work.session.execute(delete(OutboxMail).where(OutboxMail.recipient.in_(mails_of(work, organisation))))
    work.session.execute(
        update(Receipt).where(Receipt.organisation_id == own, Receipt.body.is_not(None)).values(body=None)
    )
    _rows(work, own)
    _skeleton(work, organisation)
    record(work, "organisation.erased", own)
    work.session.flush()


def _rows(work: Work, own: int) -> None:
    exports = select(Export.id).where(Export.organisation_id == own)
    deliveries = select(Delivery.id).where(Delivery.organisation_id == own)
    users = select(User.id).where(User.organisation_id == own)
    kept = select(Receipt.delivery_id).where(Receipt.organisation_id == own)
    work.session.execute(update(Koppeling).where(Koppeling.organisation_id == own).values(credential_id=None))
    steps: tuple[tuple[type, ColumnElement[bool]], ...] = (
        (DeliveryLine, DeliveryLine.delivery_id.in_(deliveries)),
        (Parcel, Parcel.delivery_id.in_(deliveries)),
        (Reading, Reading.organisation_id == own),
        (Delivery, (Delivery.organisation_id == own) & Delivery.id.not_in(kept)),
        (ExportFile, ExportFile.export_id.in_(exports)),
        (SettledHours, SettledHours.organisation_id == own),
        (ExportLine, ExportLine.organisation_id == own),
        (Export, (Export.organisation_id == own) & Export.id.not_in(select(Delivery.export_id))),
        (Shift, Shift.organisation_id == own),
        (Upload, Upload.organisation_id == own),
        (MemberLink, MemberLink.organisation_id == own),
        (TeamMember, TeamMember.organisation_id == own),
        (KindCode, KindCode.organisation_id == own),
        (VenueCompany, VenueCompany.organisation_id == own),
        (Question, Question.organisation_id == own),
        (CredentialRequest, CredentialRequest.organisation_id == own),
        (TokenDraft, TokenDraft.organisation_id == own),
        (Koppeling, Koppeling.organisation_id == own),
        (Credential, Credential.organisation_id == own),
        (OneTimeLink, (OneTimeLink.organisation_id == own) | OneTimeLink.user_id.in_(users)),
        (WebSession, WebSession.user_id.in_(users)),
        (SecondFactor, SecondFactor.user_id.in_(users)),
        (RecoveryCode, RecoveryCode.user_id.in_(users)),
        (Passkey, Passkey.user_id.in_(users)),
        (Note, Note.user_id.in_(users)),
        (SupportLook, SupportLook.organisation_id == own),
        (User, User.organisation_id == own),
        (Venue, (Venue.organisation_id == own) & Venue.id.not_in(select(Export.venue_id))),
    )
    for table, which in steps:
        work.session.execute(delete(table).where(which))


def _skeleton(work: Work, organisation: Organisation) -> None:
    own = organisation.id
    nameless = {"organisation_name": NAMELESS, "venue_name": NAMELESS, "created_by": "", "company_ref": ""}
    work.session.execute(update(Export).where(Export.organisation_id == own).values(**nameless))
    empty = {"created_by": "", "cause": "", "cause_code": "", "remedy": "", "receipt": ""}
    work.session.execute(update(Delivery).where(Delivery.organisation_id == own).values(**empty))
    for venue in work.session.scalars(select(Venue).where(Venue.organisation_id == own)):
        venue.name = f"{NAMELESS} {venue.id}"
    organisation.name, organisation.erased_at = f"{NAMELESS} {organisation.ref[:12]}", work.now


def forget_files(data: Path, mails: set[str]) -> int:
    """Mails to these addresses that were written into a folder. Safe to call twice; returns how many."""
    count = 0
    wanted = {f"To: {mail}".encode() for mail in mails}
    for file in (data / FOLDER).glob("*.*"):
        with suppress(FileNotFoundError):  # another process was first
            if wanted & set(file.read_bytes().splitlines()):
                file.unlink()
                count += 1
    return count
