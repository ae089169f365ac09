"""What the worker does for this area, once a day."""

from __future__ import annotations

from portal.accounts import notes, questions, throttle
from portal.kernel.work import Acting


def forget_tries(acting: Acting) -> bool:
    with acting.begin() as work:
        throttle.forget(work)
    return False


def forget_what_is_over(acting: Acting) -> bool:
    """Questions to passkeys, and notes that were kept for a short while."""
    with acting.begin() as work:
        questions.forget(work)
        notes.forget(work)
    return False


DAILY = (("forget tries", forget_tries), ("forget what is over", forget_what_is_over))
