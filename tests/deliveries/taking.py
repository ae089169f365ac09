"""Steps of the tests of taking a delivery back, and what is free or bound then."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.deliveries import corrections, service
from portal.deliveries.correction_types import Way
from portal.hours.models import Shift
from portal.integrations.parts import Providers
from portal.kernel.errors import Conflict
from tests.deliveries.fix import make
from tests.deliveries.stage import Stage


def make_back(stage: Stage, delivery: int, way: Way = Way.SAME) -> int:
    """The export of the correction that takes a delivery back, as the page makes it."""
    with stage.alice.read() as work:
        about = corrections.subject_of(work, stage.acting.part(Providers), delivery)
    return make(stage, way, about)


def back(stage: Stage, delivery: int, way: Way = Way.SAME) -> int:
    return service.send(stage.alice, make_back(stage, delivery, way))


def free(stage: Stage) -> list[tuple[str, str]]:
    """Day of the month and kind of hours that no export holds."""
    query = select(Shift).where(Shift.export_id.is_(None)).order_by(Shift.member_id, Shift.workday)
    with stage.acting.read() as work:
        return [(str(row.workday.day), row.kind) for row in work.session.scalars(query)]


def leaving(stage: Stage) -> int:
    with stage.acting.read() as work:
        return len(work.session.scalars(select(Shift).where(Shift.taken_back_by.is_not(None))).all())


def nothing_to_export(stage: Stage, key: str = "nmbrs") -> None:
    with pytest.raises(Conflict, match="niets om te exporteren"):
        stage.export(key)
