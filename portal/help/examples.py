"""Invented answers, remarks and searches of twelve weeks, for the demo and for pictures."""

from __future__ import annotations

from datetime import timedelta

from portal.help.counting import today
from portal.help.models import HelpMiss, HelpRemark, HelpVote
from portal.kernel.work import Work

# "ja" and "nee" per week, the oldest first
ANSWERS = {
    "nmbrs": ((4, 1), (6, 2), (5, 1), (7, 3), (6, 2), (8, 4), (7, 5), (9, 6), (8, 7), (7, 9), (6, 8), (2, 4)),
    "koppelingen": ((9, 2), (8, 1), (7, 2), (9, 3), (9, 1), (6, 2), (8, 2), (9, 1), (9, 2), (8, 3), (9, 1), (4, 0)),
    "horecalonen": ((2, 0), (3, 1), (2, 1), (4, 0), (3, 0), (2, 1), (5, 0), (4, 1), (3, 0), (5, 1), (4, 0), (1, 0)),
    "connexie": ((1, 0), (0, 0), (2, 1), (1, 0), (0, 1), (2, 0), (1, 0), (3, 0), (1, 1), (2, 0), (2, 0), (1, 0)),
}  # fmt: skip
# page, how many days ago, text, handled
REMARKS = (
    ("horecalonen", 61, "Ik zocht waar ik het e-mailadres van het loonkantoor invul.", True),
    ("koppelingen", 40, "Welke koppeling heb ik nodig als mijn accountant Nmbrs gebruikt?", True),
    ("nmbrs", 23, "In Nmbrs heet de knop bij mij anders dan in het filmpje.", False),
    ("connexie", 16, "Hoe lang duurt het voordat de uren in Connexie staan?", False),
    ("nmbrs", 9, "Ik krijg code 1002. Welk recht moet aan?\n\nMijn nummer is [weggelaten], bel me gerust.", False),
    ("nmbrs", 2, "Wat doe ik als een teamlid twee keer in Nmbrs staat?", False),
)  # fmt: skip
# words, how often, last how many days ago
MISSES = (
    ("reiskosten", 9, 1), ("vakantiegeld uitbetalen", 6, 3), ("afas", 5, 4), ("min uren", 3, 8),
    ("toeslag zondag", 3, 12), ("loonstrook", 2, 20), ("exact online", 1, 33),
)  # fmt: skip


def seed(work: Work) -> None:
    """Add them to tables that are empty."""
    now = today(work)
    monday = now - timedelta(days=now.weekday())
    for page, weeks in ANSWERS.items():
        firsts = [monday - timedelta(weeks=ago) for ago in reversed(range(len(weeks)))]
        work.session.add_all(
            HelpVote(page=page, day=first, yes=yes, no=no) for first, (yes, no) in zip(firsts, weeks, strict=True)
        )
    work.session.add_all(
        HelpRemark(page=page, day=now - timedelta(days=ago), text=text, handled=handled)
        for page, ago, text, handled in REMARKS
    )
    work.session.add_all(
        HelpMiss(words=words, times=times, day=now - timedelta(days=ago)) for words, times, ago in MISSES
    )
