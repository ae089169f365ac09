"""B2: PostgreSQL itself shows a customer only his own rows, also when a query forgets to filter (0022)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Table, func, select, text, update
from sqlalchemy.exc import DBAPIError

from portal.hours.models import TeamMember
from portal.kernel.work import Acting, Actor
from portal.settings import Settings
from portal.tables import metadata
from tests.browse import Visitor
from tests.databases import as_owner
from tests.factories.people import Cast
from tests.factories.setup import activate_file_target, activate_nmbrs, draft, import_hours
from tests.hours.sheets import recent_row
from tests.integrations.flow import csrf

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
# an address is unique over all customers; codes and sessions belong to a person
OPEN = {"app_user", "note", "one_time_link", "passkey", "recovery_code", "second_factor", "web_session"}


@pytest.fixture
def two(acting: Acting, cast: Cast, sandbox: str) -> Acting:
    """Charlie, of another customer than the one with all these rows. Only on PostgreSQL."""
    activate_nmbrs(acting, cast)
    activate_file_target(acting, cast, "horecalonen")
    import_hours(acting, cast, [recent_row()])
    draft(acting.as_actor(cast.actors["alice"]))
    return acting.as_actor(cast.actors["charlie"])


def tables_of_customers() -> Iterator[Table]:
    """With an organisation, or below one that has it."""
    known: set[str] = set()
    for table in metadata.sorted_tables:
        parents = {key.column.table.name for column in table.columns for key in column.foreign_keys}
        if "organisation_id" in table.columns or parents & known:
            known.add(table.name)
            if table.name not in OPEN:
                yield table


def test_b2_every_table_of_customers_is_protected(acting: Acting) -> None:
    words = "SELECT tablename FROM pg_policies WHERE policyname = 'tenant'"
    forced = "SELECT relname FROM pg_class WHERE relforcerowsecurity"
    with acting.read() as work:
        policies = set(work.session.scalars(text(words)))
        assert policies == set(work.session.scalars(text(forced)))
    assert policies == {table.name for table in tables_of_customers()}


def test_b2_without_a_filter_another_customer_finds_nothing(two: Acting) -> None:
    with two.as_actor(_nobody(two)).read() as work:
        full = {table.name: work.session.scalar(select(func.count()).select_from(table)) or 0 for table in _filled()}
    assert all(full.values()), full
    with two.read() as work:
        for table in _filled():
            own = work.session.execute(select(table)).mappings().all()
            assert all(found.get("organisation_id", two.actor.organisation_id) == two.actor.organisation_id
                       for found in own), table.name  # fmt: skip
            assert len(own) < full[table.name], table.name


def _nobody(acting: Acting) -> Actor:
    return replace(acting.actor, organisation_id=None)


def _filled() -> list[Table]:
    names = ("team_member", "shift", "upload", "koppeling", "credential", "credential_key", "credential_request",
             "token_draft", "venue_company", "kind_code", "audit_event")  # fmt: skip
    return [metadata.tables[name] for name in names]


def test_b2_without_a_filter_another_customer_changes_nothing(two: Acting) -> None:
    with two.begin() as work:
        changed = work.session.execute(update(TeamMember).values(name="Iemand anders").returning(TeamMember.id))
        assert changed.all() == []


def test_b2_nobody_adds_a_row_to_another_customer(two: Acting, cast: Cast) -> None:
    theirs = cast.actors["alice"].organisation_id
    words = text("INSERT INTO venue (organisation_id, name) VALUES (:theirs, 'Nieuw')")
    with two.begin() as work, pytest.raises(DBAPIError, match="row-level security"):
        work.session.execute(words, {"theirs": theirs})


def test_b2_the_next_transaction_on_a_connection_is_not_limited(two: Acting) -> None:
    """The limit ends with its transaction, also after an error."""
    with pytest.raises(RuntimeError), two.read():
        raise RuntimeError
    everybody = two.as_actor(_nobody(two))
    for _ in range(25):  # every connection of the pool
        with everybody.read() as work:
            assert work.session.scalar(select(func.count()).select_from(TeamMember)) == 1


def test_the_owner_of_the_server_can_still_look(settings: Settings) -> None:
    """The other tests would prove nothing if they ran as who is excepted."""
    assert as_owner(settings.database_url) != settings.database_url


def test_a8_public_pages_are_about_whoever_it_may_be(cast: Cast, signed_in: Callable[[str], Visitor]) -> None:
    """Alice is signed in, and asks for a password or signs in as somebody of another customer: answered as ever."""
    alice = signed_in("alice")
    theirs = alice.open("/wachtwoord-vergeten").submit("Stuur me een link", {"email": cast.mail("charlie")}, status=200)
    nobody = alice.open("/wachtwoord-vergeten").submit(
        "Stuur me een link", {"email": "niemand@elders.example"}, status=200
    )
    assert theirs.text("main").replace(cast.mail("charlie"), "") == nobody.text("main").replace(
        "niemand@elders.example", ""
    )
    page = signed_in("alice")
    there = page.post("/inloggen", {**csrf(page), "email": cast.mail("charlie"), "password": cast.password})
    assert there.path.startswith("/portaal")
