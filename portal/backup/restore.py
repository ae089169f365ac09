"""Putting a backup back. Whatever may have been sent since it was made, is looked up in payroll first (G1, I2)."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import ZipFile

from sqlalchemy import Engine, delete, select, update

from portal.accounts.look_models import SupportLook
from portal.accounts.models import OneTimeLink, WebSession
from portal.audit.chain import ANCHOR as TRAIL
from portal.audit.service import record
from portal.backup import data_keys, postgres, sqlite
from portal.backup.leftovers import one_at_a_time
from portal.backup.service import opened, sqlite_file
from portal.backup.types import CannotRestore, Manifest, Restored
from portal.deliveries import after_restore
from portal.deliveries.protocol import quiet
from portal.deliveries.receipt_chain import ANCHOR as RECEIPTS
from portal.integrations import codes, drafts, keyring
from portal.integrations.models import Credential, Koppeling, KoppelingState
from portal.kernel.codes import Reason
from portal.kernel.db import make_engine
from portal.kernel.restore_models import Restore
from portal.kernel.stored_key import vault_on
from portal.kernel.work import Acting, Work
from portal.migrate import upgrade
from portal.notifications.models import MailState, OutboxMail
from portal.privacy.replay import replay
from portal.settings import Settings

LOST = Reason("Het portaal is teruggezet naar een back-up. De token zit daar niet in.", codes.TOKEN_UNREADABLE)
AGAIN = "Vul de token opnieuw in bij Bedrijf > Instellingen, of zet de koppeling uit."
NO_KEYS_FILE = (
    "{name} is not here, so no token would open. Put it beside the backup or name it with --keys, or add "
    "--without-tokens: customers then hand their tokens over again."
)
NO_WORKER_KEY = (
    "{count} tokens cannot be opened: the key of the worker is not here. Put worker.key (or PORTAL_WORKER_KEY) in "
    "place first, or add --without-tokens: customers then hand their tokens over again."
)


@dataclass(frozen=True)
class Asked:
    """`beside`: the folder of the backup, whose journal of erasures counts too."""

    tokens: list[dict[str, str]]
    replace_all: bool
    beside: Path


def restore(acting: Acting, file: Path, keys_file: Path, *, replace_all: bool, without_tokens: bool) -> Restored:
    """Put a backup in the place of the database. `acting` must have the opener; nobody else may work with the database.

    Nothing changes before the backup is known to be whole. Broken off on PostgreSQL, nothing starts until it was run
    again. Raises NotOurs, CannotRestore, OSError.
    """
    settings = acting.part(Settings)
    if not without_tokens and not keys_file.exists():
        raise CannotRestore(NO_KEYS_FILE.format(name=keys_file.name))
    tokens = [] if without_tokens else data_keys.read(keys_file, acting.vault.keys)
    here = set(acting.vault.opener.ids())
    strange = sum(row["key"] not in here for row in tokens)
    if strange:
        raise CannotRestore(NO_WORKER_KEY.format(count=strange))
    asked = Asked(tokens, replace_all, file.parent)
    with one_at_a_time(settings), opened(file, acting.vault.keys, settings.data) as (archive, manifest):
        if manifest.kind != acting.engine.dialect.name:
            raise CannotRestore(
                f"This is a backup of {manifest.kind}; DATABASE_URL names {acting.engine.dialect.name}."
            )
        if manifest.kind == "postgresql":
            return _postgresql(acting, archive, manifest, asked)
        return _sqlite(acting, archive, manifest, asked)


def _sqlite(acting: Acting, archive: ZipFile, manifest: Manifest, asked: Asked) -> Restored:
    """Everything is settled in a file beside it; the last step puts that in place."""
    target = sqlite_file(acting.part(Settings))
    acting.engine.dispose()
    sqlite.require_free(target, replace=asked.replace_all)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="restore-") as folder:
        fresh = Path(folder) / sqlite.MEMBER
        fresh.touch(mode=0o600)
        with archive.open(sqlite.MEMBER) as source, fresh.open("wb") as out:
            shutil.copyfileobj(source, out)
        engine = make_engine(f"sqlite:///{fresh}")
        try:
            upgrade(engine)
            done = _without_erased(
                _on(acting, engine), _settle(_on(acting, engine), manifest, asked.tokens), asked.beside
            )
            with engine.connect() as connection:
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.exec_driver_sql("BEGIN")
        finally:
            engine.dispose()
        sqlite.require_free(target, replace=asked.replace_all)
        _put_notes_aside(acting.part(Settings))
        sqlite.put_in_place(fresh, target)
    return done


def _postgresql(acting: Acting, archive: ZipFile, manifest: Manifest, asked: Asked) -> Restored:
    engine: Engine = acting.engine
    engine.dispose()
    postgres.require_free(engine, replace=asked.replace_all)
    postgres.begin(engine)
    upgrade(engine, manifest.revision)
    postgres.fill(engine, archive, manifest.columns)
    upgrade(engine)
    _put_notes_aside(acting.part(Settings))
    return _without_erased(_on(acting, engine), _settle(_on(acting, engine), manifest, asked.tokens), asked.beside)


def _on(acting: Acting, engine: Engine) -> Acting:
    """With the key of look-up values of the database that was put back."""
    vault = vault_on(engine, acting.vault.keys).with_opener(acting.vault.opener)
    return replace(acting, engine=engine, vault=vault)


def _settle(acting: Acting, manifest: Manifest, tokens: list[dict[str, str]]) -> Restored:
    """In one transaction: what was true when the backup was made and is not any more."""
    settings = acting.part(Settings)
    with acting.begin() as work:
        if acting.engine.dialect.name == "postgresql":
            postgres.finish(work.session.connection())
        drafts.expire_all(work)  # sent or destroyed since
        brought = data_keys.bring_back(work, tokens)
        _lost_tokens(work)
        _old_doors(work)
        work.session.add(Restore(backup_at=manifest.made_at, restored_at=work.now))
        lines = after_restore.doubt(acting, work, quiet(settings.lease_seconds, settings.remote_seconds))
        record(
            work, "backup.restored", backup_at=manifest.made_at.isoformat(), lines=lines, tokens=brought.found,
            lost_tokens=brought.lost,
        )  # fmt: skip
    return Restored(manifest.made_at, brought.found, brought.lost, lines, 0)


def _without_erased(acting: Acting, done: Restored, beside: Path) -> Restored:
    """Whoever was erased since the backup is erased again; who has hours that are looked up first, later (daily)."""
    return replace(done, erased_again=replay(acting, beside))


def _lost_tokens(work: Work) -> None:
    """A koppeling whose token is gone says so and asks for it."""
    using = (
        select(Koppeling).join(Credential, Credential.id == Koppeling.credential_id)
        .where(Credential.sealed_token.is_(None), Koppeling.state == KoppelingState.ACTIVE)
    )  # fmt: skip
    for koppeling in work.session.scalars(using).all():
        keyring.change_state(work, koppeling, KoppelingState.BROKEN, LOST, AGAIN)


def _old_doors(work: Work) -> None:
    """Sessions and looks that were ended since, links that were used, mails that were sent: none comes back."""
    work.session.execute(update(WebSession).where(WebSession.ended_at.is_(None)).values(ended_at=work.now))
    work.session.execute(update(OneTimeLink).where(OneTimeLink.used_at.is_(None)).values(expires_at=work.now))
    work.session.execute(update(SupportLook).where(SupportLook.ended_at.is_(None)).values(ended_at=work.now))
    work.session.execute(delete(OutboxMail).where(OutboxMail.state != MailState.SENT))


def _put_notes_aside(settings: Settings) -> None:
    """The notes of the chains may tell of entries after the backup; they are kept under another name as proof."""
    for anchor in (RECEIPTS, TRAIL):
        note = settings.data / anchor.name
        if note.exists():
            note.replace(note.with_name(f"{note.name}.before-restore"))
