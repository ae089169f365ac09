"""The key of look-up values, once it is kept in the database: it must outlive the keys that seal."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from portal.kernel.key_models import VaultSecret
from portal.kernel.vault import Binding, Box, Vault
from portal.kernel.work import Work
from portal.keys import Keys

INDEX = "index"


def stored_index_key(engine: Engine, vault: Vault) -> bytes | None:
    """None as long as no key was ever changed. Raises Tampered, and what the database raises."""
    with Session(engine.execution_options(writes=False)) as session:
        sealed = session.scalar(select(VaultSecret.sealed).where(VaultSecret.name == INDEX))
    return None if sealed is None else vault.open_bytes(sealed, binding(INDEX))


def vault_on(engine: Engine, keys: Keys) -> Vault:
    """A vault whose look-up values belong to this database."""
    return Vault(keys, Box(partial(stored_index_key, engine)))


def keep_index_key(work: Work) -> None:
    """Store the key of look-up values, before the first change of keys. Safe to call twice, and at once."""
    work.session.get(VaultSecret, INDEX, with_for_update=True)
    if work.session.get(VaultSecret, INDEX) is None:
        sealed = work.vault.seal_bytes(work.vault.index_key(), binding(INDEX))
        work.session.add(VaultSecret(name=INDEX, sealed=sealed, created_at=work.now))


def binding(name: str) -> Binding:
    return Binding(0, "vault_secret", name, "sealed")
