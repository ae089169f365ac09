"""At most so many calls a second for the whole installation: processes hold shares, in the database, for a while.

A process asks about once a second while it calls; there is no transaction per call. It may use its share for a shorter
time than the database grants it, so that a process that stood still never uses what another has got meanwhile.
"""

from __future__ import annotations

import secrets
import threading
import time
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from portal.kernel.errors import Unavailable
from portal.kernel.logs import warn
from portal.kernel.pace_models import CallShare
from portal.kernel.remote.turns import BURST, SECOND, Turns, fair
from portal.kernel.remote.wording import CROWDED

GRANTED_SECONDS = 6.0
# others get a share that ran out at the earliest GRANTED_SECONDS after it was asked for; the gap is longer than the
# second in which the last call counts, and the time that call takes to arrive
USED_SECONDS = 4.0
RENEW_SECONDS = 1.0
HUNGRY_SECONDS = 0.2
PAUSE_SECONDS = 0.02
LOOK_SECONDS = 0.1  # a thread that waits for its permit looks whether more are to be had
SHRINK = 0.6  # of the wish, about once a second
LOCK = 4_621_871  # any number, the same in every process; migrations take another


class Pace:
    """The turns of one process at one outside system (`system`, `limit` calls a second). Safe for threads."""

    def __init__(self, engine: Engine, system: str, limit: int) -> None:
        self._engine = engine
        self._system = system
        self._limit = limit
        self._holder = secrets.token_hex(8)
        self._turns = Turns()
        self._asking = threading.Lock()
        self._ask_at = 0.0
        self._valid_until = 0.0
        self._asked_at = 0.0
        self._wanted = 0
        self._counted = 0

    def enter(self, deadline: float) -> None:
        """Wait for a turn; call `leave` after the answer, whatever it was.

        Raises Unavailable when there is none before `deadline` (monotonic): the call was certainly not made.
        """
        turns = self._turns
        turns.waiting += 1
        try:
            while time.monotonic() < deadline:
                self._ask_when_due()
                cleared = turns.cleared
                moment = turns.take(deadline)
                if moment is None:
                    turns.wait(deadline - time.monotonic())
                elif (unused := self._reached(moment, deadline, cleared)) is None:
                    return
                else:
                    turns.give(unused if turns.cleared == cleared else time.monotonic() + SECOND)
                    time.sleep(PAUSE_SECONDS)  # the share ran out and cannot be renewed yet
            raise Unavailable("Het is nu druk met verzoeken.", remedy="We proberen het zo opnieuw.", code=CROWDED)
        finally:
            turns.waiting -= 1

    def leave(self) -> None:
        self._turns.give()

    def _reached(self, moment: float, deadline: float, cleared: int) -> float | None:
        """Sleep until a permit is free. When its share ran out meanwhile (`cleared` has moved on: somebody else may
        have it), return the moment of the permit, which was not used."""
        while (left := moment - time.monotonic()) > 0:
            time.sleep(max(0.0, min(left, deadline - time.monotonic() + 0.01, LOOK_SECONDS)))
            self._ask_when_due()
            moment = self._turns.sooner(moment)
        valid = self._turns.cleared == cleared and time.monotonic() < min(self._valid_until, deadline)
        return None if valid else moment

    def _ask_when_due(self) -> None:
        """Renew the share about once a second, by whichever thread comes along; sooner when there is nothing."""
        now = time.monotonic()
        if now >= self._valid_until:
            with self._asking:
                if time.monotonic() >= max(self._ask_at, self._valid_until):
                    self._turns.clear()
                    self._ask()
        elif now >= self._due() and self._asking.acquire(blocking=False):
            try:
                self._ask()
            finally:
                self._asking.release()

    def _due(self) -> float:
        """Sooner when somebody has to wait and we did not ask for everything yet."""
        if self._turns.short and self._wanted < self._limit:
            return self._asked_at + HUNGRY_SECONDS
        return self._ask_at

    def _ask(self) -> None:
        began = self._asked_at = time.monotonic()
        wants = self._wanted = self._wants()
        try:
            granted = self._renew(wants)
        except SQLAlchemyError as error:
            warn("no share of the calls", system=self._system, error=type(error).__name__)
            self._ask_at = began + RENEW_SECONDS
            return
        self._valid_until = began + USED_SECONDS
        hungry = granted < min(wants, BURST)
        self._ask_at = began + (HUNGRY_SECONDS if hungry else RENEW_SECONDS)

    def _wants(self) -> int:
        """What this process could use: all of it when somebody had to wait, else what it used plus a little.

        The wish shrinks step by step: a permit rests a second after its call, so a share that falls at once to what
        was used makes the next calls wait, and then jumps up again.
        """
        turns = self._turns
        used, self._counted = turns.used - self._counted, turns.used
        short, turns.short = turns.short and turns.size > 0, False
        return self._limit if short else min(self._limit, max(used + BURST, int(self._wanted * SHRINK)))

    def _renew(self, wants: int) -> int:
        """One transaction: read what the others hold, write what we hold from now on; returns that."""
        with Session(self._engine) as session, session.begin():
            now = self._locked_now(session)
            session.execute(delete(CallShare).where(CallShare.system == self._system, CallShare.until < now))
            rows = session.scalars(select(CallShare).where(CallShare.system == self._system)).all()
            mine = next((row for row in rows if row.holder == self._holder), None)
            others = [row for row in rows if row.holder != self._holder]
            target = fair(self._limit, wants, [row.wants for row in others])
            free = self._limit - sum(row.calls for row in others)
            have = self._turns.aim(target)
            calls = max(have, min(target, free))
            if mine is None:
                mine = CallShare(system=self._system, holder=self._holder)
                session.add(mine)
            mine.calls, mine.wants, mine.until = calls, wants, now + timedelta(seconds=GRANTED_SECONDS)
        if calls > have:
            self._turns.grant(calls - have)
        return calls

    def _locked_now(self, session: Session) -> datetime:
        """Nobody else shares out until the transaction ends. The database has one clock for all machines."""
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            found: datetime | None = session.scalar(select(func.clock_timestamp()))
            if found is not None:
                return found
        return datetime.now().astimezone()
