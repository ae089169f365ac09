"""A page of the help centre, as an anonymous reader gets it: requests a second.

Against two others in the same run: a bare Flask view in the same server, and nginx with the same compressed bytes and
headers. The three take turns, so a busy machine is busy for all; a ratio is of one round, the middle one counts.
Ends with 1 below a bar. Needs nginx and wrk (`make bench-tools`). Usage: python benchmarks/docs.py [seconds] [rounds]
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys

import httpx

from benchmarks.parts.servers import nginx, portal, same_server
from portal.serve import WORKERS

PAGE = "/koppelingen/nmbrs"
BARS = {"hello": 2.5, "nginx": 0.5}
CONNECTIONS, THREADS = 32, 2
RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
FAULTS = re.compile(r"Socket errors:.*|Non-2xx.*")
ENCODING = {"Accept-Encoding": "br"}


def main(seconds: int, rounds: int) -> int:
    missing = [tool for tool in ("nginx", "wrk") if not shutil.which(tool)]
    if missing:
        print(f"{' and '.join(missing)} not found: run `make bench-tools` as root on Debian, or install by hand.")
        return 1
    with portal() as ours, same_server("benchmarks.parts.hello:app") as hello:
        headers, body = answer(ours + PAGE)
        with nginx(headers, body, WORKERS) as files:
            assert answer(f"{files}/page")[1] == body
            addresses = {"portal": ours + PAGE, "hello": f"{hello}/", "nginx": f"{files}/page"}
            turns = [{name: rate(url, seconds) for name, url in addresses.items()} for _round in range(rounds)]
    print(f"{PAGE}: {len(body)} bytes of brotli, {CONNECTIONS} connections, {rounds} rounds of {seconds} s")
    for name in addresses:
        print(f"{name:7} {statistics.median(turn[name] for turn in turns):9,.0f} requests a second")
    return max(judge(name, [turn["portal"] / turn[name] for turn in turns]) for name in BARS)


def answer(url: str) -> tuple[httpx.Headers, bytes]:
    """The second answer: the first one is made, the others are kept. Its body as it was sent."""
    httpx.get(url, headers=ENCODING).raise_for_status()
    with httpx.stream("GET", url, headers=ENCODING) as found:
        body = b"".join(found.iter_raw())
    assert found.headers["content-encoding"] == "br"
    assert found.headers["etag"]
    return found.headers, body


def rate(url: str, seconds: int) -> float:
    """Raises RuntimeError when an answer failed: a quick refusal is no speed."""
    words = ("wrk", f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", "-H", "Accept-Encoding: br", url)
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    if fault := FAULTS.search(said):
        raise RuntimeError(f"{url}: {fault[0]}")
    found = RATE.search(said)
    assert found, said
    return float(found[1])


def judge(name: str, ratios: list[float]) -> int:
    middle, bar = statistics.median(ratios), BARS[name]
    each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"{middle:.2f} x {name} ({each}); the bar is {bar} x: {'good' if middle >= bar else 'MISSED'}")
    return int(middle < bar)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    sys.exit(main(given[0] if given else 5, given[1] if given[1:] else 3))
