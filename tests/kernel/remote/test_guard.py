"""G3: the flag belongs to one thread and comes off again."""

from __future__ import annotations

from threading import Thread

import pytest

from portal.kernel.remote.guard import in_transaction, refuse_in_transaction


def test_g3_nested_transactions_still_count():
    with in_transaction():
        with in_transaction():
            pass
        with pytest.raises(RuntimeError):
            refuse_in_transaction()
    refuse_in_transaction()


def test_g3_comes_off_after_an_error():
    with pytest.raises(KeyError), in_transaction():
        raise KeyError
    refuse_in_transaction()


def test_g3_another_thread_is_free():
    faults = []

    def elsewhere() -> None:
        try:
            refuse_in_transaction()
        except RuntimeError as error:
            faults.append(error)

    with in_transaction():
        thread = Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert faults == []
