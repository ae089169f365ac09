"""Bring one mistake at a time into a copy of the tree, and see the crash test catch it.

    python -m tests.crash.mistakes [--only NAME] [--kills 60]

Ends with 1 when a mistake was not caught, or when its text is no longer found in the code.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
NEEDED = ("portal", "tests", "migrations", "content", "static", "templates", "pyproject.toml")
TRIES = 3  # a race that a mistake opens is not lost every time
RUN_SECONDS = 900


@dataclass(frozen=True)
class Change:
    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Mistake:
    name: str
    changes: tuple[Change, ...]


PERSONS, STATEMENTS = "portal/deliveries/persons.py", "portal/deliveries/statements.py"
RECONCILE, PROTOCOL = "portal/deliveries/reconcile.py", "portal/deliveries/protocol.py"
MISTAKES = (
    Mistake(
        "resend-after-time-out",
        (Change(PERSONS, "event, reason, lost = Event.LOSE, words(error), error", "event = Event.NOT_SENT"),),
    ),
    Mistake(
        "no-baseline",
        (
            Change(
                RECONCILE,
                'before = None if baseline is None else frozenset(str(row["ref"]) for row in baseline)',
                "before: frozenset[str] | None = frozenset()",
            ),
        ),
    ),
    Mistake(
        "no-lease-check",
        (
            Change(
                STATEMENTS,
                '    & (PARCEL.c.attempt == bindparam("held"))\n    & (PARCEL.c.state == ParcelState.BUSY)\n',
                '    & (bindparam("held", type_=PARCEL.c.attempt.type) == bindparam("held"))\n',
            ),
            Change(PERSONS, "with finish_by(self.lease_end):", 'with finish_by(float("inf")):'),
        ),
    ),
    Mistake(
        "commit-after-the-call-only",
        (
            Change(
                PERSONS,
                "return self.crew.write(self.claim, lambda work: self._begin(work, at), fast)",
                "self.late = lambda work: self._begin(work, at)  # type: ignore[attr-defined]\n        return True",
            ),
            Change(
                PERSONS,
                "def settle(work: Work) -> tuple[bool, bool]:\n",
                "following = None\n\n        def settle(work: Work) -> tuple[bool, bool]:\n"
                "            self.late(work)  # type: ignore[attr-defined]\n",
            ),
            Change(PERSONS, "quick = None if event is Event.LOSE else", "quick = None if event in Event else"),
            Change(PERSONS, "starts = not self.crew.must_stop()", "starts = False"),
        ),
    ),
    Mistake(
        "lost-answer-in-two-commits",
        (
            Change(PERSONS, "if settled and event is Event.LOSE:", "if settled and event is None:"),
            Change(
                PERSONS,
                "        if event is Event.LOSE:\n            raise Stopped",
                "        if event is Event.LOSE:\n            time.sleep(0.1)\n"
                "            self._release(datetime.now(UTC) + self.crew.quiet, look_up=True)\n"
                "            raise Stopped",
            ),
        ),
    ),
    Mistake(
        "look-up-at-once",
        (
            Change(
                PROTOCOL,
                "return timedelta(seconds=lease_seconds + remote_seconds)",
                "return timedelta(seconds=0 * lease_seconds * remote_seconds)",
            ),
        ),
    ),
)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[one.name for one in MISTAKES], default=None)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--lines", type=int, default=240)
    given = parser.parse_args(arguments)
    command = ["--database", given.database, "--kills", str(given.kills), "--lines", str(given.lines)]
    chosen = [one for one in MISTAKES if given.only in (None, one.name)]
    missed = [one.name for one in chosen if not _caught(one, command)]
    print(f"{len(chosen) - len(missed)} of {len(chosen)} mistakes caught", *missed, flush=True)
    return int(bool(missed))


def _caught(mistake: Mistake, command: list[str]) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        _copy(Path(folder))
        for change in mistake.changes:
            _apply(Path(folder), change)
        for seed in range(1, TRIES + 1):
            wrong = _wrong(Path(folder), [*command, "--seed", str(seed)])
            if wrong:
                print(f"{mistake.name}: caught (seed {seed}): {wrong[:300]}", flush=True)
                return True
    print(f"{mistake.name}: NOT CAUGHT in {TRIES} runs", flush=True)
    return False


def _copy(folder: Path) -> None:
    for name in NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)


def _apply(folder: Path, change: Change) -> None:
    """Raises SystemExit when the code does not hold the text once: the mistake must be written anew then."""
    file = folder / change.file
    code = file.read_text(encoding="utf-8")
    if code.count(change.old) != 1:
        raise SystemExit(f"{change.file} does not hold exactly once: {change.old}")
    file.write_text(code.replace(change.old, change.new), encoding="utf-8")


def _wrong(folder: Path, command: list[str]) -> str:
    """Run the crash test in the copy; the first thing that it found wrong, empty when it found nothing."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.run", *command], cwd=folder, env=environment, capture_output=True,
        text=True, timeout=RUN_SECONDS, check=False,
    )  # fmt: skip
    found = [line.strip() for line in done.stdout.splitlines() if "WRONG" in line]
    if done.returncode and not found:  # it did not run: no proof of anything
        raise SystemExit(done.stderr[-2000:])
    return found[0] if found else ""


if __name__ == "__main__":
    sys.exit(main())
