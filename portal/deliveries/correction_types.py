"""What a correction looks like before it exists: who, what it was and becomes, and by which way it can go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from portal.deliveries.components import Obstacle
from portal.exports.corrections import Difference
from portal.hours.types import Period


class Way(StrEnum):
    """How payroll gets a difference; a person chooses."""

    SAME = "zelfde-periode"
    NEXT = "verschilregel"
    FORCE = "gesloten-periode"


@dataclass(frozen=True)
class Choice:
    """What a person chose. `sure`: they ticked that they know what writing in a closed period means."""

    way: Way
    sure: bool = False


@dataclass(frozen=True)
class Row:
    """A difference with the name of the person. `obstacle`: what must be done first, for all codes of this person."""

    difference: Difference
    name: str
    obstacle: Obstacle | None


@dataclass(frozen=True)
class Review:
    """`book`: the period in which a difference line would be booked; `current`: what payroll works on (as of
    `read_at`). `export_id`: the export that is taken back, 0 for an ordinary correction.
    """

    rows: tuple[Row, ...]
    ways: tuple[Way, ...]
    default: Way
    current: Period | None
    book: Period | None
    read_at: datetime | None
    fingerprint: str
    export_id: int = 0

    @property
    def ready(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.obstacle is None)

    @property
    def waiting(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.obstacle is not None)

    @property
    def hours(self) -> Decimal:
        return sum((row.difference.hours for row in self.ready), Decimal("0.00"))

    @property
    def minutes(self) -> int:
        return sum(row.difference.minutes for row in self.ready)

    @property
    def people(self) -> int:
        return len({row.difference.member_id for row in self.ready})
