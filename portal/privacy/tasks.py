"""What the worker does for this area: at its start, and once a day."""

from __future__ import annotations

from portal.kernel.work import Acting
from portal.privacy.run import run


def forget(acting: Acting) -> bool:
    run(acting)
    return False


DAILY = (("forget what is past its time", forget),)
