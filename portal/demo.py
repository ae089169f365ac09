"""`portal demo`: everything on one machine with invented data; nothing here is for production."""

from __future__ import annotations

import base64
import csv
import io
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from types import FrameType

from sqlalchemy import select

from portal import settings as settings_
from portal.accounts.invite import find_or_make
from portal.accounts.models import Organisation, User, Venue
from portal.accounts.password import make_hash
from portal.app import wire
from portal.help import examples
from portal.hours.service import import_file
from portal.kernel.filters import AMSTERDAM
from portal.kernel.work import STAFF, Acting, Actor, Role
from portal.keycare import worker_key
from portal.migrate import upgrade
from portal.secret import Secret

ORGANISATION = "Brasserie De Zon"
PASSWORD = "zonnig terras aan zee"  # noqa: S105 - a demo account on this machine only
ACCOUNTS = (
    ("beheerder@dezon.example", "Marit Zonneveld", Role.BEHEERDER),
    ("uren@dezon.example", "Joost Terpstra", Role.URENVERWERKER),
    ("support@portaal.example", "Sam Support", Role.SUPPORT),
    ("hoofd@portaal.example", "Hanna Hoofd", Role.SUPPORT_LEAD),
    ("accountant@kantoor.example", "Anouk van Dam", Role.ACCOUNTANT),
)
NMBRS_MAIL, NMBRS_TOKEN = "koppeling@brasseriezon.example", "sandbox-nmbrs-token-0001"
# name, personnel number, BSN (test vectors only); 111 is not in the Nmbrs stand-in: he is linked by hand
TEAM = (
    ("Sanne de Boer", "101", "123456782"),
    ("Youssef El Amrani", "102", "111222333"),
    ("Daan Visser", "103", "249566758"),
    ("Fleur Bakker", "104", "012345672"),
    ("Milan Kowalski", "105", ""),
    ("Bram de Groot", "111", "999999990"),
)
HEADINGS = (
    "Teamlid",
    "E-mail",
    "Personeelsnummer",
    "BSN",
    "Datum",
    "Start",
    "Eind",
    "Pauze",
    "Soort uren",
    "Goedgekeurd",
)
WAIT_SECONDS = 60


def run(port: int, data: Path) -> int:
    """Prepare and start everything; returns when Ctrl-C or the end of one part stops all of it."""
    if not _is_free(port):
        print(f"Poort {port} is bezet. Kies een andere: PORT=8001 make run", file=sys.stderr)  # noqa: T201
        return 1
    env = environment(port, data, sandbox_port=_free_port())
    settings = settings_.load(env)
    acting = wire(settings)
    upgrade(acting.engine)
    worker_key.ensure(acting)
    seed(acting)
    acting.engine.dispose()
    _example_file(data)
    children = [_start(env, *words) for words in _commands(port, data, env)]
    try:
        return _watch(children, port, data)
    finally:
        _stop(children)


def environment(port: int, data: Path, sandbox_port: int) -> dict[str, str]:
    """The settings of the demo, with keys of its own that are kept beside its data."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    sandbox = f"http://127.0.0.1:{sandbox_port}"
    ours = {
        "DATA": str(data),
        "PORT": str(port),
        "PORTAL_DEMO": "1",
        "PORTAL_BASE_URL": f"http://127.0.0.1:{port}",
        "PORTAL_SECRET_KEY_FILE": str(_key_file(data / "secret.key", secrets.token_urlsafe(48))),
        "PORTAL_VAULT_KEY_FILE": str(_key_file(data / "vault.key", base64.b64encode(secrets.token_bytes(32)).decode())),
        "PORTAL_ALLOW_PRIVATE_ENDPOINTS": "1",
        "PORTAL_NMBRS_SOAP_URL": f"{sandbox}/nmbrs/soap/v3",
        "PORTAL_CONNEXIE_URL": f"{sandbox}/connexie",
        "PORTAL_HORECALONEN_URL": f"{sandbox}/horecalonen",
        "SANDBOX_PORT": str(sandbox_port),
    }
    fixed = ("DATA", "PORT", "SANDBOX_PORT")
    # what somebody set wins: another Nmbrs server, another database, another key
    left = {name: value for name, value in ours.items() if name in fixed or not _is_set(name)}
    return {**os.environ, **left}


def _is_set(name: str) -> bool:
    plain = name.removesuffix("_FILE")
    return any(os.environ.get(one) for one in (plain, f"{plain}_FILE"))


def _key_file(path: Path, fresh: str) -> Path:
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(fresh + "\n")
    return path


def seed(acting: Acting) -> None:
    """Make the organisation, its people, last month's hours and what readers said; safe to call twice. A demo that an
    older version made gets the accounts that it lacks."""
    hashed = make_hash(Secret(PASSWORD))
    with acting.begin() as work:
        is_new = work.session.scalar(select(Organisation.id).where(Organisation.name == ORGANISATION)) is None
        organisation = find_or_make(work, ORGANISATION)
        known = set(work.session.scalars(select(User.email)))
        for mail, name, role in ACCOUNTS:
            if mail not in known:
                own = None if role in STAFF else organisation.id
                work.session.add(User(
                    email=mail, name=name, role=role, organisation_id=own, password_hash=hashed, created_at=work.now,
                ))  # fmt: skip
        if not is_new:
            return
        work.session.flush()
        examples.seed(work)
        user_id = work.session.scalar(select(User.id).where(User.email == ACCOUNTS[1][0]))
        venue_id = work.session.scalar(select(Venue.id).where(Venue.organisation_id == organisation.id))
    actor = Actor(ACCOUNTS[1][1], Role.URENVERWERKER, user_id, organisation.id, ORGANISATION)
    assert venue_id is not None  # noqa: S101 - find_or_make made it
    import_file(acting.as_actor(actor), venue_id, "uren-vorige-maand.csv", demo_csv(_last_month(), approved=True))


def _last_month() -> date:
    return (datetime.now(AMSTERDAM).date().replace(day=1) - timedelta(days=1)).replace(day=1)


def demo_csv(month: date, *, approved: bool) -> bytes:
    """A month of shifts: mornings, evenings, a night, a holiday, and one that nobody approved."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADINGS)
    for place, (name, number, bsn) in enumerate(TEAM):
        mail = f"{name.split()[0].lower()}@dezon.example"
        for week in range(4):
            day = month + timedelta(days=7 * week + place)
            start, end = (clock(17), clock(1)) if place % 2 else (clock(9, 30), clock(17, 45))
            kind = "vakantie" if (place, week) == (0, 3) else "gewerkt"
            agreed = "nee" if (place, week) == (2, 3) and approved else "ja"
            writer.writerow(
                (name, mail, number, bsn, f"{day:%d-%m-%Y}", f"{start:%H:%M}", f"{end:%H:%M}", 30, kind, agreed)
            )
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _example_file(data: Path) -> None:
    """A second file to try the import with: the first days of this month."""
    this_month = datetime.now(AMSTERDAM).date().replace(day=1)
    (data / "voorbeeld-uren.csv").write_bytes(demo_csv(this_month, approved=False))


def _commands(port: int, data: Path, env: Mapping[str, str]) -> list[tuple[str, ...]]:
    return [
        ("sandbox", "--port", env["SANDBOX_PORT"], "--state", str(data / "sandbox")),
        ("worker",),
        ("serve", "--port", str(port)),
    ]


def _start(env: Mapping[str, str], *words: str) -> subprocess.Popen[bytes]:
    # a session of its own: Ctrl-C reaches this process only, which then stops the parts in order
    command = [sys.executable, "-c", "from portal.cli import main; main()", *words]
    return subprocess.Popen(command, env=dict(env), start_new_session=True)


def _watch(children: list[subprocess.Popen[bytes]], port: int, data: Path) -> int:
    ended: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        ended.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    if _answers(port, children, ended):
        _print_welcome(port, data)
    while not ended:
        if any(child.poll() is not None for child in children):
            print("Een onderdeel is gestopt; zie de regels hierboven.", file=sys.stderr)  # noqa: T201
            return 1
        time.sleep(0.2)
    return 0


def _answers(port: int, children: list[subprocess.Popen[bytes]], ended: list[int]) -> bool:
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until and not ended and all(child.poll() is None for child in children):
        if not _is_free(port):
            return True
        time.sleep(0.1)
    return False


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in reversed(children):
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(timeout=25)
        except subprocess.TimeoutExpired:
            child.kill()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def _print_welcome(port: int, data: Path) -> None:
    shown = data.relative_to(Path.cwd()) if data.is_relative_to(Path.cwd()) else data
    rows = "\n".join(f"  {role.value:<14} {mail}" for mail, _name, role in ACCOUNTS)
    print(  # noqa: T201
        f"""
Koppelportaal draait op http://127.0.0.1:{port}  (stoppen: Ctrl-C)

Accounts, alle vijf met wachtwoord: {PASSWORD}
{rows}

Nmbrs van de demo (een namaak-server op deze machine):
  API-token      {NMBRS_TOKEN}
  E-mailadres    {NMBRS_MAIL}

Een bestand om te importeren: {shown}/voorbeeld-uren.csv
Mails staan in:               {shown}/mail
""",
        flush=True,
    )
