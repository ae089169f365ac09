"""The rules of sending by themselves: against a model of payroll, workers that die or come late, and time (G1-G5).

Everything is decided by `protocol.py`; the ledger here guards its writes as `ledger.py` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from portal.deliveries.protocol import (
    Action,
    Booked,
    Event,
    Lease,
    LineState,
    ParcelState,
    Sought,
    Step,
    after,
    next_step,
    quiet,
    read_back,
    source,
)

LEASE, REMOTE = 4, 2
BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
CODES = st.sampled_from(["2100"] * 7 + ["3041"])  # nearly all equal: that is where telling them apart is hard
HOURS = st.sampled_from([Decimal("8.00")] * 7 + [Decimal("7.50")])
ENDS = st.sampled_from(["answered", "refused to connect", "booked and lost", "lost", "under way"])
SELDOM = st.sampled_from([False] * 5 + [True])


@dataclass
class Line:
    code: str
    hours: Decimal
    state: LineState = LineState.PLANNED
    attempt: int = 0
    ref: str = ""
    started: datetime | None = None
    truth: set[str] = field(default_factory=set)  # what payroll booked for this line, which nobody of us may look at


@dataclass
class Pack:
    """A parcel: one of the deliveries of this person and period."""

    lines: list[Line]
    state: ParcelState = ParcelState.OPEN
    attempt: int = 0
    until: datetime | None = None
    next_at: datetime = BEGIN
    look_up: bool = False
    halted: bool = False
    baseline: frozenset[str] | None = None

    @property
    def lease(self) -> Lease:
        return Lease(self.state, self.attempt, self.until)


@dataclass
class Call:
    """On the wire: it lands, or not, before `ends`; its worker hears of it, or not."""

    pack: Pack
    line: Line
    attempt: int
    ends: datetime
    booked: str = ""


@dataclass
class Hand:
    """A worker that believes to hold a parcel, however late it is. `seen`: a reading it has not used yet."""

    pack: Pack
    attempt: int
    look_up: bool
    call: Call | None = None
    seen: tuple[Booked, ...] | None = None


class Sending(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN
        self.ids = count(1)
        self.payroll: dict[str, Booked] = {}
        self.theirs: dict[str, Booked] = {}
        self.packs: list[Pack] = []
        self.hands: list[Hand] = []
        self.calls: list[Call] = []

    @initialize(packs=st.lists(st.lists(st.tuples(CODES, HOURS), min_size=1, max_size=2), min_size=1, max_size=2))
    def planned(self, packs: list[list[tuple[str, Decimal]]]) -> None:
        self.packs = [Pack([Line(*line) for line in lines]) for lines in packs]

    def _pick(self, data: st.DataObject, hands: list[Hand]) -> Hand:
        return data.draw(st.sampled_from(range(len(hands))).map(hands.__getitem__))

    def _book(self, code: str, hours: Decimal) -> str:
        ref = str(next(self.ids))
        self.payroll[ref] = Booked(ref, code, hours)
        return ref

    # other people and time

    @rule(code=CODES, hours=HOURS)
    def somebody_else_books(self, code: str, hours: Decimal) -> None:
        if len(self.theirs) < 2:
            ref = self._book(code, hours)
            self.theirs[ref] = self.payroll[ref]

    @rule(seconds=st.sampled_from([1, LEASE + 1, LEASE + REMOTE]), swept=st.booleans())
    def time_passes(self, seconds: int, swept: bool) -> None:
        self.now += timedelta(seconds=seconds)
        self.calls = [call for call in self.calls if call.ends > self.now]  # what has not landed by now never will
        if swept:
            self.sweep()

    # workers

    @rule(data=st.data(), steps=st.integers(1, 4), later=SELDOM, ends=ENDS)
    def work(self, data: st.DataObject, steps: int, later: bool, ends: str) -> None:
        """Some steps of workers; with `later` something else may happen between a reading and its use."""
        for _ in range(steps):
            self._step(data, at_once=not later, ends=ends)

    def _step(self, data: st.DataObject, *, at_once: bool, ends: str) -> None:
        """A worker goes on with what it believes to hold, however late it is; or somebody claims."""
        hands = [hand for hand in self.hands if hand.call is None]
        claimable = self._claimable()
        if claimable and (not hands or data.draw(st.booleans())):
            self._claim(data.draw(st.sampled_from(range(len(claimable))).map(claimable.__getitem__)))
        elif hands:
            self._go_on(self._pick(data, hands), at_once=at_once, ends=ends)

    def _claimable(self) -> list[Pack]:
        """One at a time for a person and period, whatever the delivery."""
        if any(pack.state is ParcelState.BUSY for pack in self.packs):
            return []
        free = [pack for pack in self.packs if pack.state is ParcelState.OPEN and pack.next_at <= self.now]
        return [pack for pack in free if not pack.halted or pack.look_up]

    def _claim(self, pack: Pack) -> None:
        pack.state, pack.attempt = ParcelState.BUSY, pack.attempt + 1
        pack.until = self.now + timedelta(seconds=LEASE)
        self.hands.append(Hand(pack, pack.attempt, pack.look_up))

    @precondition(lambda self: self.hands)
    @rule(data=st.data(), now=SELDOM)
    def a_twin(self, data: st.DataObject, now: bool) -> None:
        """The same claim in two hands: a process that was copied, or a bug."""
        if now and len(self.hands) < 4:
            self.hands.append(replace(self._pick(data, self.hands), call=None))

    @precondition(lambda self: self.hands)
    @rule(data=st.data(), now=SELDOM)
    def crash(self, data: st.DataObject, now: bool) -> None:
        if now:
            self.hands.remove(self._pick(data, self.hands))

    def sweep(self) -> None:
        for pack in self.packs:
            if not pack.lease.ended(self.now):
                continue
            pack.state, pack.until = ParcelState.OPEN, None
            for line in pack.lines:
                if line.state is source(Event.LOSE):
                    self._lose(pack, line)

    def _lose(self, pack: Pack, line: Line) -> None:
        line.state = after(line.state, Event.LOSE)
        assert line.started is not None
        pack.look_up, pack.next_at = True, line.started + quiet(LEASE, REMOTE)

    def _go_on(self, hand: Hand, *, at_once: bool, ends: str) -> None:
        """`at_once`: it uses what it read before anything else happens."""
        states = [line.state for line in hand.pack.lines]
        pack = hand.pack
        step, at = next_step(states, look_up=hand.look_up, halted=False, has_baseline=pack.baseline is not None)
        if hand.seen is None and step in (Step.LOOK, Step.READ):
            hand.seen = tuple(self.payroll.values())
        if hand.seen is not None:
            if at_once:
                self._use(hand, step)
        elif step is Step.SEND:
            self._start(hand, pack.lines[at], ends)
        else:
            self._release(hand)

    def _use(self, hand: Hand, step: Step) -> None:
        found, hand.seen = hand.seen or (), None
        if not hand.pack.lease.held_by(hand.attempt):
            self.hands.remove(hand)
        elif step is Step.LOOK:
            self._settle_lost(hand, found)
        elif step is Step.READ and hand.pack.baseline is None:
            hand.pack.baseline = frozenset(row.ref for row in found)

    def _settle_lost(self, hand: Hand, found: tuple[Booked, ...]) -> None:
        lines = hand.pack.lines
        sought = [
            Sought(at, Action.INSERT, line.code, line.hours)
            for at, line in enumerate(lines)
            if line.state is LineState.UNCLEAR
        ]
        every = [(pack, line) for pack in self.packs for line in pack.lines]
        rivals = {
            (line.code, line.hours)
            for pack, line in every
            if (pack is not hand.pack and line.state is LineState.UNCLEAR)
            or (line.state is LineState.ACCEPTED and not line.ref)
        }
        ours = {line.ref for _pack, line in every if line.ref}
        verdicts = read_back(sought, found, baseline=hand.pack.baseline or (), ours=ours, rivals=rivals)
        for at, verdict in verdicts.items():
            if verdict.event is not None:
                lines[at].state, lines[at].ref = after(lines[at].state, verdict.event), verdict.ref
            else:
                assert verdict.reason
        hand.look_up = hand.pack.look_up = False

    def _start(self, hand: Hand, line: Line, ends: str) -> None:
        pack = hand.pack
        if not pack.lease.held_by(hand.attempt) or pack.halted or line.state is not source(Event.START):
            self._release(hand)
            return
        line.state, line.attempt, line.started = after(line.state, Event.START), hand.attempt, self.now
        pack.until = self.now + timedelta(seconds=LEASE)
        hand.call = Call(pack, line, hand.attempt, self.now + timedelta(seconds=LEASE + REMOTE))
        if ends in ("answered", "booked and lost"):
            self._land(hand.call)
        elif ends in ("lost", "under way"):  # it may land as long as it can
            self.calls.append(hand.call)
        if ends != "under way":
            self._end(hand, heard="lost" not in ends)

    @precondition(lambda self: self.calls)
    @rule(data=st.data())
    def a_call_lands(self, data: st.DataObject) -> None:
        """Payroll books, in time, whether or not anybody still waits for it."""
        call = data.draw(st.sampled_from(range(len(self.calls))).map(self.calls.__getitem__))
        self.calls.remove(call)
        self._land(call)

    def _land(self, call: Call) -> None:
        call.booked = self._book(call.line.code, call.line.hours)
        call.line.truth.add(call.booked)

    @precondition(lambda self: any(hand.call for hand in self.hands))
    @rule(data=st.data(), heard=st.booleans())
    def a_call_ends(self, data: st.DataObject, heard: bool) -> None:
        """With its answer, or with none; also for a worker whose lease is long over."""
        self._end(self._pick(data, [hand for hand in self.hands if hand.call]), heard=heard)

    def _end(self, hand: Hand, *, heard: bool) -> None:
        call, hand.call = hand.call, None
        assert call is not None
        pending = any(call is other for other in self.calls)
        gone = not call.booked and call.ends <= self.now  # nobody can tell that it never arrived
        event = Event.LOSE if pending or gone or not heard else Event.ACCEPT if call.booked else Event.NOT_SENT
        if self._guarded(hand, call.line, event, call.booked if event is Event.ACCEPT else "") and event is Event.LOSE:
            hand.pack.look_up, hand.pack.next_at = True, self.now + quiet(LEASE, REMOTE)
            hand.pack.state, hand.pack.until = ParcelState.OPEN, None
            self.hands.remove(hand)

    def _guarded(self, hand: Hand, line: Line, event: Event, ref: str = "") -> bool:
        """As ledger.settle: the attempt, the lease and the state must be right."""
        held = hand.pack.lease.held_by(hand.attempt) and line.attempt == hand.attempt
        if not held or line.state is not source(event):
            self.hands.remove(hand)
            return False
        line.state, line.ref = after(line.state, event), ref
        return True

    def _release(self, hand: Hand) -> None:
        self.hands.remove(hand)
        if hand.pack.lease.held_by(hand.attempt):
            left = {line.state for line in hand.pack.lines} & {LineState.PLANNED, LineState.BUSY}
            hand.pack.state = ParcelState.OPEN if left else ParcelState.DONE
            hand.pack.until = None

    # people

    @rule(data=st.data(), halted=SELDOM)
    def cancel_or_resume(self, data: st.DataObject, halted: bool) -> None:
        data.draw(st.sampled_from(range(len(self.packs))).map(self.packs.__getitem__)).halted = halted

    @rule(data=st.data(), now=SELDOM)
    def a_person_decides(self, data: st.DataObject, now: bool) -> None:
        """Truthfully, about a line that is unknown and at rest; "not there" only when nothing can land any more."""
        unclear = [
            (pack, line) for pack in self.packs for line in pack.lines
            if line.state is LineState.UNCLEAR and pack.state is not ParcelState.BUSY
        ]  # fmt: skip
        if not (now and unclear):
            return
        pack, line = data.draw(st.sampled_from(range(len(unclear))).map(unclear.__getitem__))
        assert line.started is not None
        if line.truth:
            line.state = after(line.state, Event.FOUND)
        elif line.started <= self.now - quiet(LEASE, REMOTE):
            line.state = after(line.state, Event.ABSENT)
            pack.state = ParcelState.OPEN

    # what must hold, always

    @invariant()
    def accepted_stands_there_once_and_planned_not_at_all(self) -> None:
        """Counted by code and hours, for equal components cannot be told apart. `taken`: one of somebody else that a
        reading back could not tell from ours, as it is the only new one."""
        lines = [line for pack in self.packs for line in pack.lines]
        taken = {line.ref for line in lines} & self.theirs.keys()
        for equal in {(line.code, line.hours) for line in lines}:
            group = [line for line in lines if (line.code, line.hours) == equal]
            there = [ref for ref, row in self.payroll.items() if (row.code, row.hours) == equal]
            ours = sum(ref not in self.theirs or ref in taken for ref in there)
            accepted = sum(line.state is LineState.ACCEPTED for line in group)
            open_ = sum(line.state in (LineState.BUSY, LineState.UNCLEAR) for line in group)
            assert accepted <= ours <= accepted + open_, f"{accepted} accepted, {open_} open, {ours} in payroll"

    @invariant()
    def nobody_owns_a_component_twice(self) -> None:
        refs = [line.ref for pack in self.packs for line in pack.lines if line.ref]
        assert len(refs) == len(set(refs))

    @invariant()
    def nothing_that_stood_there_before_is_ours(self) -> None:
        for pack in self.packs:
            for line in pack.lines:
                assert not (line.ref and line.ref in (pack.baseline or ()))

    @invariant()
    def others_are_untouched(self) -> None:
        assert all(self.payroll.get(ref) == row for ref, row in self.theirs.items())

    @invariant()
    def nothing_is_written_without_a_baseline(self) -> None:
        for pack in self.packs:
            assert pack.baseline is not None or not any(line.truth for line in pack.lines)


Sending.TestCase.settings = settings(max_examples=400, stateful_step_count=40, deadline=None)
TestSending = Sending.TestCase
