"""What signing in costs: the whole request that sends the form, against the bare Argon2 hash.

The portal is `portal serve` in a process of its own, each sign-in is a browser of its own. The hash is that of the
account, verified in this process; the two take turns, so a busy machine is busy for both. The middle of each counts.
Ends with 1 when a sign-in costs more than the bar. Usage: python benchmarks/signin.py [rounds]
"""

from __future__ import annotations

import statistics
import sys
import time

from benchmarks.parts.person import browser, sign_in
from benchmarks.parts.place import databases, place
from benchmarks.parts.servers import web
from portal.accounts.password import hasher
from tests.factories.people import PASSWORD

BAR = 1.3
WARM = 6  # every web process has signed somebody in


def main(rounds: int) -> int:
    return int(any([measure(kind, rounds) > BAR for kind in databases()]))  # noqa: C419 - all are shown


def measure(kind: str, rounds: int) -> float:
    stored = hasher().hash(PASSWORD)
    with place(kind, 1) as found, web(found.environment) as address:
        turns = [(bare(stored), whole(address, found.cast.mail("bob"))) for _ in range(WARM + rounds)][WARM:]
    hash_, request = (statistics.median(one) for one in zip(*turns, strict=True))
    ratio = request / hash_
    print(
        f"{kind}: {rounds} rounds; hash {hash_ * 1000:.0f} ms, sign-in {request * 1000:.0f} ms, ratio {ratio:.2f} "
        f"(bar {BAR}): {'good' if ratio <= BAR else 'MISSED'}",
        flush=True,
    )
    return ratio


def bare(stored: str) -> float:
    start = time.perf_counter()
    hasher().verify(stored, PASSWORD)
    return time.perf_counter() - start


def whole(address: str, email: str) -> float:
    with browser(address) as client:
        return sign_in(client, email, PASSWORD)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 40))
