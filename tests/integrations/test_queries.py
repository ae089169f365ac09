"""Reads that keep to their own organisation, and refuse by themselves when a page forgets to."""

from __future__ import annotations

import pytest

from portal.integrations import queries
from portal.integrations.parts import Providers
from portal.kernel.errors import Conflict, Forbidden, NotFound
from portal.kernel.work import Acting
from tests.factories.people import Cast
from tests.factories.setup import activate_nmbrs


def test_b2_reads_keep_to_the_own_organisation(acting: Acting, cast: Cast, sandbox: str) -> None:
    activate_nmbrs(acting, cast)
    with acting.as_actor(cast.actors["charlie"]).read() as work:
        assert queries.own_request(work, "nmbrs") is None
        assert queries.credential_age(work, "nmbrs") is None
        assert queries.companies(work, "nmbrs") == ()
        assert not queries.is_active(work, "nmbrs")
        assert [k.state.value for k in queries.koppelingen(work, acting.part(Providers))] == ["uit", "uit", "uit"]
        with pytest.raises(Conflict):
            queries.require_active(work, "nmbrs")
        with pytest.raises(NotFound):
            queries.venue_setup(work, "nmbrs", cast.venue("alice"))
    for name in ("alice", "charlie"):
        with acting.as_actor(cast.actors[name]).begin() as work:
            for read in (queries.request, queries.locked_request):
                with pytest.raises(Forbidden):
                    read(work, 1)
            with pytest.raises(Forbidden):
                queries.requests(work)


def test_requests_for_support_open_ones_first(acting: Acting, cast: Cast, sandbox: str) -> None:
    activate_nmbrs(acting, cast, company=None)
    activate_nmbrs(acting, cast, company=None, who="charlie")
    with acting.as_actor(cast.actors["support"]).read() as work:
        found = queries.requests(work)
    assert [r.asked_by for r in found] == ["Alice Appel", "Charlie Citroen"]
    assert {len(r.fingerprint) for r in found} == {8}
    assert found[0].fingerprint != found[1].fingerprint  # the same token, two organisations (C4)
