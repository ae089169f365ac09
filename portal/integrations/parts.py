"""The providers as they were built at start, with a limit on how many pages may wait for them at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from portal.integrations.contract import LineSender, Provider
from portal.kernel.errors import NotFound, Unavailable
from portal.kernel.remote.wording import CROWDED

WAITING_PAGES = 3  # of the threads of one web process; the others keep serving pages (F3)


@dataclass(frozen=True)
class Providers:
    by_key: Mapping[str, Provider]
    places: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(WAITING_PAGES))

    def get(self, key: str) -> Provider:
        """Raises NotFound for a key that is no koppeling."""
        if key not in self.by_key:
            raise NotFound
        return self.by_key[key]

    def line_sender(self, key: str) -> LineSender:
        """Raises NotFound when this koppeling has no credentials to hand over."""
        provider = self.get(key)
        if not isinstance(provider, LineSender):
            raise NotFound
        return provider

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place while a page waits for an outside system. Raises Unavailable when all are taken."""
        if not self.places.acquire(blocking=False):
            raise Unavailable("Het is nu druk.", remedy="Wacht een minuut en probeer het opnieuw.", code=CROWDED)
        try:
            yield
        finally:
            self.places.release()
