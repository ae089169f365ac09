"""Counts searches that found nothing: the words, never who asked."""

from __future__ import annotations

import re
from dataclasses import replace

from sqlalchemy import delete, func, select

from portal.audit.service import record
from portal.help.counting import add, today
from portal.help.models import HelpMiss
from portal.help.redact import redacted
from portal.help.turnstile import Turnstile
from portal.kernel.logs import warn
from portal.kernel.work import Acting, Work

LONGEST, LONGEST_WORD, READ = 60, 35, 200
A_MINUTE = 60  # in one web process
WORDS_A_DAY = 2_000
PATIENCE_MS = 250
KEY = "miss"
BETWEEN = re.compile(r"[\s,;:/|().!?<>\u2026]+")
WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*|[0-9]{1,4}")


def count(acting: Acting, asked: str) -> None:
    """Remember that nothing was found for these words. Never raises: a reader must not notice."""
    try:
        words = words_of(asked)
        if words and acting.part(Turnstile).lets(KEY, A_MINUTE):
            _add(acting, words)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the counting, the reader gets the page
        warn("a search without result was not counted", error=type(error).__name__)
        _rest(acting)


def _add(acting: Acting, words: str) -> None:
    """A search must not wait for a long import of somebody else: it gives up on a locked database."""
    hasty = replace(acting, engine=acting.engine.execution_options(patience_ms=PATIENCE_MS))
    with hasty.begin() as work:
        if _has_room(work, words):
            add(work, HelpMiss, {"words": words, "day": today(work)}, {"times": 1})


def _has_room(work: Work, words: str) -> bool:
    of_today = select(func.count()).select_from(HelpMiss).where(HelpMiss.day == today(work))
    if (work.session.scalar(of_today) or 0) < WORDS_A_DAY:
        return True
    return bool(work.session.scalar(of_today.where(HelpMiss.words == words)))


def _rest(acting: Acting) -> None:
    """After a failure the database is left alone until the minute is over."""
    turnstile = acting.parts.get(Turnstile)
    if turnstile is not None:
        turnstile.close(KEY)


def words_of(asked: str) -> str:
    """Return what is kept of a search: small letters, words and short codes; "" when nothing is left.

    >>> words_of("  Foutcode 1002 bij jan@dezon.example, BSN 123456782?")
    'foutcode 1002 bij bsn'
    """
    read = asked if len(asked) <= READ else asked[:READ].rpartition(" ")[0]  # half a number looks like a short code
    pieces = (piece.strip("'\"\u2019\u201c\u201d-+*~^[]{}") for piece in BETWEEN.split(redacted(read, " ").lower()))
    kept = ""
    for word in pieces:
        if WORD.fullmatch(word) and len(word) <= LONGEST_WORD:
            longer = f"{kept} {word}".strip()
            if len(longer) > LONGEST:
                break
            kept = longer
    return kept


def mended(acting: Acting, miss_id: int) -> None:
    """Take words off the list: they are found now. Safe to call twice."""
    with acting.begin() as work:
        words = work.session.scalar(select(HelpMiss.words).where(HelpMiss.id == miss_id))
        if words is None:
            return
        work.session.execute(delete(HelpMiss).where(HelpMiss.words == words))
        record(work, "help.search_mended")  # without the words: a reader typed them, and the trail is kept longer
