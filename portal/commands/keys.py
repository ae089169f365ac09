"""`portal keys`: make them, change them, see what needs them, let them go."""

from __future__ import annotations

import secrets
import sys

import click

from portal import app
from portal.commands.start import at_work
from portal.kernel.work import Acting, Actor
from portal.keycare import rotate, worker_key
from portal.keycare.rotate import KeyUse
from portal.keys import new_key

GIVEN = (
    "{name} comes from the environment, so it was not replaced. To replace it: put the present key in {name}_OLD, a "
    "new one (`portal keys new`) in {name}, restart everything, and run this once more."
)


@click.group()
def keys() -> None:
    """Keys."""


@keys.command("new")
def new_keys() -> None:
    """Print fresh keys for a new installation."""
    click.echo(f"PORTAL_SECRET_KEY={secrets.token_urlsafe(48)}")
    click.echo(f"PORTAL_VAULT_KEY={new_key()}")


@keys.command("rotate")
def rotate_keys() -> None:
    """Replace the keys and seal everything anew; safe while people work, and safe to stop and start again."""
    with at_work() as acting:
        opening = _opening(acting)
        done = rotate.rotate(opening)
        given = rotate.in_environment(opening)
    for name in given:
        click.echo(GIVEN.format(name=name))
    for what, fresh in (("vault", done.fresh_vault), ("worker", done.fresh_worker)):
        click.echo(f"The key of the {what} is {'new' if fresh else 'the same'}.")
    click.echo(f"Sealed anew: {done.vault.moved} values and {done.worker.moved} tokens.")
    stuck = done.vault.stuck + done.worker.stuck
    if stuck or done.vault.left:
        click.echo(f"{stuck} cannot be opened with a key here, {done.vault.left} were in use. See: portal keys status")
        sys.exit(1)
    click.echo("Old keys stay until: portal keys retire. A backup from before needs them for as long as you keep it.")


@keys.command("status")
def status() -> None:
    """Show which keys are here and how much needs each. Shows no key."""
    with at_work() as acting:
        for use in rotate.status(_opening(acting)):
            click.echo(_line(use))


@keys.command("retire")
def retire() -> None:
    """Take keys that nothing needs any more out of their file. Keep a copy for the backups that need it."""
    with at_work() as acting:
        gone = rotate.retire(_opening(acting))
    for use in gone:
        click.echo(f"Retired: {_line(use)}")
    if not gone:
        click.echo("No key can go.")


def _opening(acting: Acting) -> Acting:
    worker_key.ensure(acting)
    return app.for_worker(acting.as_actor(Actor("beheer")))


def _line(use: KeyUse) -> str:
    newest = ", newest" if use.newest else ""
    return f"{use.kind} key {use.id}{newest}{'' if use.here else ', NOT HERE'}: needed by {use.used}"
