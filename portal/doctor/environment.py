"""Reads the settings as a start does, but goes on after the first thing that is wrong, so that all is named at once."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from portal.dangers import Finding
from portal.settings import Settings, SettingsError, load

NAME = re.compile(r"PORTAL_[A-Z_]+|DATABASE_URL(?:_FILE)?|\bPORT\b")
MEND = "Mend it first: nothing starts like this."
KEYS = ("PORTAL_SECRET_KEY", "PORTAL_VAULT_KEY")
SECRETS = (
    *KEYS,
    "PORTAL_WORKER_KEY",
    "PORTAL_SMTP_URL",
    "PORTAL_CONNEXIE_TOKEN",
    "PORTAL_HORECALONEN_TOKEN",
    "DATABASE_URL",
)


def read(environ: Mapping[str, str]) -> tuple[Settings | None, list[Finding], bool]:
    """The settings with what is refused left out, what is wrong with it, and whether the keys are the real ones.

    None when they cannot be read even so.
    """
    env, real = dict(environ), True
    found: list[Finding] = []
    for _ in range(len(env) + len(KEYS)):
        try:
            return load(env), found, real
        except SettingsError as error:
            found.append(Finding(str(error), MEND))
            real = real and "KEY" not in str(error)
            if not _left_out(env, str(error)):
                return None, found, False
    return None, found, False


def _left_out(env: dict[str, str], message: str) -> bool:
    """Take away the variable that a message is about; a key makes place for a fresh one. False when there is none."""
    for name in NAME.findall(message):
        plain = name.removesuffix("_FILE")
        if plain in KEYS:
            for twin in ("_FILE", "_OLD"):
                env.pop(f"{plain}{twin}", None)
            env[plain] = base64.b64encode(secrets.token_bytes(32)).decode()
            return True
        taken = [one for one in (name, plain, f"{plain}_FILE") if env.pop(one, None)]
        if taken:
            return True
    return False


def secret_files(environ: Mapping[str, str]) -> dict[str, Path]:
    """The files that secrets come from, by variable."""
    return {f"{name}_FILE": Path(file) for name in SECRETS if (file := environ.get(f"{name}_FILE", "").strip())}
