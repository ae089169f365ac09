"""The trail: complete, in words, without values, and each organisation only its own."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from portal.audit.models import AuditEvent
from portal.audit.queries import latest, of_thing
from portal.audit.service import record
from portal.audit.words import ACTIONS, LABELS
from portal.integrations.providers.nmbrs.sandbox_world import DEMO_TOKEN
from portal.integrations.service import switch_on
from portal.kernel.errors import Forbidden
from portal.kernel.work import Acting
from tests.browse import Visitor
from tests.factories.people import Cast
from tests.factories.setup import activate_nmbrs
from tests.integrations import flow

CODE = Path(__file__).parents[2] / "portal"


def calls() -> list[ast.Call]:
    """Every call of `record(work, "...", ...)` and `look(acting(), "...", ...)`; both are imported by name."""
    files = [path for path in CODE.rglob("*.py") if path != CODE / "audit" / "service.py"]
    nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    named = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    return [node for node in named if getattr(node.func, "id", "") in ("record", "look")]


def actions(call: ast.Call) -> set[str]:
    told = [value.value for value in ast.walk(call.args[1]) if isinstance(value, ast.Constant)]
    return {str(value) for value in told if "." in str(value)}


def test_h1_every_action_has_words() -> None:
    """Also the other way around: words of what nobody records any more are taken away."""
    found = [actions(call) for call in calls()]
    assert len(found) > 50
    assert all(found), "an action that cannot be read from the code"
    assert set.union(*found) == set(ACTIONS)


def test_h1_every_fact_has_a_label() -> None:
    names = {word.arg for call in calls() for word in call.keywords if word.arg}
    assert names - {"organisation_id"} <= set(LABELS)


def test_what_happened_to_a_koppeling_can_be_read(
    acting: Acting, cast: Cast, signed_in: Callable[[str], Visitor], sandbox: str
) -> None:
    """H1: the use of the token too, with why and by whom; the value is nowhere."""
    activate_nmbrs(acting, cast)
    alice, lead = signed_in("alice"), signed_in("lead")
    for page in (alice.open("/portaal/bedrijf/logboek"), lead.open("/support/logboek")):
        seen = page.text()
        for words in ("Token gebruikt", "bedrijf lezen", "Aanvraag ingediend", "Urencodes gekozen", "Sam Support"):
            assert words in seen
        assert DEMO_TOKEN not in page.answer.get_data(as_text=True)
    charlie = signed_in("charlie").open("/portaal/bedrijf/logboek").text()
    assert "Token" not in charlie
    assert "Alice" not in charlie
    signed_in("bob").open("/portaal/bedrijf/logboek", status=403)


def test_b2_reads_of_the_trail(acting: Acting, cast: Cast) -> None:
    alice, charlie, support = (acting.as_actor(cast.actors[name]) for name in ("alice", "charlie", "support"))
    switch_on(alice, "connexie")
    with charlie.read() as work:
        assert latest(work) == []
        with pytest.raises(Forbidden):
            of_thing(work, "koppeling.", koppeling=1)
    with support.read() as work:
        (row,) = of_thing(work, "koppeling.", koppeling=1)
        assert (row.actor, row.facts["state"]) == ("Alice Appel", "actief")
        assert of_thing(work, "koppeling.", koppeling=2) == []


def test_the_trail_has_pages(acting: Acting, cast: Cast, signed_in: Callable[[str], Visitor]) -> None:
    with acting.as_actor(cast.actors["alice"]).begin() as work:
        for number in range(130):
            record(work, "koppeling.codes", count=number)
    alice = signed_in("alice")
    first = alice.open("/portaal/bedrijf/logboek")
    assert len(first.soup.select("tbody tr")) == 100
    second = first.follow("Ouder")
    assert len(second.soup.select("tbody tr")) in (30, 31)  # the sign-in is a row too
    assert "aantal: 0" in second.text()
    assert len(second.follow("Nieuwste").soup.select("tbody tr")) == 100


def test_an_act_that_cannot_be_recorded_does_not_happen(
    acting: Acting, cast: Cast, signed_in: Callable[[str], Visitor]
) -> None:
    """H2: break the trail for real, and try."""
    alice = signed_in("alice")
    token = flow.csrf(alice)
    with acting.begin() as work:
        work.session.execute(text("ALTER TABLE audit_event RENAME TO audit_gone"))
    alice.post(f"{flow.BASE}/connexie/activeren", token, status=500)
    assert flow.stored(acting)["koppeling"] == []
    with acting.begin() as work:
        work.session.execute(text("ALTER TABLE audit_gone RENAME TO audit_event"))
    alice.post(f"{flow.BASE}/connexie/activeren", token)
    with acting.read() as work:
        assert work.session.scalar(select(func.count()).where(AuditEvent.action == "koppeling.changed")) == 1
