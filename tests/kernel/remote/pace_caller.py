"""Calls as fast as its turns allow: python -m tests.kernel.remote.pace_caller DATABASE URL LIMIT SECONDS."""

from __future__ import annotations

import sys
import threading
import time

from portal.kernel.db import make_engine
from portal.kernel.remote.http import Limits, Remote
from portal.kernel.remote.pace import Pace

THREADS = 12


def main(database: str, url: str, limit: int, seconds: float) -> None:
    pace = Pace(make_engine(database), "stub", limit)
    remote = Remote("Stub", url, allow_private=True, limits=Limits(total=5, connections=THREADS), pace=pace)
    until = time.monotonic() + seconds

    def call() -> None:
        while time.monotonic() < until:
            remote.call("GET", "/", write=False)

    threads = [threading.Thread(target=call) for _ in range(THREADS)]
    print("ready", flush=True)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
