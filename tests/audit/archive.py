"""A trail with seals, the command that checks it, and somebody who writes straight into the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from click.testing import CliRunner, Result
from sqlalchemy import Connection, Table, create_engine, insert, select, text

from portal.audit import seals
from portal.audit.models import AuditEvent, AuditForgotten, AuditHead, AuditSeal
from portal.audit.service import record
from portal.cli import main
from portal.kernel.work import Acting
from portal.settings import Settings
from tests.databases import as_owner

TRIGGERS = ("event_kept", "event_stays", "seal_kept", "seal_stays", "head_forward", "head_stays", "forgotten_forward",
            "forgotten_stays")  # fmt: skip


@dataclass
class Archive:
    """`acting` is Alice."""

    acting: Acting
    settings: Settings

    def write(self, count: int = 2) -> None:
        with self.acting.begin() as work:
            for number in range(count):
                record(work, "koppeling.codes", count=number, provider="nmbrs")

    def seal(self) -> None:
        while seals.seal(self.acting):
            pass

    def rows(self) -> list[AuditEvent]:
        with self.acting.read() as work:
            return list(work.session.scalars(select(AuditEvent).order_by(AuditEvent.id)))

    def seals(self) -> list[AuditSeal]:
        with self.acting.read() as work:
            return list(work.session.scalars(select(AuditSeal).order_by(AuditSeal.number)))

    def head(self) -> AuditHead:
        with self.acting.read() as work:
            return work.session.get_one(AuditHead, 1)

    @property
    def env(self) -> dict[str, str]:
        return {
            "DATA": str(self.settings.data), "DATABASE_URL": self.settings.database_url,
            "PORTAL_SECRET_KEY": self.settings.secret_key.reveal(),
            "PORTAL_VAULT_KEY": self.settings.vault_key.reveal(),
        }  # fmt: skip

    def run(self, *words: str, **more: str) -> Result:
        return CliRunner().invoke(main, ["audit", *words], env={**self.env, **more})

    def sound(self) -> str:
        done = self.run("verify")
        assert done.exit_code == 0, done.output
        return done.stdout

    def wrong(self) -> str:
        """What the check finds; it must find something."""
        done = self.run("verify")
        assert done.exit_code == 1, done.output
        return done.stderr

    @contextmanager
    def intruder(self) -> Iterator[Connection]:
        """Somebody who owns the database: no trigger holds him back. He has no key."""
        engine = create_engine(as_owner(self.settings.database_url))
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SET session_replication_role = replica"))
            else:
                for name in TRIGGERS:
                    connection.execute(text(f"DROP TRIGGER IF EXISTS audit_{name}"))
            yield connection
        engine.dispose()

    def tamper(self, *statements: str, **values: Any) -> None:
        with self.intruder() as connection:
            for statement in statements:
                connection.execute(text(statement), values)

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Whatever is done to the trail, it is as it was afterwards; the note outside the database too."""
        tables = [cast("Table", model.__table__) for model in (AuditEvent, AuditSeal, AuditHead, AuditForgotten)]
        note = self.settings.data / "audit.head"
        kept_note = note.read_bytes()
        with self.intruder() as connection:
            kept = [(table, [dict(row) for row in connection.execute(select(table)).mappings()]) for table in tables]
        yield
        note.write_bytes(kept_note)
        with self.intruder() as connection:
            for table, rows in kept:
                connection.execute(text(f"DELETE FROM {table.name}"))
                connection.execute(insert(table), rows)
