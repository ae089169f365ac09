from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from portal.sandbox.server import running
from tests.sandbox.envelopes import Nmbrs

TODAY = date(2026, 11, 22)


@pytest.fixture
def base() -> Iterator[str]:
    with running(today=TODAY) as url:
        yield url


@pytest.fixture
def nmbrs(base: str) -> Nmbrs:
    return Nmbrs(f"{base}/nmbrs")


@pytest.fixture
def lenient() -> Iterator[Nmbrs]:
    with running(today=TODAY, strict=False) as url:
        yield Nmbrs(f"{url}/nmbrs")
