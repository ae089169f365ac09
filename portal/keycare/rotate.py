"""Changing the keys while everything goes on: `portal keys rotate`, `status` and `retire`.

Every step may be the last one: a second call goes on from there. An old key stays where it is until `retire` finds that
nothing needs it; a process that read a value a moment ago can still open it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from portal.audit.service import record
from portal.integrations.models import CredentialKey
from portal.kernel.errors import Conflict
from portal.kernel.key_models import WorkerKey
from portal.kernel.locks import alone
from portal.kernel.sealbox import OpeningKeys
from portal.kernel.stored_key import keep_index_key
from portal.kernel.vault import FIRST_VERSION
from portal.kernel.work import Acting
from portal.keycare import sealed, worker_key
from portal.keys import Keys, new_key, read_lines, root_of, write_lines
from portal.settings import Settings

OLD = bytes([FIRST_VERSION])  # how `sealed.usage` counts what names no key


@dataclass(frozen=True)
class KeyUse:
    """One key as it stands here (`here`) and how many values need it."""

    kind: str
    id: str
    newest: bool
    here: bool
    used: int


@dataclass(frozen=True)
class Rotated:
    """`fresh_*`: a new key was made; else this finished an earlier change, or the key comes from the environment."""

    fresh_vault: bool
    fresh_worker: bool
    vault: sealed.Resealed
    worker: worker_key.Relocked


def rotate(acting: Acting) -> Rotated:
    """Make new keys where they stand in a file, and bring everything over to the newest ones.

    `acting` must open tokens. Raises Conflict when another rotation runs here, BadKey, OSError.
    """
    opener: OpeningKeys = acting.vault.opener
    with _alone(acting.part(Settings).data):
        fresh_vault = _renew_vault(acting)
        vault = sealed.reseal(acting)
        fresh_worker = _renew_worker(acting, opener)
        worker = worker_key.relock(acting)
        with acting.begin() as work:
            counts = {"sealed": vault.moved, "credentials": worker.moved, "stuck": vault.stuck + worker.stuck}
            record(work, "keys.rotated", **counts)
    return Rotated(fresh_vault, fresh_worker, vault, worker)


def _renew_vault(acting: Acting) -> bool:
    """The key of look-up values is stored first: from here on it no longer follows from the oldest key."""
    unfinished = sealed.waiting(acting) > 0 and len(acting.vault.keys.all()) > 1
    with acting.begin() as work:
        keep_index_key(work)
    file = acting.part(Settings).vault_key_file
    if unfinished or file is None:
        return False
    _put_first(file)
    return True


def _renew_worker(acting: Acting, opener: OpeningKeys) -> bool:
    worker_key.publish(acting, opener)
    with acting.read() as work:
        others = CredentialKey.worker_key_id != opener.ids()[0]
        unfinished = work.session.scalar(select(func.count()).select_from(CredentialKey).where(others))
    file = opener.keys.file
    if unfinished or file is None or opener.keys.given:
        return False
    _put_first(file)
    worker_key.publish(acting, opener)
    return True


def _put_first(file: Path) -> None:
    write_lines(file, [new_key(), *read_lines(file)])


def status(acting: Acting) -> list[KeyUse]:
    """Every key that is here or that something needs, and how much needs it."""
    return [*_vault_keys(acting), *_worker_keys(acting)]


def _vault_keys(acting: Acting) -> Iterator[KeyUse]:
    used: dict[bytes, int] = {}
    with acting.read() as work:
        for place in sealed.PLACES:
            for key_id, count in sealed.usage(work, place).items():
                used[key_id] = used.get(key_id, 0) + count
    roots = acting.vault.keys.all()
    nameless = used.pop(OLD, 0)  # of one of the keys here, most likely the oldest
    for at, root in enumerate(roots):
        extra = nameless if root == roots[-1] else 0
        yield KeyUse("vault", root.id.hex(), at == 0, here=True, used=used.pop(root.id, 0) + extra)
    for key_id, count in used.items():
        yield KeyUse("vault", key_id.hex(), newest=False, here=False, used=count)


def _worker_keys(acting: Acting) -> Iterator[KeyUse]:
    here = acting.vault.opener.ids()
    with acting.read() as work:
        known = [*here, *(one for one in work.session.scalars(select(WorkerKey.id)) if one not in here)]
        for key_id in known:
            used = worker_key.used_by(work, key_id)
            if key_id in here or used:
                yield KeyUse("worker", key_id, key_id == here[0] if here else False, key_id in here, used)


def retire(acting: Acting) -> list[KeyUse]:
    """Take keys that nothing needs out of the files; returns which. Raises Conflict, BadKey, OSError.

    A backup from before keeps needing them: keep a copy of the file as long as you keep that backup.
    """
    with _alone(acting.part(Settings).data):
        with acting.begin() as work:
            sealed.settle(work)
        gone = [one for one in status(acting) if one.here and not one.newest and not one.used]
        gone = [one for one in gone if one.kind == "vault" or worker_key.retire(acting, one.id)]
        _drop(acting.part(Settings).vault_key_file, {one.id for one in gone if one.kind == "vault"})
        ids = dict(zip(acting.vault.opener.ids(), acting.vault.opener.keys.all(), strict=True))
        out = {ids[one.id].id.hex() for one in gone if one.kind == "worker"}
        _drop(acting.vault.opener.keys.file, out)
    return gone


def _drop(file: Path | None, ids: set[str]) -> None:
    if file is not None and ids:
        write_lines(file, [line for line in read_lines(file) if root_of(line).id.hex() not in ids])


def in_environment(acting: Acting) -> list[str]:
    """The variables that hold a key themselves: only their owner can change those."""
    named = (("PORTAL_VAULT_KEY", acting.vault.keys), ("PORTAL_WORKER_KEY", acting.vault.opener.keys))
    return [name for name, keys in named if _is_given(keys)]


def _is_given(keys: Keys) -> bool:
    return bool(keys.given)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One change of keys at a time on this machine. Raises Conflict."""
    try:
        with alone(folder / "keys.lock", wait=False):
            yield
    except BlockingIOError as error:
        raise Conflict("Another change of keys is going on here. Wait until it is done.") from error
