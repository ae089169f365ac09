"""Only support decides, also when a page would forget to ask who calls."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.integrations.models import CredentialRequest
from portal.kernel.errors import Forbidden
from portal.kernel.work import Acting
from portal.support import service
from tests.factories.people import Cast
from tests.factories.setup import hand_over


def test_b3_nobody_else_decides(acting: Acting, cast: Cast, sandbox: str) -> None:
    hand_over(acting.as_actor(cast.actors["alice"]))
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
