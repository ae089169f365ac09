"""Deliveries with receipts, the command that checks them, and somebody who writes straight into the database."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from click.testing import CliRunner, Result
from sqlalchemy import Connection, Table, create_engine, insert, select, text, update

from portal.cli import main
from portal.deliveries import receipt_queries, receipts, service
from portal.deliveries.models import DeliveryLine
from portal.deliveries.receipt_models import Receipt, ReceiptHead
from portal.kernel.work import Acting, Work
from portal.settings import Settings
from tests.browse import Visitor
from tests.databases import as_owner
from tests.deliveries.stage import Stage

Deliver = Callable[[], bool]
TRIGGERS = ("receipt_kept", "receipt_stays", "receipt_head_forward", "receipt_head_stays")


def reword(work: Work, delivery: int, words: str) -> None:
    work.session.execute(update(DeliveryLine).where(DeliveryLine.delivery_id == delivery).values(reason=words))


def csv_rows(visitor: Visitor, delivery: int) -> list[dict[str, str]]:
    """The newest receipt of a delivery, as the page gives it for a spreadsheet."""
    page = visitor.open(f"/portaal/leveringen/{delivery}/ontvangstbewijs")
    told = visitor.client.get(page.link("Download CSV")).data.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(told, newline=""), delimiter=";"))


@dataclass
class Office:
    """Seals, and checks what was sealed."""

    stage: Stage
    deliver: Deliver
    settings: Settings
    days: int = 0

    def delivered(self) -> int:
        """A new delivery that payroll accepted, with its receipt."""
        self.stage.bring_hours(days=1, start=self.days)
        self.days += 1
        delivery = service.send(self.stage.alice, self.stage.export())
        while self.deliver():
            pass
        self.seal(delivery)
        return delivery

    def seal(self, delivery: int, acting: Acting | None = None) -> None:
        with (acting or self.stage.acting).begin() as work:
            receipts.seal(work, delivery)

    def change(self, delivery: int, words: str) -> None:
        """Something about the lines of a delivery changes, and nobody sealed it yet."""
        with self.stage.acting.begin() as work:
            reword(work, delivery, words)

    def known(self, delivery: int) -> list[receipt_queries.ReceiptInfo]:
        with self.stage.alice.read() as work:
            return receipt_queries.of_delivery(work, delivery)

    def chain(self) -> list[Receipt]:
        with self.stage.acting.read() as work:
            return list(work.session.scalars(select(Receipt).order_by(Receipt.seq)))

    @property
    def env(self) -> dict[str, str]:
        return {
            "DATA": str(self.settings.data), "DATABASE_URL": self.settings.database_url,
            "PORTAL_SECRET_KEY": self.settings.secret_key.reveal(),
            "PORTAL_VAULT_KEY": self.settings.vault_key.reveal(),
        }  # fmt: skip

    def verify(self, **more: str) -> Result:
        return CliRunner().invoke(main, ["audit", "verify"], env={**self.env, **more})

    def wrong(self) -> str:
        """What the check finds; it must find something."""
        done = self.verify()
        assert done.exit_code == 1, done.output
        return done.stderr

    @contextmanager
    def intruder(self) -> Iterator[Connection]:
        """Somebody who owns the database: no trigger, no foreign key holds him back. He has no key."""
        engine = create_engine(as_owner(self.settings.database_url))
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SET session_replication_role = replica"))
            else:
                for name in TRIGGERS:
                    connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
            yield connection
        engine.dispose()

    def tamper(self, *statements: str, **values: Any) -> None:
        with self.intruder() as connection:
            for statement in statements:
                connection.execute(text(statement), values)

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Whatever is done to the chain, it is as it was afterwards."""
        tables = [cast("Table", model.__table__) for model in (Receipt, ReceiptHead)]
        with self.intruder() as connection:
            kept = [(table, [dict(row) for row in connection.execute(select(table)).mappings()]) for table in tables]
        yield
        with self.intruder() as connection:
            for table, rows in kept:
                connection.execute(text(f"DELETE FROM {table.name}"))
                connection.execute(insert(table), rows)
