"""The token in use: whose trouble is shown, and what the set-up means under another token (A5, B4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from portal.accounts.models import Venue
from portal.accounts.service import add_venue
from portal.hours.queries import members
from portal.integrations import keyring, setup
from portal.integrations import service as koppelingen
from portal.integrations.models import KindCode, KoppelingState, MemberLink, VenueCompany
from portal.integrations.parts import Providers
from portal.integrations.providers.nmbrs.sandbox_world import (
    DEMO_TOKEN,
    DEMO_USER,
    ONE_DEBTOR_TOKEN,
    ONE_DEBTOR_USER,
)
from portal.integrations.queries import koppeling as find_koppeling
from portal.integrations.queries import own_request
from portal.kernel.codes import Reason
from portal.kernel.errors import AccessRefused, NotFound
from portal.kernel.work import Acting
from portal.support import service as support
from tests.factories.people import Cast
from tests.factories.setup import hand_over, import_hours
from tests.hours.sheets import recent_row

NMBRS = "nmbrs"


@pytest.fixture
def alice(acting: Acting, cast: Cast, sandbox: str) -> Acting:
    return acting.as_actor(cast.actors["alice"])


@pytest.fixture
def turn_on(alice: Acting, cast: Cast) -> Callable[[str, str], None]:
    """Hand a token over and let support activate it."""

    def activate(token: str, mail: str) -> None:
        hand_over(alice, token, mail)
        with alice.read() as work:
            request = own_request(work, NMBRS)
        assert request is not None
        desk = alice.as_actor(cast.actors["support"])
        support.take(desk, request.id)
        support.activate(desk, request.id)

    return activate


def used(alice: Acting) -> str:
    with alice.read() as work:
        return keyring.in_use(work, work.organisation_id, NMBRS)


def state(alice: Acting) -> tuple[KoppelingState, str]:
    with alice.read() as work:
        found = find_koppeling(work, alice.part(Providers), NMBRS)
    return found.state, found.cause


def mark_broken(alice: Acting, word: str) -> None:
    with alice.begin() as work:
        cause = Reason("De token is geweigerd.", AccessRefused.code)
        keyring.mark_broken(work, work.organisation_id, NMBRS, word, cause, "Vul een nieuwe in.")


def test_the_token_that_was_refused_makes_the_koppeling_gestoord(
    alice: Acting, turn_on: Callable[[str, str], None]
) -> None:
    turn_on(DEMO_TOKEN, DEMO_USER)
    mark_broken(alice, used(alice))
    assert state(alice) == (KoppelingState.BROKEN, "De token is geweigerd.")


def test_an_old_token_that_is_refused_says_nothing_about_the_new_one(
    alice: Acting, turn_on: Callable[[str, str], None]
) -> None:
    turn_on(DEMO_TOKEN, DEMO_USER)
    old = used(alice)
    hand_over(alice, ONE_DEBTOR_TOKEN, ONE_DEBTOR_USER)
    assert used(alice) != old
    mark_broken(alice, old)
    assert state(alice) == (KoppelingState.ACTIVE, "")


def test_a_koppeling_that_is_off_uses_nothing_and_is_never_gestoord(
    alice: Acting, turn_on: Callable[[str, str], None]
) -> None:
    assert used(alice) == ""
    turn_on(DEMO_TOKEN, DEMO_USER)
    old = used(alice)
    koppelingen.switch_off(alice, NMBRS)
    assert used(alice) == ""
    mark_broken(alice, old)
    mark_broken(alice, "")
    assert state(alice) == (KoppelingState.OFF, "")
    with alice.begin() as work, pytest.raises(NotFound):
        keyring.open_credentials(work, work.organisation_id, NMBRS, "test")


def test_on_again_with_the_same_token_is_another_use(alice: Acting, turn_on: Callable[[str, str], None]) -> None:
    """Whoever opened the token before must look again: in between it was off."""
    turn_on(DEMO_TOKEN, DEMO_USER)
    old = used(alice)
    koppelingen.switch_off(alice, NMBRS)
    turn_on(DEMO_TOKEN, DEMO_USER)
    assert used(alice) not in ("", old)


def second_venue(alice: Acting) -> int:
    add_venue(alice, "Catering")
    with alice.read() as work:
        return work.session.scalars(select(Venue.id).where(Venue.name == "Catering")).one()


def rows(alice: Acting, venue_id: int) -> list[int]:
    """How many companies, codes and people by hand are stored for a venue."""
    with alice.read() as work:
        tables = (VenueCompany, KindCode, MemberLink)
        return [len(work.session.scalars(select(t.id).where(t.venue_id == venue_id)).all()) for t in tables]


@pytest.fixture
def two_venues(acting: Acting, cast: Cast, alice: Acting, turn_on: Callable[[str, str], None]) -> tuple[int, int]:
    """One venue of company 3301 (debtor 71) and one of company 3303 (debtor 72), each wholly set up."""
    turn_on(DEMO_TOKEN, DEMO_USER)
    here, there = cast.venue("alice"), second_venue(alice)
    people = ((here, "3301", "50101"), (there, "3303", "50301"))
    for venue_id, company, employee in people:
        name, mail = f"Persoon {company}", f"p{company}@dezon.example"
        shift = recent_row(Teamlid=name, E_mail=mail, Personeelsnummer="", BSN="")
        member = import_rows(acting, cast, venue_id, [shift])
        setup.choose_company(alice, NMBRS, venue_id, company)
        setup.choose_codes(alice, NMBRS, venue_id, {"gewerkt": "2100"})
        setup.link_member(alice, NMBRS, member, employee)
    assert rows(alice, here) == rows(alice, there) == [1, 1, 1]
    return here, there


def import_rows(acting: Acting, cast: Cast, venue_id: int, found: list[list[str]]) -> int:
    """Read hours into a venue; returns its only team member."""
    import_hours(acting, Cast(cast.actors, {**cast.venues, "Brasserie De Zon": venue_id}), found)
    with acting.as_actor(cast.actors["alice"]).read() as work:
        (member,) = members(work, venue_id)
    return int(member.id)


def test_a_token_that_sees_less_keeps_only_what_it_sees(
    alice: Acting, two_venues: tuple[int, int], turn_on: Callable[[str, str], None]
) -> None:
    here, there = two_venues
    koppelingen.switch_off(alice, NMBRS)
    turn_on(ONE_DEBTOR_TOKEN, ONE_DEBTOR_USER)
    assert rows(alice, here) == [1, 1, 1]
    assert rows(alice, there) == [0, 0, 0]


def test_a_replaced_token_that_sees_less_keeps_only_what_it_sees(alice: Acting, two_venues: tuple[int, int]) -> None:
    here, there = two_venues
    hand_over(alice, ONE_DEBTOR_TOKEN, ONE_DEBTOR_USER)
    assert rows(alice, here) == [1, 1, 1]
    assert rows(alice, there) == [0, 0, 0]


def test_a_token_that_sees_the_same_keeps_everything(
    alice: Acting, two_venues: tuple[int, int], turn_on: Callable[[str, str], None]
) -> None:
    koppelingen.switch_off(alice, NMBRS)
    turn_on(DEMO_TOKEN, DEMO_USER)
    assert [rows(alice, venue_id) for venue_id in two_venues] == [[1, 1, 1], [1, 1, 1]]
