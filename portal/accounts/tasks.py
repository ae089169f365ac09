"""What the worker does for this area, once a day."""

from __future__ import annotations

from portal.accounts import throttle
from portal.kernel.work import Acting


def forget_tries(acting: Acting) -> bool:
    with acting.begin() as work:
        throttle.forget(work)
    return False


DAILY = (("forget tries", forget_tries),)
