"""Column types and transactions, on both databases."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, StatementError

from portal.accounts.models import Organisation
from portal.integrations.models import Koppeling
from portal.kernel.db import Base, Hundredths, Instant
from portal.kernel.work import Acting
from tests.factories.people import Cast


def add(acting: Acting, row: Base) -> None:
    with acting.begin() as work:
        work.session.add(row)


def test_moments_come_back_aware_and_in_utc(acting: Acting) -> None:
    here = datetime(2026, 3, 29, 2, 30, 1, 123456, tzinfo=timezone(timedelta(hours=2)))
    with acting.begin() as work:
        work.session.add(Organisation(name="De Zon", created_at=here))
    with acting.read() as work:
        found = work.session.scalars(select(Organisation.created_at)).one()
    assert found == here
    assert found.utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_refused(acting: Acting) -> None:
    with pytest.raises(StatementError, match="naive"):
        add(acting, Organisation(name="De Zon", created_at=datetime(2026, 1, 1)))
    with acting.read() as work:
        assert work.session.scalars(select(Organisation)).all() == []


def test_hundredths_are_exact() -> None:
    kind = Hundredths()
    dialect = None
    for value in ("0", "0.01", "7.25", "-3.50", "99999999.99"):
        kept = kind.process_bind_param(Decimal(value), dialect)  # type: ignore[arg-type]
        assert isinstance(kept, int)
        assert kind.process_result_value(kept, dialect) == Decimal(value)  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        kind.process_bind_param(Decimal("0.005"), dialect)  # type: ignore[arg-type]
    assert Instant().process_bind_param(None, dialect) is None  # type: ignore[arg-type]


def test_a_state_that_does_not_exist_is_refused_by_the_database(acting: Acting, cast: Cast) -> None:
    with pytest.raises(IntegrityError), acting.begin() as work:
        work.session.execute(
            text("INSERT INTO koppeling (organisation_id, provider, state, cause, remedy, changed_at)"
                 " VALUES (:o, 'nmbrs', 'kapot', '', '', :now)"),
            {"o": cast.actors["alice"].organisation_id, "now": datetime.now(UTC)},
        )  # fmt: skip


def test_a_row_of_nobody_is_refused_by_the_database(acting: Acting) -> None:
    with pytest.raises(IntegrityError):
        add(acting, Koppeling(organisation_id=999, provider="nmbrs", state="uit", changed_at=datetime.now(UTC)))


def test_writers_wait_for_each_other_and_lose_nothing(acting: Acting, cast: Cast) -> None:
    """Twenty at once read a row, then change it: none is refused and none is overwritten."""
    number = cast.actors["alice"].organisation_id

    def rename() -> None:
        with acting.begin() as work:
            row = work.session.get_one(Organisation, number, with_for_update=True)
            row.name = f"{row.name}+"

    threads = [threading.Thread(target=rename) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with acting.read() as work:
        assert work.session.get_one(Organisation, number).name == "Brasserie De Zon" + "+" * 20
