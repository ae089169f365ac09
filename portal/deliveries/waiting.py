"""How long a delivery waits when the other side is not there: longer each time, then a person decides."""

from __future__ import annotations

from datetime import timedelta

from portal.deliveries import ledger
from portal.deliveries.ledger import Claim
from portal.kernel.errors import Unavailable
from portal.kernel.work import Acting

MAX_TRIES = 6
FIRST_WAIT_SECONDS = 5
LONGEST_WAIT_SECONDS = 600


def wait_or_pause(acting: Acting, claim: Claim, error: Unavailable) -> None:
    wait = min(FIRST_WAIT_SECONDS * 2**claim.tries, LONGEST_WAIT_SECONDS)
    asked = error.facts.get("retry_after")
    if isinstance(asked, int | float):
        wait = max(wait, int(asked))
    with acting.begin() as work:
        if claim.tries + 1 >= MAX_TRIES:
            ledger.pause(work, claim, error.message, "Probeer het later opnieuw met Hervat.")
        else:
            remedy = f"We proberen het over {wait} seconden opnieuw."
            ledger.put_back(
                work, claim, timedelta(seconds=wait), tries=claim.tries + 1, cause=error.message, remedy=remedy
            )
