"""B1, A12: every address x method x role, by real requests of people who are signed in, against docs/access.csv.

Who may call an address reaches its view; nobody else does.
"""

from __future__ import annotations

import csv
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import WebSession
from portal.kernel.work import Acting, Role
from tests.architecture.test_access_table import METHODS, TABLE
from tests.browse import Visitor, check_headers
from tests.factories.people import Cast
from tests.proof import world
from tests.proof.caller import Caller, Snapshot
from tests.proof.pages import ROLES

PEOPLE = {"niemand": "anybody", **{name: role.value for name, role in ROLES.items()}}
OTHER_METHODS = ("PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")
# another rule takes a POST there: …/<outcome>
TWO = "/portaal/leveringen/<int:delivery_id>/regels/<int:line_id>/staat-er-niet"
Row = dict[str, str]


class Portal:
    """The application with everybody signed in; `reached` has the endpoint of the view that ran."""

    def __init__(self, app: Flask, acting: Acting, cast: Cast, sandbox: str, folder: Path) -> None:
        self.app, self.acting, self.reached = app, acting, list[str]()
        self.world = world.make(app, acting, cast, sandbox)
        people = {"niemand": Visitor(app.test_client()), **self.world.people}
        self.callers = {name: Caller(people[name]) for name in PEOPLE}
        for endpoint, view in app.view_functions.items():
            app.view_functions[endpoint] = self._noting(endpoint, view)
        self.rules = {str(rule): rule for rule in app.url_map.iter_rules() if rule.methods}
        self.snapshot = Snapshot(acting, folder)

    def _noting(self, endpoint: str, view: Any) -> Any:
        @wraps(view)  # what it declares goes along
        def noted(*args: Any, **values: Any) -> Any:
            self.reached.append(endpoint)
            return view(*args, **values)

        return noted

    def ask(self, who: str, method: str, address: str) -> tuple[int, str, bool]:
        """Status, where to, and whether the view ran."""
        endpoint = self.endpoint(address, method)
        self.reached.clear()
        answer = self.callers[who].call(method, self.path(address, endpoint))
        check_headers(answer)
        if self.reached and method == "POST":
            self.snapshot.restore()
        return answer.status_code, answer.headers.get("Location", ""), bool(self.reached)

    def endpoint(self, address: str, method: str) -> str:
        """Two views may share an address."""
        for rule in self.app.url_map.iter_rules():
            if str(rule) == address and method in (rule.methods or ()):
                return rule.endpoint
        return next(rule.endpoint for rule in self.app.url_map.iter_rules() if str(rule) == address)

    def path(self, address: str, endpoint: str) -> str:
        names = next(rule.arguments for rule in self.app.url_map.iter_rules() if str(rule) == address)
        return self.world.path(endpoint, names)


def table() -> list[Row]:
    with TABLE.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def portal(app: Flask, acting: Acting, cast: Cast, sandbox: str, tmp_path: Path) -> Portal:
    return Portal(app, acting, cast, sandbox, tmp_path)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_b1_who_may_call_it_reaches_the_view_and_nobody_else(portal: Portal) -> None:
    wrong: list[object] = []
    asked: set[tuple[str, str, str]] = set()
    for row in table():
        for who, column in PEOPLE.items():
            for method in ("GET", "HEAD") if row["method"] == "GET" else (row["method"],):
                answer = portal.ask(who, method, row["address"])
                if not fits(answer, who, allowed=row[column] == "yes", public=row["anybody"] == "yes"):
                    wrong.append((who, method, row["address"], *answer))
            asked.add((row["address"], row["method"], who))
    assert wrong == []
    assert {place[:2] for place in asked} == declared(portal.app)
    assert len(asked) == len(table()) * (len(Role) + 1)


def fits(answer: tuple[int, str, bool], who: str, *, allowed: bool, public: bool) -> bool:
    """What is the same for everybody may be answered before its view, by kernel/ready.py."""
    status, location, reached = answer
    if allowed:
        return (reached or public) and status not in (401, 403) and status < 500
    if who == "niemand":
        return not reached and status == 303 and location.startswith("/inloggen")
    return not reached and status == 403


def declared(app: Flask) -> set[tuple[str, str]]:
    return {(str(rule), method) for rule in app.url_map.iter_rules() for method in (rule.methods or set()) & METHODS}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_b1_other_methods_reach_nothing(portal: Portal) -> None:
    known = declared(portal.app)
    wrong = []
    for address in sorted({address for address, _method in known}):
        for method in (*OTHER_METHODS, *({"GET", "POST"} - {one for path, one in known if path == address})):
            for who in PEOPLE:
                if (TWO, method) == (address, "POST"):
                    continue
                status, _location, reached = portal.ask(who, method, address)
                if reached or status != 405:
                    wrong.append((who, method, address, status))
    assert wrong == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a12_an_old_sign_in_does_not_reach_what_asks_for_a_recent_one(portal: Portal) -> None:
    """Sixteen minutes after signing in, by everybody who may."""
    with portal.acting.begin() as work:
        for one in work.session.scalars(select(WebSession)):
            one.authenticated_at = work.now - timedelta(minutes=16)
    portal.snapshot = Snapshot(portal.acting, portal.snapshot.kept.parent)
    wrong = []
    for row in table():
        for who, column in PEOPLE.items():
            if row[column] != "yes" or row["anybody"] == "yes":
                continue
            status, location, reached = portal.ask(who, row["method"], row["address"])
            asked_again = not reached and status == 303 and location.startswith("/bevestigen")
            if asked_again != (row["recent sign-in"] == "yes") or reached == asked_again:
                wrong.append((who, row["method"], row["address"], status, location))
    assert wrong == []
