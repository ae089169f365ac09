"""Wissing of an account and of a whole customer (H5): everything goes, files too, and again after a restore."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from portal.accounts.invite import invite
from portal.accounts.models import Organisation, User, WebSession
from portal.audit.models import AuditEvent
from portal.deliveries.models import Delivery
from portal.deliveries.receipt_models import Receipt
from portal.exports.models import Export
from portal.integrations.models import Credential, TokenDraft
from portal.kernel.work import Acting, Role
from portal.notifications.service import send_waiting
from portal.privacy.replay import replay
from portal.settings import Settings
from portal.tables import metadata
from tests.browse import Visitor
from tests.deliveries.stage import Stage
from tests.deliveries.steps import send
from tests.factories.people import Cast
from tests.factories.setup import draft, import_hours
from tests.hours.sheets import recent_row
from tests.privacy.later import Backup, count, hits, refused, told

SignedIn = Callable[[str], Visitor]
ZON, ANDERS = "Brasserie De Zon", "Café Anders"
# receipts hang in one chain: what they point at stays, without names; the trail goes after its own time
SKELETON = {"organisation", "venue", "export", "delivery", "receipt", "audit_event"}


def erase(settings: Settings, name: str = ZON) -> str:
    return told(settings, "organisation", "erase", name, "--yes")


def left(acting: Acting, organisation_id: int) -> set[str]:
    """The tables that still hold a row of this customer. New tables are looked at by themselves."""
    found = set()
    with acting.engine.connect() as connection:
        for table in metadata.sorted_tables:
            if "organisation_id" in table.c:
                mine = select(func.count()).select_from(table).where(table.c.organisation_id == organisation_id)
                if connection.scalar(mine):
                    found.add(table.name)
    return found


def own_id(acting: Acting) -> int:
    with acting.read() as work:
        return work.session.scalars(select(Organisation.id).where(Organisation.name == ZON)).one()


def test_h5_everything_of_a_customer_goes_and_the_chains_hold(
    nmbrs: Stage, sent: int, acting: Acting, cast: Cast, settings: Settings
) -> None:
    import_hours(acting, cast, [recent_row()], who="charlie")
    draft(nmbrs.alice)
    assert "token_draft" in left(acting, own_id(acting))
    number, others = own_id(acting), left(acting, cast.actors["charlie"].organisation_id or 0)
    assert "ontvangstbewijzen" in erase(settings)
    assert left(acting, number) <= SKELETON
    assert left(acting, cast.actors["charlie"].organisation_id or 0) == others
    names = (ZON, "Sanne", "Youssef", "Daan Visser", "dezon.example", "brasseriezon")
    assert hits(acting, *names) == []
    assert hits(acting, "Alice", "Bob") == ["audit_event.actor"]
    assert count(acting, Credential) == count(acting, Receipt, Receipt.body.is_not(None)) == 0
    assert count(acting, User, User.organisation_id == number) == 0
    assert "WRONG" not in told(settings, "audit", "verify")


def test_h5_the_customer_is_out_at_once_and_others_are_not(
    nmbrs: Stage, sent: int, settings: Settings, signed_in: SignedIn, visitor: Visitor, cast: Cast
) -> None:
    alice, charlie = signed_in("alice"), signed_in("charlie")
    erase(settings)
    assert "Inloggen" in alice.open("/portaal").text("h1")
    visitor.open("/inloggen").submit("Inloggen", {"email": cast.mail("alice"), "password": cast.password}, status=422)
    assert "Overzicht" in charlie.open("/portaal").text("nav") or charlie.open("/portaal").status == 200
    for page in ("/support/leveringen", "/support/aanvragen", "/support/logboek"):
        assert ZON not in signed_in("lead").open(page).text()


def test_h5_mails_in_the_folder_go_too(nmbrs: Stage, sent: int, acting: Acting, settings: Settings) -> None:
    while send_waiting(acting):
        pass
    folder = settings.data / "mail"
    assert [file for file in folder.iterdir() if b"dezon.example" in file.read_bytes()]
    erase(settings)
    assert [file for file in folder.iterdir() if b"dezon.example" in file.read_bytes()] == []


def test_h5_a_customer_is_not_erased_while_hours_are_sent(
    nmbrs: Stage, settings: Settings, deliver: Callable[[], bool], acting: Acting
) -> None:
    send(nmbrs)
    assert "Er is niets gewist" in refused(settings, "organisation", "erase", ZON, "--yes")
    assert count(acting, Export) == 1
    while deliver():
        pass
    erase(settings)
    assert "Er is geen klant" in refused(settings, "organisation", "erase", ZON, "--yes")


def test_h5_a_customer_is_erased_again_after_a_restore(
    nmbrs: Stage, sent: int, acting: Acting, settings: Settings
) -> None:
    backup = Backup(settings)
    erase(settings)
    backup.restore()
    assert hits(acting, ZON)
    assert replay(acting) == 1
    assert hits(acting, ZON, "Sanne", "dezon.example") == []
    assert replay(acting) == 0
    assert count(acting, Delivery) == 1


def test_h5_the_name_of_a_customer_that_was_erased_is_free_again(
    acting: Acting, cast: Cast, settings: Settings
) -> None:
    erase(settings)
    invite(acting, "nieuw@dezon.example", Role.BEHEERDER, ZON)
    assert replay(acting) == 0
    assert hits(acting, "nieuw@dezon.example")


def test_h5_an_account_is_gone_and_its_sessions_with_it(
    nmbrs: Stage, acting: Acting, settings: Settings, cast: Cast, signed_in: SignedIn, tmp_path: Path
) -> None:
    bob = signed_in("bob")
    import_hours(acting, cast, [recent_row(BSN="")])
    out = tmp_path / "bob.json"
    told(settings, "person", "export", "--account", cast.mail("bob"), "--out", str(out))
    found = json.loads(out.read_text())["account"]
    assert (found["naam"], found["rol"], found["klant"]) == ("Bob Bes", "urenverwerker", ZON)
    assert found["inloggen"]
    assert "hours.imported" not in out.read_text()  # in words for the person
    backup = Backup(settings)
    for _ in range(2):
        told(settings, "person", "erase", "--account", cast.mail("bob"), "--yes")
        assert hits(acting, cast.mail("bob")) == []
        assert hits(acting, "Bob Bes") == ["audit_event.actor"]
        assert count(acting, WebSession, WebSession.user_id == cast.actors["bob"].user_id) == 0
        assert "Inloggen" in bob.open("/portaal").text("h1")
        backup.restore()
    assert replay(acting) == 1
    assert hits(acting, cast.mail("bob")) == []
    assert replay(acting) == 0


def test_h5_what_an_account_made_no_longer_names_it(
    nmbrs: Stage, sent: int, acting: Acting, settings: Settings, cast: Cast
) -> None:
    with acting.begin() as work:
        work.session.get_one(User, cast.actors["bob"].user_id).role = cast.actors["alice"].role  # type: ignore[assignment]
    draft(nmbrs.alice)
    told(settings, "person", "erase", "--account", cast.mail("alice"), "--yes")
    with acting.read() as work:
        assert set(work.session.scalars(select(TokenDraft.made_by))) == {"Gewist account"}
        assert set(work.session.scalars(select(Export.created_by))) == {"Gewist account"}
        assert set(work.session.scalars(select(Delivery.created_by))) == {"Gewist account"}
    told(settings, "audit", "verify")


def test_h5_the_last_beheerder_is_not_erased(acting: Acting, cast: Cast, settings: Settings) -> None:
    words = refused(settings, "person", "erase", "--account", cast.mail("alice"), "--yes")
    assert "laatste beheerder" in words
    assert hits(acting, cast.mail("alice"))
    assert "geen account" in refused(settings, "person", "erase", "--account", "niemand@x.example", "--yes")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_h1_an_erasure_is_in_the_trail(nmbrs: Stage, sent: int, acting: Acting, settings: Settings) -> None:
    told(settings, "person", "erase", "--organisation", ZON, "--person", "101", "--yes")
    erase(settings)
    with acting.read() as work:
        done = set(work.session.scalars(select(AuditEvent.action).where(AuditEvent.action.endswith(".erased"))))
    assert done == {"person.erased", "organisation.erased"}
