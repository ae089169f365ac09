"""Whatever files, exports and corrections follow each other: at the end each approved hour was sent once (G1)."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from portal.deliveries import corrections, service, take_backs
from portal.deliveries.correction_types import Choice, Way
from portal.exports import service as exports
from portal.exports.models import Export, ExportFile, ExportLine
from portal.hours.models import Shift, Upload
from portal.hours.plan import AfterExport, Choices, SameDay
from portal.hours.rounding import hours
from portal.hours.sources.sheet.refusal import ImportRefused
from portal.kernel.errors import Conflict
from tests.deliveries.fix import DAAN, SANNE, change, seen, subject, sums
from tests.deliveries.stage import Stage
from tests.deliveries.steps import seen as shown_export
from tests.factories.setup import activate_file_target

TARGET = "horecalonen"
STARTS = {"09:00": ("12:20", "13:00"), "14:00": ("15:10", "18:00"), "19:00": ("20:35", "22:00")}

rows = st.tuples(
    st.sampled_from((SANNE, DAAN)), st.integers(1, 2), st.sampled_from(sorted(STARTS)), st.booleans(),
    st.sampled_from(("gewerkt", "vakantie")), st.sampled_from(("ja", "ja", "nee")),
)  # fmt: skip
files = st.tuples(
    st.just("file"), st.lists(rows, min_size=1, max_size=4, unique_by=lambda row: row[:3]),
    st.sampled_from((SameDay.REPLACE, SameDay.BOTH)), st.sampled_from((AfterExport.LEAVE, AfterExport.CORRECT)),
)  # fmt: skip
acts = st.lists(
    st.one_of(files, st.tuples(st.sampled_from(("export", "correct", "undo", "never mind", "processed")))), max_size=12
)


@pytest.fixture
def at_file(stage: Stage) -> Stage:
    activate_file_target(stage.acting, stage.cast, TARGET)
    return stage


def read_file(stage: Stage, chosen: Any, same_day: SameDay, after: AfterExport) -> None:
    made = []
    for person, number, start, long, kind, approved in chosen:
        name, personnel, bsn = person
        mail = f"{name.split()[0].lower()}@dezon.example"
        day = stage.period
        date = f"{number:02d}-{day.number:02d}-{day.year}"
        made.append([name, mail, personnel, bsn, date, start, STARTS[start][long], "", kind, approved])
    try:
        change(stage, *made, choices=Choices(same_day, after))
    except ImportRefused as refused:
        assert not refused.facts["exported"]  # noqa: PT017 - an overlap with hours that stay may be refused


def export(stage: Stage) -> None:
    if shown_export(stage, TARGET).stopped:
        return
    made = stage.export(TARGET, leave_out=True)
    exports.download(stage.alice, made, "csv")


def correct(stage: Stage, export_id: int = 0) -> None:
    about = subject(stage, TARGET, export_id)
    shown = seen(stage, about)
    assert not shown.waiting
    if shown.ready:
        made = corrections.create(stage.alice, about, Choice(Way.SAME), shown.fingerprint)
        exports.download(stage.alice, made, "csv")


def undo(stage: Stage) -> None:
    with stage.acting.read() as work:
        oldest = work.session.scalar(select(func.min(Shift.export_id)).where(Shift.taken_back_by.is_(None)))
    if oldest is not None:
        correct(stage, oldest)


def taking(stage: Stage) -> int | None:
    """The oldest correction that takes back hours which still wait."""
    with stage.acting.read() as work:
        return work.session.scalar(select(func.min(Shift.taken_back_by)))


def never_mind(stage: Stage) -> None:
    made = taking(stage)
    if made is not None:
        service.withdraw_export(stage.alice, made)


def processed(stage: Stage) -> None:
    made = taking(stage)
    if made is not None:
        take_backs.processed(stage.alice, made)


ACTS = {"export": export, "correct": correct, "undo": undo, "never mind": never_mind, "processed": processed}


def approved(stage: Stage, *, bound_only: bool = False) -> dict[tuple[int, str], Decimal]:
    total: dict[tuple[int, str], int] = defaultdict(int)
    with stage.acting.read() as work:
        for shift in work.session.scalars(select(Shift).where(Shift.approved)):
            if not bound_only or (shift.export_id is not None and shift.taken_back_by is None):
                total[(shift.member_id, shift.kind)] += shift.minutes
    return {key: hours(minutes) for key, minutes in total.items()}


def forget(stage: Stage) -> None:
    with stage.acting.begin() as work:
        for table in (ExportFile, ExportLine, Export, Shift, Upload):
            work.session.execute(delete(table))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts)
def test_after_the_last_correction_each_approved_hour_was_sent_once(at_file: Stage, chosen: list[Any]) -> None:
    forget(at_file)
    for name, *given_ in chosen:
        if name == "file":
            read_file(at_file, *given_)
        else:
            ACTS[name](at_file)
    correct(at_file)
    assert sums(at_file) == approved(at_file, bound_only=True)
    while taking(at_file) is not None:
        processed(at_file)
    assert sums(at_file) == approved(at_file, bound_only=True)
    export(at_file)
    assert sums(at_file) == approved(at_file)
    with pytest.raises(Conflict):
        corrections.create(at_file.alice, subject(at_file, TARGET), Choice(Way.SAME), "0" * 32)
