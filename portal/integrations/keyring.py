"""The row of a koppeling and the token behind it: lock, state, open, destroy."""

from __future__ import annotations

from sqlalchemy import String, bindparam, cast, exists, func, literal, or_, select

from portal.accounts.models import Organisation
from portal.audit.service import record
from portal.integrations import strongbox
from portal.integrations.contract import Company, Credentials
from portal.integrations.models import Credential, KindCode, Koppeling, KoppelingState, MemberLink, VenueCompany
from portal.kernel.codes import Reason
from portal.kernel.errors import NotFound
from portal.kernel.work import Work
from portal.secret import Secret

WORKING = (KoppelingState.ACTIVE, KoppelingState.BROKEN)
OWN = (
    Koppeling.organisation_id == bindparam("own"), Koppeling.provider == bindparam("target"),
    or_(*(Koppeling.state == state for state in WORKING)),
)  # fmt: skip
USED = literal("token ") + cast(func.coalesce(Koppeling.credential_id, 0), String)
TOKEN = select(USED).where(*OWN)
IN_USE = exists().where(*OWN, bindparam("used", type_=String) == USED)  # as `in_use`, inside another statement


def hold(work: Work, organisation_id: int, key: str) -> Koppeling | None:
    """Lock what an organisation does with its koppelingen until the end of the transaction; returns this one as it is
    then, None when it was never used."""
    work.session.get_one(Organisation, organisation_id, with_for_update={"key_share": True})
    return _stored(work, organisation_id, key)


def locked(work: Work, organisation_id: int, key: str) -> Koppeling:
    """Return the koppeling, locked until the end of the transaction; made (off) when it is new."""
    found = hold(work, organisation_id, key)
    if found is None:
        found = Koppeling(
            organisation_id=organisation_id, provider=key, state=KoppelingState.OFF, cause="", cause_code="", remedy="",
            changed_at=work.now,
        )  # fmt: skip
        work.session.add(found)
        work.session.flush()
    return found


def change_state(
    work: Work, koppeling: Koppeling, state: KoppelingState, cause: Reason | None = None, remedy: str = ""
) -> None:
    koppeling.state, koppeling.remedy = state, remedy[:400]
    koppeling.cause, koppeling.cause_code = (cause.text[:400], str(cause.code)) if cause else ("", "")
    koppeling.changed_at = work.now
    record(
        work, "koppeling.changed", koppeling.organisation_id, koppeling=koppeling.id, state=state.value,
        provider=koppeling.provider,
    )  # fmt: skip


def mark_broken(work: Work, organisation_id: int, key: str, used: str, cause: Reason, remedy: str) -> None:
    """An active koppeling was refused: show it as gestoord, with the cause and what to do.

    Nothing happens when another token than `used` (see `in_use`) is in use by now.
    """
    koppeling = locked(work, organisation_id, key)
    if koppeling.state is KoppelingState.ACTIVE and in_use(work, organisation_id, key) == used:
        change_state(work, koppeling, KoppelingState.BROKEN, cause, remedy)


def works(work: Work, organisation_id: int, key: str) -> bool:
    """Whether the koppeling is active, as the database says now."""
    found = _stored(work, organisation_id, key)
    return found is not None and found.state is KoppelingState.ACTIVE


def mark_mended(work: Work, organisation_id: int, key: str) -> None:
    """A call went well again: gestoord clears itself."""
    koppeling = locked(work, organisation_id, key)
    if koppeling.state is KoppelingState.BROKEN:
        change_state(work, koppeling, KoppelingState.ACTIVE)


def destroy_credentials(work: Work, koppeling: Koppeling) -> None:
    """Forget the token of a koppeling: its data key goes."""
    if koppeling.credential_id is None:
        return
    credential = work.session.get_one(Credential, koppeling.credential_id)
    koppeling.credential_id = None
    forget_credential(work, credential)


def forget_credential(work: Work, credential: Credential) -> None:
    """Destroy the data key of a token that no koppeling points at any more, and record it. Safe to call twice."""
    known = credential.sealed_token is not None
    strongbox.destroy(work, credential)
    if known:
        record(work, "credential.destroyed", credential.organisation_id, fingerprint=credential.fingerprint)


def open_credentials(work: Work, organisation_id: int, key: str, why: str) -> Credentials:
    """Open the token of a koppeling for one use, and record it (H1).

    Raises NotFound when there is none, Tampered when it cannot be opened here. Koppelingen without credentials give an
    empty mapping.
    """
    koppeling = _stored(work, organisation_id, key)
    if koppeling is None or koppeling.state not in WORKING:
        raise NotFound("Deze koppeling is niet actief.")
    if koppeling.credential_id is None:
        return {}
    credential = work.session.get_one(Credential, koppeling.credential_id)
    if credential.sealed_token is None:
        raise NotFound("De token van deze koppeling is ingetrokken.")
    token = strongbox.take(work, credential)
    record(work, "credential.used", organisation_id, fingerprint=credential.fingerprint, why=why)
    return {"token": token, "email": Secret(credential.email), "domain": Secret(credential.domain)}


def in_use(work: Work, organisation_id: int, key: str) -> str:
    """A word that changes when the koppeling is switched off or gets another token; "" when it is off."""
    return work.session.connection().execute(TOKEN, {"own": organisation_id, "target": key}).scalar() or ""


def _stored(work: Work, organisation_id: int, key: str) -> Koppeling | None:
    # read from the database again: another process may have changed it since this session looked
    own = (Koppeling.organisation_id == organisation_id) & (Koppeling.provider == key)
    return work.session.scalar(select(Koppeling).where(own).execution_options(populate_existing=True))


def strangers(
    work: Work, organisation_id: int, key: str, domain: str, seen: tuple[Company, ...]
) -> list[VenueCompany]:  # fmt: skip
    """The venues whose company this token does not see, or that is of another environment."""
    refs = {company.ref for company in seen}
    own = (VenueCompany.organisation_id == organisation_id) & (VenueCompany.provider == key)
    rows = work.session.scalars(select(VenueCompany).where(own).order_by(VenueCompany.venue_id)).all()
    return [row for row in rows if row.domain != domain or row.company_ref not in refs]


def forget_strangers(work: Work, koppeling: Koppeling, domain: str, seen: tuple[Company, ...]) -> None:
    """Undo their set-up."""
    for row in strangers(work, koppeling.organisation_id, koppeling.provider, domain, seen):
        forget_venue(work, koppeling.provider, row.venue_id)
        work.session.delete(row)


def forget_venue(work: Work, key: str, venue_id: int) -> None:
    """Codes and people of another company mean nothing here."""
    for table in (KindCode, MemberLink):
        rows = select(table).where(table.venue_id == venue_id, table.provider == key)
        for row in work.session.scalars(rows):
            work.session.delete(row)
