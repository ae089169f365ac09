"""A5, A6, A7, A13 with four real web processes and a restart: what is counted is counted once for all of them, and of
fifty who use one code or link at once, one succeeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx
import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from portal.accounts.invite import invite
from portal.accounts.models import OneTimeLink, RecoveryCode, User
from portal.kernel.work import Acting, Role
from portal.settings import Settings
from tests.accounts.test_factor import code_of, turn_on
from tests.accounts.test_links import link_in, mails
from tests.browse import Visitor
from tests.conftest import SECRET_KEY, VAULT_KEY
from tests.factories.people import Cast
from tests.installation import clean_env, free_port, web

MANY, WORKERS = 50, 4
NEW = "een heel nieuw lang wachtwoord"
SignIn = Callable[[str], Visitor]


@dataclass
class Site:
    """Real processes on the database of the test; `port` is the same after a restart."""

    port: int
    start: Callable[[], AbstractContextManager[None]]
    stack: ExitStack

    def browser(self, number: int) -> httpx.Client:
        """Somebody at an address of their own."""
        transport = httpx.HTTPTransport(local_address=f"127.0.1.{number + 1}")
        client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", transport=transport, timeout=120)
        return self.stack.enter_context(client)

    def browsers(self) -> list[httpx.Client]:
        return [self.browser(number) for number in range(MANY)]


@pytest.fixture
def site(settings: Settings, acting: Acting, tmp_path: Path) -> Iterator[Site]:
    port = free_port()
    env = clean_env(
        settings.data, DATABASE_URL=settings.database_url, PORTAL_BASE_URL=f"http://127.0.0.1:{port}",
        PORTAL_SECRET_KEY=SECRET_KEY, PORTAL_VAULT_KEY=VAULT_KEY, PORTAL_ALLOW_PRIVATE_ENDPOINTS="1",
    )  # fmt: skip
    with ExitStack() as stack:
        yield Site(port, lambda: web(env, port, tmp_path, workers=WORKERS), stack)


def token_on(page: httpx.Response) -> dict[str, str]:
    field = BeautifulSoup(page.text, "html5lib").select_one("main [name=csrf_token]")
    assert field is not None, page.text[:500]
    return {"csrf_token": str(field["value"])}


def try_password(
    client: httpx.Client, email: str, password: str = "niet het wachtwoord", **more: Any
) -> httpx.Response:
    data = {"email": email, "password": password, **token_on(client.get("/inloggen"))}
    return client.post("/inloggen", data=data, **more)


def at_once(clients: Sequence[httpx.Client], path: str, data: dict[str, str]) -> Counter[int]:
    """Everybody opens the page; then all send its form at the same moment."""
    tokens, start = [token_on(client.get(path)) for client in clients], Barrier(len(clients))

    def one(client: httpx.Client, token: dict[str, str]) -> int:
        start.wait()
        return client.post(path, data={**data, **token}).status_code

    with ThreadPoolExecutor(len(clients)) as pool:
        return Counter(pool.map(one, clients, tokens))


def test_a7_ten_tries_of_an_account_over_four_processes_and_a_restart(site: Site, cast: Cast) -> None:
    """From many addresses at once; a forged header changes nothing."""
    alice = cast.mail("alice")
    with site.start():
        data = {"email": alice, "password": "niet het wachtwoord"}
        found = at_once([site.browser(number) for number in range(30)], "/inloggen", data)
        assert found == {422: 10, 429: 20}
    with site.start():
        forged = {"X-Forwarded-For": "198.51.100.7", "Forwarded": "for=198.51.100.7"}
        assert try_password(site.browser(40), alice, cast.password, headers=forged).status_code == 429
        assert try_password(site.browser(41), cast.mail("bob"), cast.password).status_code == 303


def test_a7_ten_tries_of_an_address_over_four_processes_and_a_restart(site: Site, cast: Cast) -> None:
    with site.start():
        here = [site.browser(0) for _ in range(24)]  # connections of their own, so to other processes
        tries = list(enumerate(here))
        with ThreadPoolExecutor(8) as pool:
            found = Counter(pool.map(lambda one: try_password(one[1], f"w{one[0]}@dezon.example").status_code, tries))
        assert found == {422: 10, 429: 14}
    with site.start():
        forged = {"X-Forwarded-For": "198.51.100.8"}
        assert try_password(site.browser(0), cast.mail("bob"), cast.password, headers=forged).status_code == 429
        assert try_password(site.browser(1), cast.mail("bob"), cast.password).status_code == 303


def half(site: Site, cast: Cast) -> list[httpx.Client]:
    """Fifty browsers that gave the password of Alice; not more at once than the limit of tries."""
    with ThreadPoolExecutor(4) as pool:
        clients = site.browsers()
        answers = list(pool.map(lambda one: try_password(one, cast.mail("alice"), cast.password), clients))
    assert {answer.headers.get("Location", "").partition("?")[0] for answer in answers} == {"/inloggen/code"}
    return clients


def test_a5_of_fifty_uses_of_one_code_one_succeeds(
    site: Site, cast: Cast, signed_in: SignIn, time_machine: Any
) -> None:
    time_machine.move_to(datetime.now(UTC) - timedelta(minutes=20), tick=True)
    secret, _codes = turn_on(signed_in("alice"))
    time_machine.move_to(datetime.now(UTC) + timedelta(minutes=20), tick=True)
    with site.start():
        found = at_once(half(site, cast), "/inloggen/code", {"code": code_of(secret)})
    assert found[303] == 1
    assert set(found) <= {303, 422, 429}


def test_a6_of_fifty_uses_of_one_recovery_code_one_succeeds(
    site: Site, acting: Acting, cast: Cast, signed_in: SignIn
) -> None:
    _secret, codes = turn_on(signed_in("alice"))
    with site.start():
        found = at_once(half(site, cast), "/inloggen/code", {"code": codes[0]})
    assert found[303] == 1
    assert set(found) <= {303, 422, 429}
    with acting.read() as work:
        used = select(func.count()).where(RecoveryCode.used_at.is_not(None))
        assert work.session.scalar(used) == 1


def test_a13_of_fifty_uses_of_one_invitation_one_succeeds(site: Site, acting: Acting, cast: Cast) -> None:
    path = (
        "/uitnodiging/"
        + invite(acting, "samen@dezon.example", Role.URENVERWERKER, "Brasserie De Zon").rsplit("/", 1)[1]
    )
    with site.start():
        found = at_once(site.browsers(), path, {"name": "Sanne Samen", "password": NEW})
    assert found == {303: 1, 404: MANY - 1}
    with acting.read() as work:
        assert work.session.scalar(select(func.count()).where(User.email == "samen@dezon.example")) == 1


def test_a13_of_fifty_uses_of_one_reset_one_succeeds(
    site: Site, acting: Acting, cast: Cast, settings: Settings, visitor: Visitor, worker: Callable[[], int]
) -> None:
    visitor.open("/wachtwoord-vergeten").submit("Stuur me een link", {"email": cast.mail("bob")}, status=200)
    worker()
    path = link_in(mails(settings)[-1])
    with site.start():
        found = at_once(site.browsers(), path, {"password": NEW})
        assert found == {303: 1, 404: MANY - 1}
        assert try_password(site.browser(0), cast.mail("bob"), NEW).status_code == 303
    with acting.read() as work:
        assert work.session.scalar(select(func.count()).where(OneTimeLink.used_at.is_not(None))) == 1
