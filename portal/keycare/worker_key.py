"""The key of the worker: made at the first start, its public half published, credentials locked with the newest one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, func, select, update

from portal.integrations import strongbox
from portal.integrations.models import Credential, CredentialKey
from portal.kernel import sealbox
from portal.kernel.key_models import WorkerKey
from portal.kernel.logs import log, warn
from portal.kernel.sealbox import OpeningKeys
from portal.kernel.vault import Tampered
from portal.kernel.work import Acting, Work
from portal.keys import make_file
from portal.settings import Settings, has_own_worker_key, worker_keys

BATCH = 100


@dataclass(frozen=True)
class Relocked:
    """How many data keys went to the newest key, and how many could not be opened by any key here."""

    moved: int
    stuck: int


class _StillUsed(Exception):
    """Somebody locked with this key in the meantime; nothing changes."""


def ensure_any(acting: Acting) -> None:
    """For the web process: it needs a public half to lock with, and reads no private key when there is one. Raises as
    `ensure`."""
    if not _published(acting.engine):
        ensure(acting)


def ensure(acting: Acting) -> None:
    """Make the key of the worker when this installation has none at all, and publish what stands here.

    Safe to call from every process at every start. A machine without the key while another one published its own makes
    none: tokens that are stored already would not open with it. Raises SettingsError, OSError.
    """
    settings = acting.part(Settings)
    if not has_own_worker_key() and not _published(acting.engine):
        make_file(settings.data / "worker.key")
    publish(acting, OpeningKeys(worker_keys(settings)))


def publish(acting: Acting, keys: OpeningKeys) -> None:
    """Tell the database the public halves of the keys here; the newest is published last. Safe to call twice."""
    halves = [sealbox.public_of(root) for root in reversed(keys.keys.all())]
    with acting.read() as work:
        known = set(work.session.scalars(select(WorkerKey.id)))
    for public in halves:
        if sealbox.key_id(public) not in known:
            with acting.begin() as work:
                _add(work, public)


def _add(work: Work, public: bytes) -> None:
    """Two processes may start at once: the second finds it there."""
    made = WorkerKey(id=sealbox.key_id(public), public=public, created_at=work.now)
    work.session.merge(made)


def _published(engine: Engine) -> bool:
    with engine.execution_options(writes=False).connect() as connection:
        active = connection.scalar(select(WorkerKey.id).where(WorkerKey.retired_at.is_(None)).limit(1))
        used = connection.scalar(select(func.count()).select_from(CredentialKey))
    return active is not None or bool(used)


def adopt(acting: Acting) -> int:
    """Give tokens from before there were data keys one; returns how many. Needs the opener. Safe to call twice."""
    done = 0
    bare = select(Credential).outerjoin(CredentialKey).where(
        Credential.sealed_token.is_not(None), CredentialKey.credential_id.is_(None)
    )  # fmt: skip
    with acting.begin() as work:
        for credential in work.session.scalars(bare.with_for_update(of=Credential)).all():
            try:
                strongbox.put(work, credential, strongbox.take(work, credential))
            except Tampered:
                warn("a sealed value cannot be opened", organisation=credential.organisation_id)
            else:
                done += 1
    return done


def relock(acting: Acting) -> Relocked:
    """Put every data key in a box of the newest key, a few at a time; who is killed half-way begins where it was."""
    moved, stuck, last = 0, 0, 0
    while True:
        with acting.begin() as work:
            newest = strongbox.public_key(work)
            rows = _others(work, newest, last)
            for credential, row in rows:
                try:
                    strongbox.relock(work, credential, row, newest)
                    moved += 1
                except Tampered:
                    stuck += 1
        if not rows:
            return Relocked(moved, stuck)
        last = rows[-1][0].id


def _others(work: Work, newest: WorkerKey, last: int) -> list[tuple[Credential, CredentialKey]]:
    query = (
        select(Credential, CredentialKey).join(CredentialKey)
        .where(CredentialKey.worker_key_id != newest.id, CredentialKey.credential_id > last)
        .order_by(CredentialKey.credential_id).limit(BATCH).with_for_update(of=CredentialKey)
    )  # fmt: skip
    return [(credential, row) for credential, row in work.session.execute(query)]


def retire(acting: Acting, key_id: str) -> bool:
    """Let a key of the worker go when nothing is locked with it any more. Waits for who locks with it now."""
    try:
        with acting.begin() as work:
            work.session.execute(update(WorkerKey).where(WorkerKey.id == key_id).values(retired_at=work.now))
            _require_unused(work, key_id)
    except _StillUsed:
        return False
    log("a key of the worker was retired")
    return True


def _require_unused(work: Work, key_id: str) -> None:
    if used_by(work, key_id):
        raise _StillUsed


def used_by(work: Work, key_id: str) -> int:
    query = select(func.count()).select_from(CredentialKey).where(CredentialKey.worker_key_id == key_id)
    return work.session.scalar(query) or 0
