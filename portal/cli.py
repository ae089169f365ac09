"""The `portal` command."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path

import click
from email_validator import EmailNotValidError, validate_email

from portal import app, dangers, demo, migrate, serve, worker, writing
from portal.accounts import second_step
from portal.accounts.invite import invite
from portal.accounts.queries import organisation_name
from portal.audit import check as trail_check
from portal.audit import downloads
from portal.audit.queries import Wanted
from portal.commands.backup import backup_command, restore_command
from portal.commands.keys import keys
from portal.commands.people import organisation, person, privacy
from portal.commands.start import (
    DATABASE_FAULTS,
    at_work,
    no_database,
    open_database,
    prepare,
    read_settings,
    safe_settings,
)
from portal.deliveries import receipt_check
from portal.doctor.command import doctor
from portal.help import check
from portal.help.types import ContentError, Library
from portal.kernel.errors import PortalError
from portal.kernel.filters import AMSTERDAM
from portal.kernel.work import ROBOT, Acting, Actor, Role
from portal.sandbox import server as sandbox_server


@click.group()
def main() -> None:
    """Koppelportaal: help centre and integration portal."""


for command in (keys, backup_command, restore_command, person, organisation, privacy, doctor):
    main.add_command(command)


@main.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, envvar="PORT", show_default=True)
@click.option("--workers", default=serve.WORKERS, show_default=True)
def serve_command(host: str, port: int, workers: int) -> None:
    """Run the web process."""
    found = safe_settings()
    if not found.secure and not found.demo and not dangers.is_loopback(host):
        click.echo(
            "WARNING: people on other machines can reach this over http; set PORTAL_BASE_URL=https://…", err=True
        )
    prepare(found, opens=False)
    try:
        app.create_app(found)
    except ContentError as error:
        click.echo(f"A help page is wrong:\n{error}", err=True)
        sys.exit(2)
    serve.main(host, port, workers)


@main.command("worker")
def worker_command() -> None:
    """Run the worker process: mails and deliveries."""
    stop = worker.stop_on_signal()
    found = safe_settings()
    prepare(found, opens=True)
    worker.main(found, stop)


@main.command("sandbox")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=sandbox_server.DEFAULT_PORT, envvar="SANDBOX_PORT", show_default=True)
@click.option("--state", type=click.Path(path_type=Path), default=None, help="Folder that keeps what was booked.")
@click.option("--strict/--lenient", default=True, show_default=True, help="Refuse what the real server hides.")
def sandbox_command(host: str, port: int, state: Path | None, strict: bool) -> None:
    """Run the stand-ins of Nmbrs, Connexie and Horecalonen."""
    sandbox_server.main(host, port, state, strict)


@main.command("demo")
@click.option("--port", default=8000, envvar="PORT", show_default=True)
@click.option("--data", type=click.Path(path_type=Path), default=Path("var"), envvar="DATA", show_default=True)
def demo_command(port: int, data: Path) -> None:
    """Run everything with demo data: web, worker and stand-ins, until Ctrl-C."""
    sys.exit(demo.run(port, data.resolve()))


@main.group()
def db() -> None:
    """The database."""


@db.command()
def upgrade() -> None:
    """Bring the schema up to date; safe to run twice."""
    engine = open_database(read_settings(), current=False)
    try:
        migrate.upgrade(engine)
    except DATABASE_FAULTS as error:
        no_database(error)
    click.echo("The database is up to date.")


@main.group()
def audit() -> None:
    """What can be proven afterwards."""


@audit.command("verify")
def audit_verify() -> None:
    """Check the receipts and the trail: nothing changed, added, moved or cut. Safe while people and workers go on."""
    found = read_settings()
    engine = open_database(found)
    acting = app.wire(found, engine)
    sound = [_verify_receipts(acting), _verify_trail(acting)]
    engine.dispose()
    if not all(sound):
        sys.exit(1)


def _verify_receipts(acting: Acting) -> bool:
    report = receipt_check.verify(acting)
    erased = f", {report.erased} without their body (erased)" if report.erased else ""
    click.echo(f"Checked {report.checked} receipts{erased}. Head: {report.checked} {report.head.hash[:12]}")
    return _told(report.wrong, noted=report.anchored or not report.checked)


def _verify_trail(acting: Acting) -> bool:
    report = trail_check.verify(acting)
    seals = f"{report.head.count} {report.head.hash[:12]}"
    gone = f", {report.forgotten} forgotten after their time" if report.forgotten else ""
    click.echo(f"Checked {report.rows} rows of the trail, {report.fresh} nog niet verzegeld{gone}. Seals: {seals}")
    return _told(report.wrong, noted=report.anchored or not report.head.count)


def _told(wrong: str, *, noted: bool) -> bool:
    if wrong:
        click.echo(f"WRONG at {wrong}.", err=True)
    elif not noted:
        click.echo("There was no note of an earlier end on this machine; it is written now.")
    return not wrong


@audit.command("export")
@click.option("--organisation", type=int, required=True, help="Number of the customer.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File to make; a CSV.")
def audit_export(organisation: int, out: Path) -> None:
    """Write the trail of one customer to a file that only you can read. The trail says that you did."""
    found = read_settings()
    acting = app.wire(found, open_database(found))
    try:
        name = _export_trail(acting, organisation, out)
    except PortalError as error:
        click.echo(error.message, err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"{out} cannot be made: {error.strerror}.", err=True)
        sys.exit(1)
    finally:
        acting.engine.dispose()
    click.echo(f"The trail of {name} is in {out}.")


def _export_trail(acting: Acting, organisation: int, out: Path) -> str:
    """Return the name of the customer. Raises NotFound, OSError."""
    with acting.read() as work:
        name = organisation_name(work, organisation)
    actor = Actor(ROBOT, organisation_id=organisation, organisation_name=name)
    with open(out, "xb", opener=_private) as file:
        file.writelines(downloads.take(acting.as_actor(actor), Wanted(), {organisation: name}, by="opdrachtregel"))
    return name


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@main.group("help")
def help_pages() -> None:
    """The help pages, for who writes them."""


@help_pages.command("check")
@click.option("--days", default=check.FRESH_DAYS, show_default=True, help="How long a page stays fresh.")
def help_check(days: int) -> None:
    """Say what is wrong: links, anchors, captions, long sentences, words off the list, old pages and clips."""
    found = read_settings()
    try:
        library: Library = app.create_app(found).extensions["help_opening"].check()
    except ContentError as error:
        click.echo(error, err=True)
        sys.exit(1)
    words = check.read_words(found.content.parent / "woorden.txt")
    problems = check.check(library, words, check.read_screens(app.ROOT), datetime.now(AMSTERDAM).date(), days)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        sys.exit(1)
    click.echo(f"{len(library.pages)} pages are in order.")


@help_pages.command("write")
@click.option("--port", default=8001, show_default=True)
def help_write(port: int) -> None:
    """Show the pages while you write: the browser follows each change."""
    found = read_settings()
    writing.serve(found, port, found.content)


@main.command("remove-factor")
@click.argument("mail")
def remove_factor_command(mail: str) -> None:
    """Take the second factor of an account away; make sure first who asks for it."""
    with at_work() as acting:
        gone = second_step.remove(acting.as_actor(Actor("beheer")), mail)
    click.echo("Removed; every session ended." if gone else "There was none; every session ended.")


@main.command("invite")
@click.argument("mail")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--organisation", default="", help="Name of the customer; made when it is new.")
def invite_command(mail: str, role: str, organisation: str) -> None:
    """Invite somebody; prints the link when no mail server is set."""
    found = read_settings()
    try:
        address = validate_email(mail, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        click.echo("This is not an e-mail address.", err=True)
        sys.exit(2)
    with at_work() as acting:
        link = invite(acting.as_actor(Actor(ROBOT)), address, Role(role), organisation.strip())
    click.echo("The invitation is on its way." if found.smtp_url else link)
