"""`portal backup` and `portal restore`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import psycopg
from sqlalchemy.exc import SQLAlchemyError

from portal import app
from portal.backup import data_keys, restore, service
from portal.backup.sealed_file import NotOurs
from portal.backup.types import CannotRestore, Restored
from portal.commands.start import at_work, no_database, open_database, read_settings
from portal.kernel.filters import AMSTERDAM
from portal.kernel.work import Actor

KEEP = 14
FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
ROBOT = Actor("beheer")


@click.command("backup")
@click.option("--keep", default=KEEP, show_default=True, help="How many backups stay; 0 keeps all.")
def backup_command(keep: int) -> None:
    """Make a backup in PORTAL_BACKUP_DIR while the portal is in use. It is encrypted with the vault key: keep that key
    elsewhere. To have copies, copy the whole folder each time, and keep one data-keys.sealed: the newest."""
    with at_work() as acting:
        try:
            made = service.make(acting.as_actor(ROBOT), read_settings().backups, keep)
        except OSError as error:
            click.echo(f"The backup cannot be written: {error.strerror}.", err=True)
            sys.exit(1)
        except CannotRestore as error:
            click.echo(str(error), err=True)
            sys.exit(1)
    click.echo(f"{made.path} ({made.size} bytes)")
    click.echo(f"{data_keys.file_of(made.path.parent)} (data keys of {made.keys} tokens, as they are now)")


@click.command("restore")
@click.argument("file", type=FILE)
@click.option("--keys", "keys_file", type=FILE, help=f"Default: {data_keys.NAME} beside the backup.")
@click.option("--replace", "replace_all", is_flag=True, help="Put it in the place of the database that is there.")
@click.option("--without-tokens", is_flag=True, help="Customers hand their tokens over again.")
def restore_command(file: Path, keys_file: Path | None, replace_all: bool, without_tokens: bool) -> None:
    """Put a backup back. Stop `portal serve` and `portal worker` first."""
    found = read_settings()
    acting = app.for_worker(app.wire(found, open_database(found, current=False, whole=False)).as_actor(ROBOT))
    beside = keys_file or data_keys.file_of(file.parent)
    try:
        done = restore.restore(acting, file, beside, replace_all=replace_all, without_tokens=without_tokens)
    except (NotOurs, CannotRestore) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"The backup cannot be put back: {error.strerror or error}.", err=True)
        sys.exit(1)
    except (SQLAlchemyError, psycopg.Error) as error:
        no_database(error)
    finally:
        acting.engine.dispose()
    _tell(done)


def _tell(done: Restored) -> None:
    click.echo(f"The backup of {done.made_at.astimezone(AMSTERDAM):%d-%m-%Y %H:%M:%S} is back.")
    click.echo(f"Tokens: {done.tokens} back, {done.lost_tokens} to be handed over again.")
    click.echo(f"Lines that may have been sent since: of {done.doubtful_lines} parcels; they are looked up first.")
    if done.erased_again:
        click.echo(f"Erased again: {done.erased_again}.")
    click.echo("Everybody has to sign in again; open invitations, looks of support and waiting mails are void.")
    click.echo("Whoever was removed or got another role since is as before: look at Gebruikers. So are passwords.")
    click.echo("Deliveries that were not done are stopped; beheerders get a mail.")
    click.echo("Imports, exports and choices made after the backup are gone: tell the customers.")
