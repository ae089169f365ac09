"""What a reader says about a page, and what support does with it. Nobody's name is kept (decision 0009)."""

from __future__ import annotations

import re

from sqlalchemy import func, select

from portal.audit.service import record
from portal.help.counting import add, today
from portal.help.models import HelpRemark, HelpVote
from portal.help.redact import redacted
from portal.help.turnstile import Turnstile
from portal.kernel.errors import NotFound, TooOften
from portal.kernel.work import Acting, Work

LONGEST_REMARK = 1_000
# in a minute and a web process: for one page, for all pages
VOTES, ALL_VOTES = 30, 300
REMARKS, ALL_REMARKS = 5, 30
REMARKS_A_DAY = 500
WAIT = "Er komen nu heel veel antwoorden binnen. Wacht een minuut en probeer het opnieuw."
FULL = "Er zijn vandaag al heel veel opmerkingen. Probeer het morgen opnieuw, of mail support."
EMPTY_LINES = re.compile(r"\n\s*\n\s*\n+")


def vote(acting: Acting, page: str, *, useful: bool) -> None:
    """Count one answer. Raises TooOften."""
    _one_more(acting, "vote", page, VOTES, ALL_VOTES)
    with acting.begin() as work:
        add(work, HelpVote, {"page": page, "day": today(work)}, {"yes": int(useful), "no": int(not useful)})


def remark(acting: Acting, page: str, said: str) -> None:
    """Keep what a reader missed, cleaned; an empty text is nothing. Raises TooOften."""
    text = EMPTY_LINES.sub("\n\n", redacted(said))
    if not text:
        return
    _one_more(acting, "remark", page, REMARKS, ALL_REMARKS)
    with acting.begin() as work:
        _room_today(work)
        work.session.add(HelpRemark(page=page, day=today(work), text=text, handled=False))


def _one_more(acting: Acting, what: str, page: str, most: int, most_of_all: int) -> None:
    turnstile = acting.part(Turnstile)
    if not (turnstile.lets(f"{what} {page}", most) and turnstile.lets(what, most_of_all)):
        raise TooOften(WAIT)


def _room_today(work: Work) -> None:
    query = select(func.count()).select_from(HelpRemark).where(HelpRemark.day == today(work))
    if (work.session.scalar(query) or 0) >= REMARKS_A_DAY:
        raise TooOften(FULL)


def settle(acting: Acting, remark_id: int, *, handled: bool) -> None:
    """Put a remark away, or back among the open ones; safe to call twice. Raises NotFound."""
    with acting.begin() as work:
        found = work.session.get(HelpRemark, remark_id, with_for_update=True)
        if found is None:
            raise NotFound("Deze opmerking bestaat niet (meer).")
        if found.handled == handled:
            return
        found.handled = handled
        record(work, "help.remark_handled" if handled else "help.remark_reopened", remark=remark_id)
