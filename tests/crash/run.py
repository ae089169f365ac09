"""The crash test: hours are sent while everything goes wrong, and each must be in payroll exactly once.

    python -m tests.crash.run --kills 1000 --lines 500 --database both

Every dice is thrown with the seed that is printed first. The moments at which processes do things differ from run to
run all the same: the same seed gives the same plan, not the same race.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine, text

from portal.kernel.db import make_engine
from portal.migrate import upgrade
from tests.crash.chaos import HANG_SECONDS, Chaos, Tally
from tests.crash.verdict import Verdict, judge
from tests.crash.world import LINES_A_PERSON, MOST_ROUNDS, Place, place
from tests.databases import SERVER

WORKERS = {"sqlite": 2, "postgresql": 3}
STORM_SECONDS, CALM_SECONDS = 90.0, 120.0
SHOWN = 25


@dataclass
class Report:
    """The figures of a run. `wrongs` is empty when it is good."""

    database: str
    tally: Tally = field(default_factory=Tally)
    rounds: int = 0
    lines: int = 0
    accepted: int = 0
    unclear: int = 0
    lost: int = 0
    double: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    looked_up: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    wrongs: list[str] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        """Add what one installation came to."""
        for name in ("lines", "accepted", "unclear", "lost", "double"):
            setattr(self, name, getattr(self, name) + getattr(verdict, name))
        self.reasons += verdict.reasons
        self.looked_up += verdict.looked_up
        self.faults += verdict.faults

    def words(self) -> str:
        looks = ", ".join(f"{count} {name}" for name, count in sorted(self.looked_up.items())) or "none"
        faults = ", ".join(f"{name} {count}" for name, count in sorted(self.faults.items()))
        return (
            f"{self.database}: {self.lines} lines in {self.rounds} rounds, {self.accepted} accepted, "
            f"{self.unclear} onbekend, {self.lost} lost, {self.double} double\n"
            f"  looked up: {looks}\n"
            f"  onbekend because: {dict(self.reasons)}\n"
            f"  {self.tally.kills} kills, {self.tally.stops} stops, {self.tally.terminations} SIGTERM, "
            f"{self.tally.resumed} resumed, {sum(self.faults.values())} faults: {faults}\n"
            f"  {self.seconds:.0f} seconds"
        )


def crash(
    database: str, database_url: str, folder: Path, dice: random.Random, *, lines: int, kills: int, workers: int,
    report: Report,
) -> None:  # fmt: skip
    """Rounds on one installation, on an empty and migrated database, until there were `kills` in all."""
    start = time.monotonic()
    with place(database_url, folder, max(1, lines // LINES_A_PERSON)) as found:
        chaos = Chaos(found, dice, report.tally, report.wrongs)
        verdict = Verdict()
        try:
            while found.rounds == 0 or (report.tally.kills < kills and found.rounds < MOST_ROUNDS):
                verdict = _round(found, chaos, kills, workers)
                report.rounds += 1
                report.wrongs += verdict.wrongs
                _tell(database, report, verdict)
                if report.wrongs:
                    break
        finally:
            chaos.kill_all()
            report.add(verdict)
            report.seconds += time.monotonic() - start


def _round(found: Place, chaos: Chaos, kills: int, workers: int) -> Verdict:
    found.bring_round()
    chaos.begin(workers)
    chaos.storm(STORM_SECONDS, kills)
    if not chaos.calm(CALM_SECONDS):
        chaos.wrongs.append(f"not everything is settled {CALM_SECONDS:.0f} quiet seconds after the storm")
    chaos.end()
    time.sleep(HANG_SECONDS + 0.5)  # a call that the stand-in holds may still land
    return judge(found)


def _tell(database: str, report: Report, verdict: Verdict) -> None:
    print(
        f"{database} round {report.rounds}: {verdict.lines} lines so far, {verdict.unclear} onbekend, "
        f"{verdict.lost} lost, {verdict.double} double, {report.tally.kills} kills, {len(report.wrongs)} wrong",
        flush=True,
    )


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """The address of an empty, migrated database."""
    if kind == "sqlite":
        url = f"sqlite:///{folder}/portal.sqlite3"
        _migrate(url)
        yield url
        return
    name = f"portal_crash_{uuid.uuid4().hex[:12]}"
    server = create_engine(SERVER, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        url = SERVER.rsplit("/", 1)[0] + f"/{name}"
        _migrate(url)
        yield url
    finally:
        with server.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        server.dispose()


def _migrate(url: str) -> None:
    engine = make_engine(url)
    upgrade(engine)
    engine.dispose()


def run(report: Report, seed: int, *, lines: int, kills: int, workers: int, keep: Path | None = None) -> None:
    """Installations one after another, until there were `kills`, or something is wrong."""
    kind = report.database
    dice = random.Random(f"{seed} {kind}")
    while not report.wrongs and (report.rounds == 0 or report.tally.kills < kills):
        with tempfile.TemporaryDirectory() as temporary:
            folder = keep / f"{kind}-{report.rounds}" if keep else Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)  # SQLite puts its file there first
            with fresh_database(kind, folder) as url:
                crash(kind, url, folder, dice, lines=lines, kills=kills, workers=workers, report=report)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--seed", type=int, default=None, help="of the dice; a new one when it is not given")
    parser.add_argument("--kills", type=int, default=1000, help="for each database")
    parser.add_argument("--lines", type=int, default=500, help="of one round")
    parser.add_argument("--workers", type=int, default=0, help="at a time; 2 on SQLite and 3 on PostgreSQL")
    parser.add_argument("--keep", type=Path, default=None, help="an empty folder for the logs of the workers")
    given = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(1_000_000) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    kinds = ("sqlite", "postgresql") if given.database == "both" else (given.database,)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # leave no worker and no database behind
    return int(sum(_bad(kind, seed, given) for kind in kinds) > 0)


def _bad(kind: str, seed: int, given: argparse.Namespace) -> bool:
    """Run on one database and print what came of it, also of a run that is interrupted."""
    report, workers = Report(kind), given.workers or WORKERS[kind]
    try:
        run(report, seed, lines=given.lines, kills=given.kills, workers=workers, keep=given.keep)
    except KeyboardInterrupt:
        report.wrongs.append("interrupted")
    print(report.words(), flush=True)
    for line in report.wrongs[:SHOWN]:
        print(f"  WRONG: {line}", flush=True)
    if report.wrongs:
        again = f"--database {kind} --seed {seed} --kills {given.kills} --lines {given.lines}"
        print(f"  {len(report.wrongs)} wrong. Again: python -m tests.crash.run {again}", flush=True)
    return bool(report.wrongs)


if __name__ == "__main__":
    sys.exit(main())
