"""C1, C4: sealed values open only where they belong."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kernel.vault import Binding, Tampered, Vault
from portal.secret import Secret

KEY = Secret(base64.b64encode(bytes(range(32))).decode())
OTHER_KEY = Secret(base64.b64encode(bytes(range(1, 33))).decode())
HERE = Binding(7, "credential", "rij-1", "token")
TOKEN = Secret("een-geheime-token-0001")


def test_c1_what_is_sealed_opens_again_and_differs_each_time() -> None:
    vault = Vault.of(KEY)
    first, second = vault.seal(TOKEN, HERE), vault.seal(TOKEN, HERE)
    assert first != second
    assert TOKEN.reveal().encode() not in first
    assert vault.open(first, HERE) == TOKEN == vault.open(second, HERE)


@pytest.mark.parametrize(
    "there",
    [
        replace(HERE, organisation_id=8), replace(HERE, table="team_member"),
        replace(HERE, row="rij-2"), replace(HERE, field="bsn"),
        Binding(7, "credentialr", "ij-1", "token"), Binding(7, "credential", "rij-1t", "oken"),
    ],
)  # fmt: skip
def test_c1_a_value_copied_elsewhere_is_refused(there: Binding) -> None:
    vault = Vault.of(KEY)
    with pytest.raises(Tampered):
        vault.open(vault.seal(TOKEN, HERE), there)


def test_c1_every_flipped_byte_is_refused() -> None:
    vault = Vault.of(KEY)
    sealed = vault.seal(TOKEN, HERE)
    for place in range(len(sealed)):
        for mask in (1, 128):
            changed = bytearray(sealed)
            changed[place] ^= mask
            with pytest.raises(Tampered) as caught:
                vault.open(bytes(changed), HERE)
            assert TOKEN.reveal() not in str(caught.value)


def test_c1_half_a_value_and_another_key_are_refused() -> None:
    sealed = Vault.of(KEY).seal(TOKEN, HERE)
    for length in range(len(sealed)):
        with pytest.raises(Tampered):
            Vault.of(KEY).open(sealed[:length], HERE)
    with pytest.raises(Tampered):
        Vault.of(OTHER_KEY).open(sealed, HERE)


@given(st.text(max_size=80), st.integers(0, 2**40))
def test_any_text_survives(text: str, organisation: int) -> None:
    vault, place = Vault.of(KEY), replace(HERE, organisation_id=organisation)
    assert vault.open(vault.seal(Secret(text), place), place).reveal() == text


def test_c4_the_index_differs_per_organisation_purpose_and_key() -> None:
    bsn, vault = Secret("123456782"), Vault.of(KEY)
    found = {vault.index(bsn, 1, "bsn"), vault.index(bsn, 2, "bsn"), vault.index(bsn, 1, "fingerprint"),
             vault.index(bsn, 11, "bsn"), Vault.of(OTHER_KEY).index(bsn, 1, "bsn")}  # fmt: skip
    assert len(found) == 5
    assert vault.index(bsn, 1, "bsn") == Vault.of(KEY).index(bsn, 1, "bsn")
    assert all("123456782" not in value and len(value) == 64 for value in found)


def test_c3_a_fingerprint_is_eight_signs_of_the_keyed_index() -> None:
    vault = Vault.of(KEY)
    assert vault.fingerprint(TOKEN, 1) == vault.fingerprint(TOKEN, 1)
    assert len(vault.fingerprint(TOKEN, 1)) == 8
    assert vault.fingerprint(TOKEN, 1) != vault.fingerprint(TOKEN, 2)
    assert vault.fingerprint(TOKEN, 1) != vault.fingerprint(Secret("een-andere-token"), 1)
