"""F3: the breaker, without waiting."""

from __future__ import annotations

from threading import Barrier, Thread

from portal.kernel.remote.breaker import Breaker


def opened(clock: list[float]) -> Breaker:
    breaker = Breaker(limit=5, rest=30, clock=lambda: clock[0])
    for _ in range(5):
        assert breaker.admit()
        breaker.failed()
    return breaker


def test_f3_stays_closed_below_the_limit_and_forgets_after_a_success():
    breaker = Breaker(limit=2)
    for _ in range(3):
        breaker.failed()
        assert breaker.admit()
        breaker.worked()


def test_f3_opens_at_the_limit_for_the_whole_rest():
    clock = [100.0]
    breaker = opened(clock)
    assert not breaker.admit()
    clock[0] = 129.9
    assert not breaker.admit()
    clock[0] = 130.0
    assert breaker.admit()


def test_f3_a_failed_probe_opens_it_again_at_once():
    clock = [0.0]
    breaker = opened(clock)
    clock[0] = 30.0
    assert breaker.admit()
    breaker.failed()
    assert not breaker.admit()
    clock[0] = 60.0
    assert breaker.admit()
    breaker.worked()
    assert breaker.admit()
    assert breaker.admit()


def test_f3_a_probe_that_was_never_made_leaves_room_for_the_next():
    clock = [0.0]
    breaker = opened(clock)
    clock[0] = 30.0
    assert breaker.admit()
    breaker.released()
    assert breaker.admit()


def test_f3_of_many_threads_one_may_probe():
    clock = [0.0]
    breaker = opened(clock)
    clock[0] = 30.0
    start, passed = Barrier(20), []

    def knock() -> None:
        start.wait()
        passed.append(breaker.admit())

    threads = [Thread(target=knock) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passed.count(True) == 1
