"""A machine that is backed up, lost, and put back, by the commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result
from flask import Flask

from portal.backup import service
from portal.cli import main
from portal.settings import Settings
from tests.conftest import SECRET_KEY, VAULT_KEY
from tests.deliveries.stage import Stage


@dataclass
class Machine:
    stage: Stage
    settings: Settings

    @property
    def env(self) -> dict[str, str]:
        return {
            "DATA": str(self.settings.data), "DATABASE_URL": self.settings.database_url,
            "PORTAL_SECRET_KEY": SECRET_KEY, "PORTAL_VAULT_KEY": VAULT_KEY, "PORTAL_ALLOW_PRIVATE_ENDPOINTS": "1",
            "PORTAL_NMBRS_SOAP_URL": self.settings.nmbrs_soap_url, "PORTAL_CONNEXIE_URL": self.settings.connexie_url,
            "PORTAL_LEASE_SECONDS": "4", "PORTAL_REMOTE_SECONDS": "2",
        }  # fmt: skip

    def run(self, *words: str, code: int = 0, **more: str) -> Result:
        done = CliRunner().invoke(main, list(words), env={**self.env, **more})
        assert done.exit_code == code, (done.output, done.exception)
        return done

    def backup(self) -> Path:
        self.run("backup")
        return service.backups(self.settings.backups)[-1]

    def restore(self, file: Path, *words: str, code: int = 0, **more: str) -> Result:
        """Everything else that runs is stopped first."""
        self.stage.acting.engine.dispose()
        return self.run("restore", str(file), "--replace", *words, code=code, **more)


def again(machine: Machine, make_app: Callable[..., Flask]) -> Stage:
    """The portal, started on what was put back."""
    acting = make_app().extensions["portal"]
    return Stage(acting, machine.stage.cast, machine.stage.sandbox, machine.stage.period)
