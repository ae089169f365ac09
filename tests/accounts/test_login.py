"""Signing in and out (A3, A8, A9, A10, D5)."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import func, select, text

from portal.accounts.models import User, WebSession
from portal.accounts.password import make_hash, matches
from portal.kernel.access import safe_next
from portal.kernel.work import Acting
from portal.secret import Secret
from tests.browse import Visitor
from tests.factories.people import Cast

WRONG = "Dit e-mailadres en wachtwoord horen niet bij elkaar."


def test_a_customer_signs_in_and_lands_on_the_portal(visitor: Visitor, cast: Cast) -> None:
    page = visitor.sign_in(cast.mail("alice"), cast.password)
    assert page.path == "/portaal"
    assert "Brasserie De Zon" in page.text("header")


def test_support_lands_on_the_requests(visitor: Visitor, cast: Cast) -> None:
    assert visitor.sign_in(cast.mail("support"), cast.password).path == "/support/aanvragen"


def test_the_address_may_have_other_capitals_and_blanks(visitor: Visitor, cast: Cast) -> None:
    assert visitor.sign_in("  Alice@DeZon.example ", cast.password).path == "/portaal"


@pytest.mark.parametrize(
    ("email", "password"),
    [("alice@dezon.example", "een ander wachtwoord"), ("niemand@dezon.example", "vier rustige woorden samen")],
)
def test_a8_wrong_and_unknown_get_the_same_answer(visitor: Visitor, cast: Cast, email: str, password: str) -> None:
    page = visitor.open("/inloggen").submit("Inloggen", {"email": email, "password": password}, status=422)
    assert WRONG in page.text(".error-summary")
    assert password not in str(page.soup)
    assert page.soup.select_one("#email")["value"] == email  # type: ignore[index]


def test_a8_unknown_address_takes_as_long_as_a_known_one(acting: Acting, cast: Cast, visitor: Visitor) -> None:
    """Not a bound in seconds: both do the same work, one Argon2 hash."""

    def median(email: str) -> float:
        times = []
        for _ in range(3):  # nine in all: the eleventh from one address would wait
            form = visitor.open("/inloggen")
            start = time.perf_counter()
            form.submit("Inloggen", {"email": email, "password": "x" * 20}, status=422)
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    median("alice@dezon.example")
    assert median("niemand@dezon.example") > median("alice@dezon.example") / 4


def test_a3_passwords_are_kept_as_argon2id_of_64_mib(acting: Acting, cast: Cast) -> None:
    with acting.read() as work:
        stored = work.session.scalars(select(User.password_hash)).first()
    assert stored is not None
    memory = re.match(r"\$argon2id\$v=19\$m=(\d+),", stored)
    assert memory is not None
    assert int(memory[1]) >= 46 * 1024


def test_a3_an_old_cheap_hash_is_made_again_at_sign_in(acting: Acting, cast: Cast, visitor: Visitor) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(cast.password)
    with acting.begin() as work:
        work.session.get_one(User, cast.actors["alice"].user_id).password_hash = cheap
    visitor.sign_in(cast.mail("alice"), cast.password)
    with acting.read() as work:
        assert "m=65536" in str(work.session.get_one(User, cast.actors["alice"].user_id).password_hash)


BURST = """
import re, threading
from pathlib import Path
from portal.accounts.password import make_hash, matches
from portal.secret import Secret
threads = [threading.Thread(target=make_hash, args=(Secret("een twee drie vier"),)) for _ in range(24)]
[t.start() for t in threads]; [t.join() for t in threads]
# not ru_maxrss: that of the process that started this one counts there too
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def test_a3_a_burst_of_sign_ins_does_not_use_up_the_memory() -> None:
    """24 hashes of 64 MiB at once would take 1,500 MiB; two at a time take far less."""
    done = subprocess.run([sys.executable, "-c", BURST], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 500


def cookies(visitor: Visitor) -> str:
    found = visitor.client.get_cookie("portaal")
    assert found is not None
    return found.value


def with_cookie(app: Flask, value: str) -> Visitor:
    replay = Visitor(app.test_client())
    replay.client.set_cookie("portaal", value)
    return replay


def test_a10_signing_out_ends_the_session_at_the_server(app: Flask, signed_in: Callable[[str], Visitor]) -> None:
    alice = signed_in("alice")
    stolen = cookies(alice)
    assert with_cookie(app, stolen).open("/portaal").path == "/portaal"
    alice.open("/portaal").submit("Uitloggen")
    assert with_cookie(app, stolen).open("/portaal").path == "/inloggen"


def test_a10_changing_the_password_ends_every_session(
    app: Flask, cast: Cast, signed_in: Callable[[str], Visitor]
) -> None:
    phone, laptop = signed_in("alice"), signed_in("alice")
    values = {"current": cast.password, "password": "nog vier heel andere woorden"}
    laptop.open("/portaal/account").submit("Wijzig wachtwoord", values)
    assert phone.open("/portaal").path == "/inloggen"
    assert laptop.open("/portaal").path == "/inloggen"
    assert laptop.sign_in(cast.mail("alice"), "nog vier heel andere woorden").path == "/portaal"


def test_a10_taking_access_away_ends_the_session_at_once(cast: Cast, signed_in: Callable[[str], Visitor]) -> None:
    bob, alice = signed_in("bob"), signed_in("alice")
    alice.post(
        f"/portaal/bedrijf/gebruikers/{cast.actors['bob'].user_id}/intrekken",
        csrf(alice, "/portaal/bedrijf/gebruikers"),
    )
    assert bob.open("/portaal").path == "/inloggen"


def csrf(visitor: Visitor, path: str) -> dict[str, str]:
    return {"csrf_token": str(visitor.open(path).soup.select_one("input[name=csrf_token]")["value"])}  # type: ignore[index]


def test_a9_a_cookie_from_before_signing_in_is_worth_nothing(app: Flask, cast: Cast) -> None:
    visitor = Visitor(app.test_client())
    before = csrf(visitor, "/inloggen")
    fixated = cookies(visitor)
    visitor.sign_in(cast.mail("alice"), cast.password)
    assert with_cookie(app, fixated).open("/portaal").path == "/inloggen"
    visitor.post("/uitloggen", before, status=400)
    assert visitor.open("/portaal").path == "/portaal"


def test_a9_session_ids_are_long_and_kept_as_a_hash(
    acting: Acting, app: Flask, signed_in: Callable[[str], Visitor]
) -> None:
    alice = signed_in("alice")
    with alice.client.session_transaction() as session:
        token = session["_user_id"]
    assert len(token) >= 43
    with acting.read() as work:
        stored = work.session.scalars(select(WebSession.id_hash)).all()
        assert token not in stored
        rows = work.session.execute(text("SELECT * FROM web_session")).all()
    assert token not in str(rows)


def test_a_session_ends_after_half_an_hour_of_silence(
    app: Flask, acting: Acting, signed_in: Callable[[str], Visitor]
) -> None:
    alice = signed_in("alice")
    with acting.begin() as work:
        row = work.session.scalars(select(WebSession)).one()
        row.seen_at = work.now - timedelta(minutes=31)
    assert alice.open("/portaal").path == "/inloggen"


def test_a_session_ends_after_twelve_hours_of_work(acting: Acting, signed_in: Callable[[str], Visitor]) -> None:
    alice = signed_in("alice")
    with acting.begin() as work:
        row = work.session.scalars(select(WebSession)).one()
        row.created_at = work.now - timedelta(hours=12, minutes=1)
    assert alice.open("/portaal").path == "/inloggen"


def test_opening_the_sign_in_page_writes_nothing(acting: Acting, visitor: Visitor) -> None:
    """D5: anonymous visitors cost no row."""
    for _ in range(3):
        visitor.open("/inloggen")
    with acting.read() as work:
        assert work.session.scalar(select(func.count()).select_from(WebSession)) == 0


def test_after_signing_in_the_visitor_is_where_he_wanted(visitor: Visitor, cast: Cast) -> None:
    page = visitor.open("/portaal/uren?vestiging=1")
    assert page.path == "/inloggen"
    after = page.submit("Inloggen", {"email": cast.mail("bob"), "password": cast.password})
    assert after.path == "/portaal/uren"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "\\\\evil",
        "/x\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "",
    ],
)
def test_d5_next_stays_on_this_site(visitor: Visitor, cast: Cast, target: str) -> None:
    assert safe_next(target) is None
    page = visitor.open("/inloggen", query={"next": target})
    assert page.submit("Inloggen", {"email": cast.mail("bob"), "password": cast.password}).path == "/portaal"


def test_a_password_of_100_kb_is_answered_at_once(visitor: Visitor, cast: Cast) -> None:
    values = {"email": cast.mail("alice"), "password": "x" * 100_000}
    visitor.open("/inloggen").submit("Inloggen", values, status=422)


def test_d5_a_form_without_a_token_is_refused(visitor: Visitor, cast: Cast) -> None:
    page = visitor.post("/inloggen", {"email": cast.mail("alice"), "password": cast.password}, status=400)
    assert "verlopen" in page.text()


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_d5_a_form_from_another_site_is_refused(visitor: Visitor, cast: Cast, headers: dict[str, str]) -> None:
    token = csrf(visitor, "/inloggen")
    visitor.headers = headers
    values = {"email": cast.mail("alice"), "password": cast.password, **token}
    visitor.post("/inloggen", values, status=403)


def test_the_cookie_is_closed_to_scripts_and_other_sites(make_app: Callable[..., Flask]) -> None:
    """E2: `__Host-`, Secure, HttpOnly and SameSite under https."""
    answer = (
        make_app(base_url="https://portaal.example").test_client().get("/inloggen", base_url="https://portaal.example")
    )
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-portaal=")
    for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in cookie
    assert answer.headers["Strict-Transport-Security"]


def test_make_hash_takes_spaces_and_emoji() -> None:
    phrase = Secret("  taart 🍰 en koffie om vier uur ")
    assert matches(make_hash(phrase), phrase)
    assert not matches(make_hash(phrase), Secret("taart 🍰 en koffie om vier uur"))
