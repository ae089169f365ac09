"""A7: how often something may be tried, counted in the database."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from portal.accounts import throttle
from portal.kernel.errors import TooOften
from portal.kernel.work import Acting
from tests.browse import Visitor
from tests.factories.people import Cast


def wrong(visitor: Visitor, email: str, status: int = 422) -> str:
    page = visitor.open("/inloggen").submit(
        "Inloggen", {"email": email, "password": "niet het wachtwoord"}, status=status
    )
    return page.text(".error-summary")


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_a7_the_eleventh_try_waits_whether_the_account_exists_or_not(visitor: Visitor, cast: Cast, name: str) -> None:
    email = cast.mail(name) if name == "alice" else "niemand@dezon.example"
    for _ in range(10):
        assert "horen niet bij elkaar" in wrong(visitor, email)
    said = wrong(visitor, email, 429)
    assert "te vaak geprobeerd" in said
    assert "5 minuten" in said
    page = visitor.open("/inloggen").submit("Inloggen", {"email": email, "password": cast.password}, status=429)
    assert page.path == "/inloggen"  # also with the right password


def test_a7_nobody_is_locked_out_for_good(visitor: Visitor, cast: Cast, time_machine: Any) -> None:
    time_machine.move_to(datetime.now(UTC))
    for _ in range(10):
        wrong(visitor, cast.mail("alice"))
    wrong(visitor, cast.mail("alice"), 429)
    time_machine.shift(timedelta(minutes=5, seconds=1))
    assert visitor.sign_in(cast.mail("alice"), cast.password).path == "/portaal"


def test_a7_another_address_does_not_pay_for_it_and_a_forged_header_changes_nothing(app: Flask, cast: Cast) -> None:
    here = Visitor(app.test_client())
    for number in range(10):
        here.client.environ_base["HTTP_X_FORWARDED_FOR"] = f"198.51.100.{number}"
        wrong(here, f"iemand{number}@dezon.example")
    wrong(here, "weer.iemand@dezon.example", 429)
    there = Visitor(app.test_client())
    there.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert there.sign_in(cast.mail("bob"), cast.password).path == "/portaal"


def test_a7_signing_in_well_does_not_count(visitor: Visitor, cast: Cast) -> None:
    for _ in range(14):
        assert visitor.sign_in(cast.mail("bob"), cast.password).path == "/portaal"
        visitor.open("/portaal").submit("Uitloggen")


def test_a7_fifty_at_once_are_counted_as_fifty(acting: Acting) -> None:
    def one(_number: int) -> bool:
        try:
            throttle.count(acting, throttle.LOGIN, "account iemand@dezon.example")
        except TooOften:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(one, range(50))) == throttle.LOGIN.most


def test_a7_a_restart_forgets_nothing(visitor: Visitor, make_app: Callable[..., Flask], cast: Cast) -> None:
    for _ in range(10):
        wrong(visitor, cast.mail("alice"))
    again = Visitor(make_app().test_client())
    wrong(again, cast.mail("alice"), 429)


def ask_reset(app: Flask, email: str, place: str, status: int = 200) -> str:
    visitor = Visitor(app.test_client())
    visitor.client.environ_base["REMOTE_ADDR"] = place
    return visitor.open("/wachtwoord-vergeten").submit("Stuur me een link", {"email": email}, status=status).text()


@pytest.mark.parametrize("email", ["alice@dezon.example", "niemand@dezon.example"])
def test_a7_a_sixth_reset_on_one_day_waits_for_known_and_unknown_alike(app: Flask, cast: Cast, email: str) -> None:
    assert cast.mail("alice") == "alice@dezon.example"
    for number in range(5):
        ask_reset(app, email, f"203.0.113.{number}")
    assert "24 uur" in ask_reset(app, email, "203.0.113.9", 429)


@pytest.mark.parametrize("email", ["alice@dezon.example", "niemand@dezon.example"])
def test_a7_one_place_cannot_use_up_the_resets_of_somebody(app: Flask, cast: Cast, email: str) -> None:
    for _ in range(3):
        ask_reset(app, email, "203.0.113.1")
    for _ in range(4):
        assert "24 uur" in ask_reset(app, email, "203.0.113.1", 429)
    ask_reset(app, email, "203.0.113.2")
    ask_reset(app, email, "203.0.113.2")


def test_a7_one_place_asks_for_twenty_accounts_a_day(app: Flask, cast: Cast) -> None:
    for number in range(20):
        ask_reset(app, f"iemand{number}@dezon.example", "2001:db8::1")
    ask_reset(app, "nog.iemand@dezon.example", "2001:db8::2", 429)


def test_a7_in_no_five_minutes_are_there_more_than_ten(acting: Acting, time_machine: Any) -> None:
    """Ten at the end of one stretch and ten at the start of the next would be twenty in a minute."""
    start = datetime.now(UTC)
    done: list[int] = []
    for second in range(0, 1200, 7):
        time_machine.move_to(start + timedelta(seconds=second), tick=False)
        try:
            throttle.count(acting, throttle.LOGIN, "account iemand@dezon.example")
        except TooOften:
            continue
        done.append(second)
    assert all(sum(one <= other < one + 300 for other in done) <= 10 for one in done)
    assert len(done) >= 30  # and nobody waits longer than needed


def test_a7_a_try_that_succeeds_is_given_back_whenever_it_was(acting: Acting, time_machine: Any) -> None:
    start = datetime.now(UTC)
    for second in range(30):
        time_machine.move_to(start + timedelta(seconds=second), tick=False)
        counted_at = throttle.count(acting, throttle.LOGIN, "account a", "address b")
        time_machine.move_to(start + timedelta(seconds=second + 0.5), tick=False)
        throttle.give_back(acting, throttle.LOGIN, counted_at, "account a", "address b")
    for _ in range(10):
        throttle.count(acting, throttle.LOGIN, "account a")
    with pytest.raises(TooOften):
        throttle.count(acting, throttle.LOGIN, "account a")


def test_a7_who_is_refused_by_address_uses_up_no_tries_of_others(app: Flask, cast: Cast) -> None:
    here = Visitor(app.test_client())
    for number in range(10):
        wrong(here, f"iemand{number}@dezon.example")
    for _ in range(12):
        wrong(here, cast.mail("bob"), 429)
    there = Visitor(app.test_client())
    there.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert there.sign_in(cast.mail("bob"), cast.password).path == "/portaal"


def test_a7_the_own_password_has_a_limit_that_nobody_else_can_use_up(
    app: Flask, signed_in: Callable[[str], Visitor], cast: Cast
) -> None:
    alice, other = signed_in("alice"), Visitor(app.test_client())
    other.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    for _ in range(10):
        wrong(other, cast.mail("alice"))
    given = {"current": "niet het wachtwoord", "password": "een andere rustige zin"}
    for _ in range(10):
        page = alice.open("/portaal/account").submit("Wijzig wachtwoord", given, status=422)
        assert "niet je huidige" in page.text(".error-summary")
    page = alice.open("/portaal/account").submit("Wijzig wachtwoord", {**given, "current": cast.password}, status=422)
    assert "te vaak" in page.text(".error-summary")


def test_the_examples_run() -> None:
    assert doctest.testmod(throttle).failed == 0
