"""Only support decides, also when a page would forget to ask who calls."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.integrations import service as koppelingen
from portal.integrations.models import CredentialRequest
from portal.integrations.providers.nmbrs.sandbox_world import DEMO_TOKEN, DEMO_USER
from portal.kernel.errors import Forbidden
from portal.kernel.work import Acting
from portal.secret import Secret
from portal.support import service
from tests.factories.people import Cast


def test_b3_nobody_else_decides(acting: Acting, cast: Cast, sandbox: str) -> None:
    koppelingen.hand_over(acting.as_actor(cast.actors["alice"]), "nmbrs", Secret(DEMO_TOKEN), DEMO_USER)
    with acting.read() as work:
        number = work.session.scalars(select(CredentialRequest.id)).one()
    for name in ("alice", "bob", "charlie"):
        person = acting.as_actor(cast.actors[name])
        for act in (service.take, service.activate):
            with pytest.raises(Forbidden):
                act(person, number)
        for decide in (service.reject, service.ask):
            with pytest.raises(Forbidden):
                decide(person, number, "tekst")
    with acting.read() as work:
        assert work.session.scalars(select(CredentialRequest.state)).one().value == "nieuw"
