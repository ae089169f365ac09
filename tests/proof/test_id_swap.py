"""B2: a thing of another organisation answers exactly as one that does not exist, at every parameter of every address,
and changes nothing. The parameters are found: in the addresses, in the code, in the forms and on the pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.kernel.access import Audience
from portal.kernel.work import Acting
from tests.factories.people import Cast
from tests.proof import world
from tests.proof.caller import Caller, Snapshot, reading
from tests.proof.pages import Found, PageForm, routes, walk
from tests.proof.parameters import IDS, OTHERS, in_code, in_forms, known
from tests.proof.world import Values, World

KEEPS_MOVING = frozenset({
    "web_session", "tries", "audit_event", "audit_head", "audit_seal", "note", "passkey_question", "call_share",
})  # fmt: skip
MISSING_ID, MISSING_CODE, MISSING_TEXT = 987_654_321, "KP-0000-0000-0000-0000", "bestaat-niet-0000"
# an answer that is not 404, with the reason; the other organisation's must be the same as a missing one there too
NO_404 = {
    ("accounts.end_session", "session_id"): "a session that is gone already is no error",
    ("deliveries.ask_again", "line_id"): "409: not (any more) a line to decide about in this delivery",
    ("deliveries.decide", "line_id"): "409: not (any more) a line to decide about in this delivery",
}
# a form that the page shows in another state only
FORMS = {"deliveries.withdraw_export": {"sure": "y"}, "deliveries.processed": {"done": "y"}}
# what a request does to its own organisation, whatever is said here; both times the same
DOES_ITS_OWN = {
    ("deliveries.send", "not_double"): "sends the own export; who is not in it counts for nothing",
    ("corrections.read_period", "levering"): "reads the own period again; names the page to go to, which answers 404",
    ("corrections.read_period", "teamlid"): "reads the own period again; names the page to go to",
}


@dataclass(frozen=True)
class Target:
    endpoint: str
    method: str
    audience: Audience
    names: tuple[str, ...]

    @property
    def ids(self) -> list[str]:
        return [name for name in self.names if ("path", name) in IDS]

    @property
    def who(self) -> str:
        return {Audience.SUPPORT: "support", Audience.SUPPORT_LEAD: "lead"}.get(self.audience, "alice")


class Swap:
    """Makes the requests of a world."""

    def __init__(self, made: World, folder: Path) -> None:
        self.world, self.app = made, made.app
        self.callers = {name: Caller(made.people[name]) for name in ("alice", "support", "lead")}
        self.found = {name: walk(self.app, caller, self.starts(name)) for name, caller in self.callers.items()}
        self.before = self.rows()
        self.snapshot = Snapshot(made.acting, folder)

    def starts(self, who: str) -> Iterator[str]:
        for target in self.targets():
            if target.method == "GET" and target.who == who and target.endpoint != "help.asset":
                yield self.path(target, self.world.own)

    def targets(self) -> list[Target]:
        return [Target(*found) for found in routes(self.app)]

    def path(self, target: Target, values: Values, **changed: object) -> str:
        # an export that is not sent, where a sent one would only be refused
        unsent = {"export_id": values["unsent_id"]} if "versturen" in self.rule(target) else {}
        return self.world.path(target.endpoint, target.names, **{**values, **unsent, **changed})

    def rule(self, target: Target) -> str:
        return str(next(self.app.url_map.iter_rules(target.endpoint)))

    def form(self, target: Target, path: str) -> PageForm:
        """The form of the page itself, or one with nothing but its token."""
        offered = [one for one in self.found[target.who].forms if one.path == path and one.method == "POST"]
        bare = PageForm("POST", path, (), tuple(FORMS.get(target.endpoint, {}).items()))
        return max(offered, key=lambda one: len(one.query) + len(one.fields), default=bare)

    def send(self, target: Target, path: str, query: Values | None = None, form: Values | None = None) -> TestResponse:
        """What the page would send, with these parts changed."""
        caller = self.callers[target.who]
        if target.method != "POST":
            return caller.call(target.method, path + ("?" + urlencode(query) if query else ""))
        page = self.form(target, self.path(target, self.world.own))
        asked = {**dict(page.query), **(query or {})}
        return caller.call(
            "POST", path + ("?" + urlencode(asked) if asked else ""), {**dict(page.fields), **(form or {})}
        )

    def rows(self) -> dict[str, list[str]]:
        return world.everything(self.world.acting, but=KEEPS_MOVING)

    def changes(self) -> list[str]:
        now = self.rows()
        return [name for name, rows in self.before.items() if rows != now[name]]


@pytest.fixture
def swap(app: Flask, acting: Acting, cast: Cast, sandbox: str, tmp_path: Path) -> Iterator[Swap]:
    made = Swap(world.make(app, acting, cast, sandbox), tmp_path)
    yield made
    made.snapshot.drop()


def told(answer: TestResponse, *values: object) -> tuple[int, str, str]:
    """What an answer says, without the tokens of the session and the values that were asked for."""
    text = answer.get_data(as_text=True)
    text = re.sub(r'(data-(?:left|longest)=")[0-9]*', r"\1", text)  # seconds of the session
    text = re.sub(r'(name="csrf_token"[^>]*value=")[^"]*', r"\1", text)
    location = answer.headers.get("Location", "")
    for value in values:
        text, location = (re.sub(rf"\b{re.escape(str(value))}\b", "~", part) for part in (text, location))
    return answer.status_code, location, text


def apart(one: tuple[int, str, str], other: tuple[int, str, str]) -> tuple[object, ...]:
    """Where two answers differ, for who reads the failure."""
    lines = list(unified_diff(one[2].split("\n"), other[2].split("\n"), n=0, lineterm=""))[2:8]
    return one[:2], other[:2], lines


def missing(value: object) -> int | str:
    """Of the same shape, and nobody's."""
    if isinstance(value, int):
        return MISSING_ID
    return MISSING_CODE if value.startswith("KP-") else MISSING_TEXT  # type: ignore[attr-defined]


def test_b2_every_parameter_in_an_address_is_known(app: Flask) -> None:
    found = {("path", name) for _endpoint, _method, _audience, names in routes(app) for name in names}
    listed = {place for place in {*IDS, *OTHERS} if place[0] == "path"}
    assert found == listed


def test_b2_every_parameter_that_the_code_or_a_form_asks_for_is_known(app: Flask) -> None:
    """Also those of a page that no test opens."""
    assert [place for place in in_code() if not known(*place)] == []
    assert [one for one in in_forms() if not known("form", one[1]) and not known("query", one[1])] == []
    with app.test_request_context():
        listed = {name for place, name in {*IDS, *OTHERS} if place != "path"}
        asked = {name for _place, name in in_code()} | {name for _form, name in in_forms()}
    assert {"vestiging", "teamlid", "levering", "kenmerk", "venue"} <= asked & listed


def test_b2_another_organisations_thing_is_a_missing_thing(swap: Swap) -> None:
    offered = list(swap.found.values())
    assert_known(offered)
    own, other = swap.world.own, swap.world.other
    wrong: list[object] = []
    tried: set[tuple[str, str]] = set()
    for target in swap.targets():
        for name in target.ids:
            given = {name: other[name]}, {name: missing(other[name])}
            both = [one[name] for one in given]
            answers = [told(swap.send(target, swap.path(target, own, **one)), *both) for one in given]
            expected = (target.endpoint, name) in NO_404 or answers[0][0] == 404
            if answers[0] != answers[1] or not expected or swap.changes():
                wrong.append((target.method, swap.rule(target), name, *apart(*answers), swap.changes()))
            tried.add(("path", name))
        if len(target.ids) > 1:  # all of them of the other organisation, which belong together
            theirs = swap.path(target, other)
            nobodys = swap.path(target, own, **{name: missing(other[name]) for name in target.ids})
            values = [one for name in target.ids for one in (other[name], missing(other[name]))]
            answers = [told(swap.send(target, path), *values) for path in (theirs, nobodys)]
            if answers[0] != answers[1] or swap.changes():
                wrong.append((target.method, theirs, *apart(*answers), swap.changes()))
    assert not wrong, "\n".join(map(str, wrong))
    assert tried == {place for place in IDS if place[0] == "path"}


def assert_known(offered: list[Found]) -> None:
    for found in offered:
        assert [name for name in found.query_names if not known("query", name)] == []
        assert [name for name in found.form_names if not known("form", name)] == []


def test_b2_another_organisations_thing_in_a_query_or_form_is_a_missing_thing(swap: Swap) -> None:
    """Which address asks for which parameter is seen while it does what it does for its own organisation."""
    wrong: list[object] = []
    tried: set[tuple[str, str]] = set()
    for target in swap.targets():
        asked = own_answer(swap, target, wrong)
        wrong += [(target.endpoint, *place) for place in asked if not known(*place)]
        for place in sorted(asked & set(IDS)):
            tried.add(place)
            wrong += compare(swap, target, place)
    assert not wrong, "\n".join(map(str, wrong))
    assert tried == {place for place in IDS if place[0] != "path"}


def own_answer(swap: Swap, target: Target, wrong: list[object]) -> set[tuple[str, str]]:
    """What this address asks for; it must be there for its own organisation, or the other tests prove nothing."""
    with reading(swap.app) as asked:
        answer = swap.send(target, swap.path(target, swap.world.own), own_query(target, swap.world.own))
    if target.ids and answer.status_code not in (200, 302, 303, 409, 422):
        wrong.append((target.method, swap.rule(target), answer.status_code))
    if target.method == "POST":
        swap.snapshot.restore()
    return set(asked)


def own_query(target: Target, own: Values) -> Values:
    """An address that shows more when it is told of what."""
    if not target.endpoint.startswith(("exports.", "difference.", "corrections.", "hours.")):
        return {}
    return {"vestiging": own["venue_id"], "doel": "nmbrs", "periode": own["period"]}


def compare(swap: Swap, target: Target, place: tuple[str, str]) -> list[object]:
    """What is wrong about one parameter."""
    value = swap.world.other[IDS[place]]
    answers, changed = [], []
    for one in (value, missing(value)):
        query = own_query(target, swap.world.own) | ({place[1]: one} if place[0] == "query" else {})
        form = {place[1]: one} if place[0] == "form" else {}
        answer = swap.send(target, swap.path(target, swap.world.own), query, form)
        answers.append(told(answer, value, missing(value)))
        changed.append(swap.changes())
        if changed[-1]:
            swap.snapshot.restore()
    harmless = (target.endpoint, place[1]) in DOES_ITS_OWN and changed[0] == changed[1]
    if answers[0] != answers[1] or (any(changed) and not harmless):
        return [(target.method, swap.rule(target), place, *apart(*answers), changed)]
    return []
