"""`portal doctor`: what is wrong with this installation, a line for each thing with what to do."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

import click

from portal.dangers import Finding
from portal.doctor import configuration, database, environment, files, network
from portal.kernel import logs
from portal.settings import has_own_worker_key


@click.command("doctor")
@click.option("--quick", is_flag=True, help="Do not walk through the chains, which may take minutes.")
def doctor(quick: bool) -> None:
    """Say what is wrong with this configuration for production; exit 1 when something is. Warnings do not count."""
    logs.configure()
    found = examine(os.environ, chains=not quick)
    for one in sorted(found, key=lambda one: not one.wrong):
        click.echo(f"{'WRONG  ' if one.wrong else 'WARNING'}  {one}")
    wrong = sum(one.wrong for one in found)
    click.echo(f"{wrong} wrong, {len(found) - wrong} warnings.")
    if wrong:
        sys.exit(1)


def examine(environ: Mapping[str, str], *, chains: bool = True) -> list[Finding]:
    """Everything that can be known; works before there is a database. Changes nothing but what `audit verify` does."""
    settings, found, real_keys = environment.read(environ)
    if settings is None:
        return found
    found += configuration.examine(settings)
    found += files.examine(settings, environment.secret_files(environ))
    found += _worker_key(environ)
    found += database.examine(settings, real_keys=real_keys, chains=chains)
    return found + network.examine(settings)


def _worker_key(environ: Mapping[str, str]) -> list[Finding]:
    if has_own_worker_key(environ):
        return []
    what = "The key of the worker, which opens tokens, is made in the data folder: who copies that has it."
    return [Finding(what, "Set PORTAL_WORKER_KEY_FILE to a file that only the worker reads.", wrong=False)]
