"""One transaction for what several persons have to write down at the same moment.

A commit waits for the disk; sixteen persons in parallel would each wait for their own. So whoever comes first writes
for all who wait by then, and every one goes on only when his own entry is committed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from portal.kernel.work import Acting, Work

T = TypeVar("T")
MOST = 64


@dataclass(frozen=True)
class Entry:
    write: Callable[[Work], Any]
    order: int
    told: Future[Any]


class Scribe:
    """Safe for threads. An entry must do the same when it is run again: after a failure each is tried alone."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting
        self._entries = threading.Lock()
        self._waiting: list[Entry] = []
        self._pen = threading.Lock()

    def write(self, entry: Callable[[Work], T], order: int) -> T:
        """Run `entry` in a writing transaction and return its answer once that is committed.

        `order`: the parcel that it locks; who locks several does so by id, as a person who stops a delivery does.
        Raises what the entry or the database raises; then nothing of it is written.
        """
        mine: Entry = Entry(entry, order, Future())
        with self._entries:
            self._waiting.append(mine)
        while not mine.told.done():
            with self._pen:
                if not mine.told.done():
                    self._write_waiting()
        return cast("T", mine.told.result())

    def _write_waiting(self) -> None:
        with self._entries:
            entries, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        entries.sort(key=lambda entry: entry.order)
        try:
            answers = self._together(entries)
        except Exception as error:  # noqa: BLE001 - one broken entry must not take the others along
            if len(entries) == 1:
                entries[0].told.set_exception(error)
                return
            self._one_by_one(entries)
        else:
            for entry, answer in zip(entries, answers, strict=True):
                entry.told.set_result(answer)

    def _together(self, entries: list[Entry]) -> list[Any]:
        with self._acting.begin() as work:
            return [entry.write(work) for entry in entries]

    def _one_by_one(self, entries: list[Entry]) -> None:
        for entry in entries:
            try:
                with self._acting.begin() as work:
                    answer = entry.write(work)
            except Exception as error:  # noqa: BLE001 - told to the one who waits for it
                entry.told.set_exception(error)
            else:
                entry.told.set_result(answer)
