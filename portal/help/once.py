"""A value that is made when somebody first asks for it, one time. Safe for threads: who asks meanwhile waits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar, cast

Value = TypeVar("Value")


class Once(Generic[Value]):
    """Equal to another one when their values are. When making fails, the next who asks tries again."""

    def __init__(self, make: Callable[[], Value]) -> None:
        self._make: Callable[[], Value] | None = make
        self._making = threading.Lock()
        self._value: Value | None = None

    def __call__(self) -> Value:
        with self._making:
            if self._make is not None:
                self._value = self._make()
                self._make = None  # lets go of what it was made from
            return cast("Value", self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Once) and self() == other()

    __hash__ = None  # type: ignore[assignment]
