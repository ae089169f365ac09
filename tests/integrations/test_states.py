"""B7: requests move only along the documented path, under a lock."""

from __future__ import annotations

import threading
from collections.abc import Callable

from flask import Flask
from sqlalchemy import select

from portal.integrations.models import CredentialRequest, Koppeling, KoppelingState, RequestState
from portal.kernel.work import Acting
from tests.browse import Visitor
from tests.integrations import flow
from tests.integrations.flow import NMBRS

NEW, TAKEN, WAITING = RequestState.NEW, RequestState.TAKEN, RequestState.WAITING
# who does what, with which fields, and in which states it may be done
DESK = {
    "oppakken": ({}, {NEW}),
    "activeren": ({}, {TAKEN}),
    "afwijzen": ({"reason": "De token is van een ander bedrijf."}, {TAKEN}),
    "vragen": ({"question": "Welke vestiging is dit?"}, {TAKEN}),
}
CUSTOMER = {
    "antwoord": ({"text": "Het terras."}, {WAITING}),
    "intrekken": ({}, {NEW, TAKEN, WAITING}),
}


def put(acting: Acting, state: RequestState) -> None:
    """Bring the one request, with its koppeling and token, into a state."""
    kinds = {RequestState.ACTIVATED: KoppelingState.ACTIVE}
    open_ = {NEW, TAKEN, WAITING}
    with acting.begin() as work:
        request = work.session.scalars(select(CredentialRequest)).one()
        koppeling = work.session.scalars(select(Koppeling)).one()
        request.state = state
        koppeling.state = kinds.get(state, KoppelingState.REQUESTED if state in open_ else KoppelingState.OFF)
        koppeling.credential_id = None if koppeling.state is KoppelingState.OFF else request.credential_id


def test_b7_each_step_is_refused_in_every_other_state(
    acting: Acting, signed_in: Callable[[str], Visitor], sandbox: str
) -> None:
    alice, support = signed_in("alice"), signed_in("support")
    flow.ask(alice)
    desk, own = f"/support/aanvragen/{flow.request_id(acting)}", NMBRS
    sides = ((support, flow.csrf(support), desk, DESK), (alice, flow.csrf(alice), own, CUSTOMER))
    refused = 0
    for state in RequestState:
        put(acting, state)
        before = flow.stored(acting)
        for visitor, token, address, steps in sides:
            for name, (values, allowed) in steps.items():
                if state not in allowed:
                    page = visitor.post(f"{address}/{name}", {**values, **token}, status=409)
                    assert "ververs de pagina" in page.text().lower() or "open aanvraag" in page.text()
                    refused += 1
        assert flow.stored(acting) == before
    assert refused == 36 - 8


def test_b7_each_step_leads_where_the_path_says(
    acting: Acting, signed_in: Callable[[str], Visitor], sandbox: str
) -> None:
    alice, support = signed_in("alice"), signed_in("support")
    flow.ask(alice)
    ways = {"oppakken": TAKEN, "activeren": "geactiveerd", "afwijzen": "afgewezen", "vragen": WAITING,
            "antwoord": TAKEN, "intrekken": "ingetrokken"}  # fmt: skip
    for name, (values, allowed) in {**DESK, **CUSTOMER}.items():
        for state in allowed:
            put(acting, state)
            visitor = support if name in DESK else alice
            address = f"/support/aanvragen/{flow.request_id(acting)}" if name in DESK else NMBRS
            visitor.post(f"{address}/{name}", {**values, **flow.csrf(visitor)})
            with acting.read() as work:
                assert work.session.scalars(select(CredentialRequest.state)).one() == ways[name], (name, state)


def at_once(app: Flask, tries: list[tuple[Visitor, str, dict[str, str]]]) -> list[int]:
    """Post everything at the same moment; the statuses in order."""
    start, statuses = threading.Barrier(len(tries)), [0] * len(tries)

    def one(number: int, person: Visitor, address: str, values: dict[str, str]) -> None:
        visitor = flow.entered(app, person)
        start.wait()
        statuses[number] = visitor.client.post(address, data=values).status_code

    threads = [threading.Thread(target=one, args=(number, *what)) for number, what in enumerate(tries)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def test_b7_of_fifty_claims_at_once_one_succeeds(
    app: Flask, acting: Acting, signed_in: Callable[[str], Visitor], sandbox: str
) -> None:
    flow.ask(signed_in("alice"))
    support = signed_in("support")
    claim = (support, f"/support/aanvragen/{flow.request_id(acting)}/oppakken", flow.csrf(support))
    statuses = at_once(app, [claim] * 50)
    assert sorted(statuses) == [303] + [409] * 49
    with acting.read() as work:
        assert work.session.scalars(select(CredentialRequest.taken_by)).one() == "Sam Support"


def test_b7_withdrawing_and_activating_at_once_has_one_outcome(
    app: Flask, acting: Acting, signed_in: Callable[[str], Visitor], sandbox: str
) -> None:
    """The two lock in the same order: no deadlock, and the loser is told."""
    alice, support = signed_in("alice"), signed_in("support")
    flow.ask(alice)
    withdraw = (alice, f"{NMBRS}/intrekken", flow.csrf(alice))
    activate = (support, f"/support/aanvragen/{flow.request_id(acting)}/activeren", flow.csrf(support))
    for _ in range(15):
        put(acting, TAKEN)
        assert sorted(at_once(app, [withdraw, activate])) == [303, 409]
        with acting.read() as work:
            request = work.session.scalars(select(CredentialRequest.state)).one()
            koppeling = work.session.scalars(select(Koppeling.state)).one()
        assert (request.value, koppeling.value) in {("ingetrokken", "uit"), ("geactiveerd", "actief")}
