"""Fixtures of signing in."""

from __future__ import annotations

import pytest

from tests.accounts.passkey_steps import SignIn, add
from tests.accounts.soft_key import SoftKey


@pytest.fixture
def key(signed_in: SignIn) -> SoftKey:
    """Of Alice."""
    made = SoftKey(counts=True)
    add(signed_in("alice"), made)
    return made
