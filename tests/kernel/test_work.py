"""One transaction: all of it or nothing, no network inside, and readers that wait for no writer."""

from __future__ import annotations

import pickle

import pytest
from sqlalchemy import select

from portal.accounts.models import Organisation
from portal.kernel.errors import Forbidden
from portal.kernel.remote.guard import refuse_in_transaction
from portal.kernel.work import Acting, Actor
from portal.secret import Secret


def test_an_error_rolls_everything_back(acting: Acting) -> None:
    def half() -> None:
        with acting.begin() as work:
            work.session.add(Organisation(name="De Zon", created_at=work.now))
            work.session.flush()
            raise RuntimeError("halverwege")

    with pytest.raises(RuntimeError, match="halverwege"):
        half()
    with acting.read() as work:
        assert work.session.scalars(select(Organisation)).all() == []


def test_a_reading_transaction_never_commits(acting: Acting) -> None:
    with acting.read() as work:
        work.session.add(Organisation(name="De Zon", created_at=work.now))
        work.session.flush()
    with acting.read() as work:
        assert work.session.scalars(select(Organisation)).all() == []


def test_a_reader_does_not_wait_for_a_writer(acting: Acting) -> None:
    with acting.begin() as writer:
        writer.session.add(Organisation(name="De Zon", created_at=writer.now))
        writer.session.flush()
        with acting.read() as reader:
            assert reader.session.scalars(select(Organisation)).all() == []


def test_f3_no_network_inside_a_transaction(acting: Acting) -> None:
    for transaction in (acting.begin, acting.read):
        with transaction(), pytest.raises(RuntimeError):
            refuse_in_transaction()
    refuse_in_transaction()


def test_who_belongs_to_no_organisation_reads_no_customer_data(acting: Acting) -> None:
    with acting.as_actor(Actor("koppelportaal")).read() as work, pytest.raises(Forbidden):
        _ = work.organisation_id


def test_a_secret_shows_and_travels_nowhere() -> None:
    """C3: no repr, format, str or pickle holds it."""
    secret = Secret("geheim-0001")
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>20}", repr({"token": secret}), "%s" % secret):  # noqa: UP031
        assert "geheim" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert secret == Secret("geheim-0001")
    assert secret != "geheim-0001"
