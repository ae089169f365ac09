"""B1: who may call what, read from the addresses themselves and tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal.kernel.access import MEMBERS, Audience, audience_of, safe_next
from portal.kernel.work import Role
from tests.browse import Visitor, check_headers

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FILLED = {"key": "nmbrs", "token": "x" * 43, "path": "x", "extension": "csv", "outcome": "afgehandeld"}


def addresses(app: Flask) -> list[tuple[str, str, Audience]]:
    """Every method and address with its audience; ids are of things that do not exist."""
    found = []
    for rule in app.url_map.iter_rules():
        audience = audience_of(app.view_functions[rule.endpoint])
        assert audience is not None
        values: dict[str, Any] = {name: FILLED.get(name, 987654) for name in rule.arguments}
        with app.test_request_context():
            path = app.url_for(rule.endpoint, **values)
        found += [(method, path, audience) for method in sorted((rule.methods or set()) & {"GET", "POST"})]
    return found


@SQLITE
def test_b1_every_address_refuses_whoever_it_is_not_for(app: Flask, signed_in: Callable[[str], Visitor]) -> None:
    """Every address x method x role: a stranger goes to the sign-in page, another role gets 403."""
    people = {
        Role.BEHEERDER: "alice", Role.URENVERWERKER: "bob", Role.ACCOUNTANT: "eva", Role.SUPPORT: "support",
        Role.SUPPORT_LEAD: "lead",
    }  # fmt: skip
    assert set(people) == set(Role)
    visitors = {role: signed_in(name).client for role, name in people.items()}
    stranger, refused = app.test_client(), 0
    for method, path, audience in addresses(app):
        if audience is Audience.PUBLIC or path == "/uitloggen":
            continue
        answer = stranger.open(path, method=method)
        assert answer.status_code == (400 if method == "POST" else 303) or "/inloggen" in answer.headers["Location"]
        assert answer.status_code < 400 or method == "POST"
        for role, client in visitors.items():
            if role not in MEMBERS[audience]:
                answer = client.open(path, method=method)
                assert answer.status_code == 403, (method, path, role)
                check_headers(answer)
                assert answer.headers["Cache-Control"] == "no-store"
                refused += 1
    assert refused > 60


@SQLITE
def test_b1_a_view_without_an_audience_is_refused(app: Flask, signed_in: Callable[[str], Visitor]) -> None:
    app.add_url_rule("/vergeten", "forgotten", lambda: "geheim")
    for client in (app.test_client(), signed_in("alice").client, signed_in("support").client):
        answer = client.get("/vergeten")
        assert answer.status_code == 403
        assert "geheim" not in answer.get_data(as_text=True)


@given(st.text(max_size=30))
def test_d5_next_is_a_path_of_this_site_or_nothing(target: str) -> None:
    for text in (target, "/" + target, "//" + target, "/\\" + target):
        found = safe_next(text)
        assert found is None or (found.startswith("/") and found[1:2] not in ("/", "\\") and " " not in found)
