"""The long run of the fuzz: `make fuzz ARGS="--cases 10000 --seed 7"`. Prints seed, cases and how they were answered;
ends with an error when an answer is wrong, with the smallest request that shows it.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from portal.app import create_app
from portal.kernel.db import make_engine
from portal.migrate import upgrade
from portal.sandbox.server import running
from portal.secret import Secret
from portal.settings import Settings
from tests.conftest import SECRET_KEY, VAULT_KEY
from tests.factories.people import make_cast
from tests.factories.setup import all_in_one
from tests.proof import world
from tests.proof.fuzz import Case, Fuzzer, cases, simpler

ROUND = 500
CHECKS = list(HealthCheck)


def fuzz(fuzzer: Fuzzer, number: int, count: int) -> list[str]:
    """What went wrong, each with a small request that shows it; goes on after a fault with the next round."""
    faults: list[str] = []
    for start in range(0, count, ROUND):
        case = _first_fault(fuzzer, number + start, min(ROUND, count - start))
        if case is not None:
            case = smallest(fuzzer, case)
            faults.append(f"{wrong(fuzzer, case)} at {fuzzer.shown(case)}")
    return faults


def _first_fault(fuzzer: Fuzzer, number: int, count: int) -> Case | None:
    found: list[Case] = []

    @seed(number)
    @settings(
        max_examples=count, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=CHECKS,
        report_multiple_bugs=False, print_blob=False,
    )  # fmt: skip
    @given(cases(fuzzer.targets))
    def one(case: Case) -> None:
        if not found and wrong(fuzzer, case):
            found.append(case)

    one()
    return found[0] if found else None


def wrong(fuzzer: Fuzzer, case: Case) -> str:
    """What is wrong about the answer, "" when nothing is."""
    try:
        fuzzer.run(case)
    except Exception as error:  # noqa: BLE001 - every kind is a fault
        return repr(error)
    return ""


def smallest(fuzzer: Fuzzer, case: Case) -> Case:
    """Take away what is odd for as long as the answer stays wrong."""
    while (less := next((one for one in simpler(case) if wrong(fuzzer, one)), None)) is not None:
        case = less
    return case


def main(number: int, count: int) -> int:
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder, running(strict=True, today=datetime.now(UTC).date()) as url:
        address = f"sqlite:///{folder}/portal.sqlite3"
        engine = make_engine(address)
        upgrade(engine)
        app = create_app(Settings(
            data=Path(folder) / "data", database_url=address, base_url="http://localhost",
            secret_key=Secret(SECRET_KEY), vault_key=Secret(VAULT_KEY), allow_private_endpoints=True,
            nmbrs_soap_url=f"{url}/nmbrs/soap/v3", connexie_url=f"{url}/connexie", horecalonen_url=f"{url}/horecalonen",
        ), engine)  # fmt: skip
        acting = app.extensions["portal"] = all_in_one(app.extensions["portal"])
        fuzzer = Fuzzer(world.make(app, acting, make_cast(acting), url), Path(folder))
        print(f"seed {number}: {count} cases at {len(fuzzer.targets)} addresses and forms", flush=True)
        start = time.monotonic()
        faults = fuzz(fuzzer, number, count)
        made = sum(fuzzer.statuses.values())
        print(f"{made} requests in {time.monotonic() - start:.0f} s: {dict(sorted(fuzzer.statuses.items()))}")
    print(f"{len(faults)} faults", *faults, sep="\n")
    return int(bool(faults))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given_ = parser.parse_args()
    sys.exit(main(given_.seed, given_.cases))
