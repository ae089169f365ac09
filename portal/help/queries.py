"""What support reads about the help pages: answers per page, remarks, and searches that found nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, case, distinct, func, select

from portal.help.counting import today
from portal.help.models import HelpMiss, HelpRemark, HelpVote
from portal.help.retention import KEPT
from portal.kernel.errors import Forbidden
from portal.kernel.work import STAFF, Work

MONTH = timedelta(days=30)
WEEKS = 12


@dataclass(frozen=True)
class Answers:
    yes: int = 0
    no: int = 0

    @property
    def total(self) -> int:
        return self.yes + self.no

    @property
    def share(self) -> int:
        """Per cent that says yes, half up; 0 without answers.

        >>> Answers(2, 1).share
        67
        """
        return (200 * self.yes + self.total) // (2 * self.total) if self.total else 0

    def __add__(self, other: Answers) -> Answers:
        return Answers(self.yes + other.yes, self.no + other.no)


@dataclass(frozen=True)
class PageAnswers:
    page: str
    month: Answers
    year: Answers
    open_remarks: int


@dataclass(frozen=True)
class Week:
    """`first` is its Monday."""

    first: date
    answers: Answers


@dataclass(frozen=True)
class Remark:
    id: int
    page: str
    day: date
    text: str
    handled: bool


@dataclass(frozen=True)
class Miss:
    """`id` is of one of the rows with these words."""

    id: int
    words: str
    times: int
    last: date


def _support_only(work: Work) -> None:
    if work.actor.role not in STAFF:
        raise Forbidden("Deze pagina is voor support.")


def answers(work: Work) -> list[PageAnswers]:
    """Every page with an answer or an open remark; most "nee" of this month first, then of this year."""
    _support_only(work)
    year = today(work) - KEPT
    fresh = HelpVote.day > today(work) - MONTH
    sums = [func.sum(case((fresh, column), else_=0)) for column in (HelpVote.yes, HelpVote.no)]
    totals = [func.sum(HelpVote.yes), func.sum(HelpVote.no)]
    query = select(HelpVote.page, *sums, *totals).where(HelpVote.day > year).group_by(HelpVote.page)
    remarks = _open_remarks(work)
    found = {
        page: PageAnswers(page, Answers(*counts[:2]), Answers(*counts[2:]), remarks.get(page, 0))
        for page, *counts in work.session.execute(query)
    }
    others = {page: PageAnswers(page, Answers(), Answers(), number) for page, number in remarks.items()}
    return sorted({**others, **found}.values(), key=lambda p: (-p.month.no, -p.year.no, -p.open_remarks, p.page))


def _open_remarks(work: Work) -> dict[str, int]:
    query = select(HelpRemark.page, func.count()).where(HelpRemark.handled.is_(False)).group_by(HelpRemark.page)
    return {page: number for page, number in work.session.execute(query)}  # noqa: C416 - rows are no pairs for dict()


def weeks(work: Work, pages: Sequence[str]) -> dict[str, list[Week]]:
    """The last twelve weeks of each page, this one included, the oldest first."""
    _support_only(work)
    monday = today(work) - timedelta(days=today(work).weekday())
    firsts = [monday - timedelta(weeks=ago) for ago in reversed(range(WEEKS))]
    found = {page: dict.fromkeys(firsts, Answers()) for page in pages}
    query = select(HelpVote).where(HelpVote.day >= firsts[0], HelpVote.page.in_(pages))
    for row in work.session.scalars(query):
        first = row.day - timedelta(days=row.day.weekday())
        found[row.page][first] += Answers(row.yes, row.no)
    return {page: [Week(first, one) for first, one in of_page.items()] for page, of_page in found.items()}


def _remarks(handled: bool | None, page: str | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if handled is not None:
        wanted.append(HelpRemark.handled.is_(handled))
    if page is not None:
        wanted.append(HelpRemark.page == page)
    return wanted


def count_remarks(work: Work, *, handled: bool | None, page: str | None = None) -> int:
    _support_only(work)
    query = select(func.count()).select_from(HelpRemark).where(*_remarks(handled, page))
    return work.session.scalar(query) or 0


def remarks(
    work: Work, *, handled: bool | None, page: str | None = None, limit: int = 20, skip: int = 0
) -> list[Remark]:
    """The newest first; `handled` None and `page` None are all."""
    _support_only(work)
    query = select(HelpRemark).where(*_remarks(handled, page)).order_by(HelpRemark.id.desc())
    return [
        Remark(row.id, row.page, row.day, row.text, row.handled)
        for row in work.session.scalars(query.limit(limit).offset(skip))
    ]


def count_misses(work: Work) -> int:
    """How many different words were searched for in vain."""
    _support_only(work)
    return work.session.scalar(select(func.count(distinct(HelpMiss.words)))) or 0


def misses(work: Work, limit: int = 20, skip: int = 0) -> list[Miss]:
    """What was missed most often first; of those, the latest."""
    _support_only(work)
    times, last = func.sum(HelpMiss.times), func.max(HelpMiss.day)
    query = select(func.max(HelpMiss.id), HelpMiss.words, times, last).group_by(HelpMiss.words)
    rows = work.session.execute(query.order_by(times.desc(), last.desc(), HelpMiss.words).limit(limit).offset(skip))
    return [Miss(number, words, count, day) for number, words, count, day in rows]
