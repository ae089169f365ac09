"""The commands about people: what is kept of them, erasing them, and forgetting what is past its time."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from portal.commands.start import at_work
from portal.deliveries.retention import kept
from portal.kernel.work import Acting, Actor
from portal.privacy import dossier, run, service
from portal.privacy.classes import CLASSES
from portal.privacy.types import Stays

CUSTOMER = click.option("--organisation", default="", help="Name of the customer, for a team member.")
PERSON = click.option("--person", default="", help="Personnel number, e-mail address or whole name of a team member.")
ACCOUNT = click.option("--account", default="", help="E-mail address of an account.")
MEMBER = click.option("--member", type=int, multiple=True, help="Which one, when several fit; more than once is fine.")
YES = click.option("--yes", is_flag=True, help="Do not ask whether you are sure.")


@click.group()
def person() -> None:
    """Somebody who asks what is kept of them, or to be erased."""


@person.command("export")
@CUSTOMER
@PERSON
@ACCOUNT
@MEMBER
@click.option("--with-bsn", is_flag=True, help="With the BSN in full; the trail says so.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File to make; JSON.")
def person_export(
    organisation: str, person: str, account: str, member: tuple[int, ...], with_bsn: bool, out: Path
) -> None:
    """Write everything that is kept about a person to a file that only you can read (inzage)."""
    _require_one(organisation, person, account)
    with _open() as acting, _new_file(out) as file:
        if account:
            found = dossier.of_account(acting, account)
        else:
            found = dossier.of_member(acting, organisation, person, member, with_bsn=with_bsn)
        file.write((json.dumps(found, ensure_ascii=False, indent=2) + "\n").encode())
    click.echo(f"Everything is in {out}.")


@person.command("erase")
@CUSTOMER
@PERSON
@ACCOUNT
@MEMBER
@click.option("--drop-hours", is_flag=True, help="Also hours that nobody exported: they are then paid to nobody.")
@YES
def person_erase(
    organisation: str, person: str, account: str, member: tuple[int, ...], drop_hours: bool, yes: bool
) -> None:
    """Erase a person, in the database, in files and after every restore (wissing). Says what stays."""
    _require_one(organisation, person, account)
    _sure(f"Erase {account or person}? This cannot be undone.", yes=yes)
    with _open() as acting:
        if account:
            stays = service.erase_account_of(acting, account)
        else:
            stays = service.erase_person(acting, organisation, person, member, drop_hours=drop_hours)
    _tell(stays)


@click.group()
def organisation() -> None:
    """A customer as a whole."""


@organisation.command("erase")
@click.argument("name")
@YES
def organisation_erase(name: str, yes: bool) -> None:
    """Erase a customer: people, hours, tokens, files. Says what stays."""
    _sure(f"Erase everything of {name}? This cannot be undone.", yes=yes)
    with _open() as acting:
        stays = service.erase_organisation(acting, name)
    _tell(stays)


@click.group()
def privacy() -> None:
    """What is kept how long."""


@privacy.command("run")
def privacy_run() -> None:
    """Forget what is past its time; the worker does this each day. Safe at any time, and twice."""
    with _open() as acting:
        done = run.run(acting)
        with acting.read() as work:
            waiting = sum(kept(work).values())
    for key, count in done.items():
        if count:
            click.echo(f"{key}: {'FAILED, see the log' if count < 0 else count}")
    click.echo(f"Old hours that stay because they are under way: {waiting}.")
    if any(count < 0 for count in done.values()):
        sys.exit(1)


@privacy.command("show")
def privacy_show() -> None:
    """Print what is kept how long."""
    for one in CLASSES:
        click.echo(f"{one.what}: {one.how_long}.")


@contextmanager
def _open() -> Iterator[Acting]:
    with at_work() as acting:
        try:
            yield acting.as_actor(Actor("beheer"))
        except OSError as error:
            click.echo(f"{error.filename or 'A file'} cannot be written: {error.strerror or error}.", err=True)
            sys.exit(1)


def _require_one(organisation: str, person: str, account: str) -> None:
    if bool(account) == bool(person) or bool(person) != bool(organisation):
        raise click.UsageError("Give --account, or --organisation with --person.")


def _sure(question: str, *, yes: bool) -> None:
    if not yes:
        click.confirm(question, abort=True)


def _tell(stays: list[Stays]) -> None:
    click.echo("Gewist. Wat blijft:")
    for one in stays:
        click.echo(f"- {one}")


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that only you can read; gone again when there is nothing to put in it. Raises OSError."""
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        try:
            yield file
        except BaseException:
            path.unlink()
            raise
