"""Where tokens lie: each sealed with a data key of its own, and that in a box that only the worker opens.

Withdrawing takes the data key away: the sealed token is then noise, also in an older copy (docs/security.md).
"""

from __future__ import annotations

import secrets

from sqlalchemy import delete, select

from portal.integrations import codes
from portal.integrations.models import Credential, CredentialKey
from portal.kernel import sealbox
from portal.kernel.errors import Conflict
from portal.kernel.key_models import WorkerKey
from portal.kernel.sealbox import NoKeyHere
from portal.kernel.vault import Binding, Tampered, open_with, seal_with
from portal.kernel.work import Work
from portal.secret import Secret

DATA_KEY_BYTES = 32
VERSION = 3


def put(work: Work, credential: Credential, token: Secret) -> None:
    """Seal a token into its row and lock its data key away, in the transaction of the caller. Raises Conflict."""
    public = public_key(work)
    data_key = secrets.token_bytes(DATA_KEY_BYTES)
    where = token_binding(credential.organisation_id, credential.seal_row)
    sealed = seal_with(data_key, token.reveal().encode(), where.associated_data(VERSION))
    credential.sealed_token = bytes([VERSION]) + sealed
    work.session.add(credential)
    work.session.flush()
    work.session.merge(CredentialKey(
        credential_id=credential.id, worker_key_id=public.id,
        closed=sealbox.close(data_key, public.public, key_binding(credential)),
    ))  # fmt: skip


def take(work: Work, credential: Credential) -> Secret:
    """Open a token. Raises Tampered, also when the data key is gone or no key here opens it."""
    sealed = credential.sealed_token or b""
    where = token_binding(credential.organisation_id, credential.seal_row)
    row = work.session.get(CredentialKey, credential.id, populate_existing=True)
    if row is None:
        return work.vault.open(sealed, where)  # from before there were data keys
    data_key = _data_key(work, credential, row)
    return Secret(open_with(data_key, sealed[1:], where.associated_data(VERSION)).decode())


def destroy(work: Work, credential: Credential) -> None:
    """Take the data key and the sealed token away. Safe to call twice."""
    work.session.execute(delete(CredentialKey).where(CredentialKey.credential_id == credential.id))
    credential.sealed_token = None


def relock(work: Work, credential: Credential, row: CredentialKey, public: WorkerKey) -> None:
    """Put a data key in a box of another key of the worker. Raises Tampered."""
    row.closed = sealbox.close(_data_key(work, credential, row), public.public, key_binding(credential))
    row.worker_key_id = public.id


def public_key(work: Work) -> WorkerKey:
    """The key to lock with now; it cannot retire before this transaction ends. Raises Conflict when there is none."""
    newest = select(WorkerKey).where(WorkerKey.retired_at.is_(None)).order_by(WorkerKey.created_at.desc(), WorkerKey.id)
    found = work.session.scalar(newest.limit(1).with_for_update(read=True).execution_options(populate_existing=True))
    if found is None:
        raise Conflict(
            "We kunnen je token nog niet veilig bewaren: het portaal is nog niet klaar met starten. "
            "Probeer het over een minuut opnieuw.",
            code=codes.NO_WORKER_KEY,
        )
    return found


def _data_key(work: Work, credential: Credential, row: CredentialKey) -> bytes:
    if work.vault.opener is None:
        raise Tampered("this process does not open tokens")
    try:
        found: bytes = work.vault.opener.open(row.closed, row.worker_key_id, key_binding(credential))
    except NoKeyHere as error:
        raise Tampered("the key of the worker that opens this token is not here") from error
    return found


def token_binding(organisation_id: int, seal_row: str) -> Binding:
    return Binding(organisation_id, "credential", seal_row, "token")


def key_binding(credential: Credential) -> Binding:
    return Binding(credential.organisation_id, "credential_key", credential.seal_row, "closed")
