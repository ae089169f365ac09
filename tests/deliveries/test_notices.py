"""A mail when a delivery needs a person: who gets it, once for each pause, and nothing in it that is not theirs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy

import httpx
import pytest
from sqlalchemy import func, select, update

from portal.accounts.models import User
from portal.app import for_worker
from portal.deliveries import claims, service, trouble
from portal.deliveries.claims import Claim
from portal.deliveries.models import Delivery, DeliveryState, LineState
from portal.deliveries.persons import PersonRound
from portal.deliveries.sending import Stop, crew_of, work_once
from portal.integrations import service as koppelingen
from portal.integrations.models import Credential, KoppelingState
from portal.kernel.errors import AccessRefused, Unavailable
from portal.kernel.work import Acting, Role
from portal.notifications.models import OutboxMail
from portal.notifications.service import mail_binding
from tests.deliveries.stage import PEOPLE, Stage
from tests.deliveries.steps import (
    ALL,
    GET,
    INSERT,
    an_hour_passes,
    koppeling,
    lines,
    round_with,
    send,
    states,
    where,
)

Deliver = Callable[[], bool]
PAUSED, UNKNOWN = "levering_gepauzeerd", "levering_onbekend"
ALICE, BOB = "alice@dezon.example", "bob@dezon.example"


def told(stage: Stage, mail: str = PAUSED) -> list[str]:
    """Who was written to, in order of address."""
    with stage.acting.read() as work:
        return sorted(work.session.scalars(select(OutboxMail.recipient).where(OutboxMail.mail == mail)))


def letters(stage: Stage, mail: str = PAUSED) -> list[str]:
    """The mails in words: subject, plain text and HTML."""
    with stage.acting.read() as work:
        rows = work.session.execute(select(OutboxMail.sealed, OutboxMail.reference).where(OutboxMail.mail == mail))
        opened = [work.vault.open_bytes(sealed or b"", mail_binding(reference)) for sealed, reference in rows]
    found = []
    for message in (message_from_bytes(content, policy=policy.SMTP) for content in opened):
        parts = [part.get_content() for part in message.walk() if not part.is_multipart()]
        assert len(parts) == 2
        found.append("\n".join([str(message["Subject"]), *parts]).replace("\r\n", "\n"))
    return found


def bob_sends(stage: Stage) -> int:
    return service.send(stage.acting.as_actor(stage.cast.actors["bob"]), stage.export())


def colleague(stage: Stage, mail: str, *, left: bool = False) -> None:
    """One more beheerder; `left`: her access was taken away."""
    own = stage.cast.actors["alice"].organisation_id
    with stage.acting.begin() as work:
        work.session.add(
            User(
                email=mail, name="Dora Druif", role=Role.BEHEERDER, organisation_id=own, password_hash=None,
                disabled_at=work.now if left else None, created_at=work.now,
            )
        )  # fmt: skip


def its_turn(stage: Stage) -> None:
    with stage.acting.begin() as work:
        work.session.execute(update(Delivery).values(next_at=work.now))


def looked_up_in_vain(stage: Stage, deliver: Deliver) -> None:
    """Nmbrs refuses to show what it holds, so that lost lines are left to a person; then it is well again."""
    stage.trouble(GET, "fault:2003", times=9)
    an_hour_passes(stage)
    deliver()
    httpx.post(f"{stage.sandbox}/nmbrs/_sandbox/faults", json={}).raise_for_status()


def claimed(stage: Stage) -> tuple[Acting, Claim]:
    """A worker that just took a person of the delivery."""
    with stage.acting.begin() as work:
        claims.open_due(work)
        (claim,) = claims.claim(work, 1, 4)
    return crew_of(for_worker(stage.acting, stop=Stop(threading.Event()))).robot(claim), claim


def test_a_refused_key_is_told_to_who_sent_it_and_to_each_beheerder(nmbrs: Stage, deliver: Deliver) -> None:
    colleague(nmbrs, "dora@dezon.example")
    colleague(nmbrs, "weg@dezon.example", left=True)
    nmbrs.trouble(INSERT, "fault:1001", skip=1)
    delivery = bob_sends(nmbrs)
    deliver()
    assert where(nmbrs, delivery) is DeliveryState.PAUSED
    assert told(nmbrs) == [ALICE, BOB, "dora@dezon.example"]
    for words in letters(nmbrs):
        assert "De levering aan Nmbrs staat stil" in words
        assert words.count("de token of een recht is geweigerd") == 2
        assert words.count("gaat de levering vanzelf verder") == 2
        assert f"http://localhost/portaal/leveringen/{delivery}\n" in words
        assert f'<a href="http://localhost/portaal/leveringen/{delivery}">' in words
        assert "http://localhost/meldingen/nmbrs-1001" in words


def test_no_mail_holds_names_hours_or_a_secret(nmbrs: Stage, deliver: Deliver) -> None:
    nmbrs.trouble(INSERT, "fault_text:1001: token sandbox-nmbrs-token-0001 van Sanne de Boer is fout")
    nmbrs.trouble(INSERT, "fault:1001")
    nmbrs.trouble(GET, "fault:2003")
    send(nmbrs)
    deliver()
    for words in letters(nmbrs) + letters(nmbrs, UNKNOWN):
        spoken = words.casefold()
        assert not [name for person in PEOPLE for name in (person[0].casefold(), person[2]) if name in spoken]
        assert not [
            one for one in ("15,00", "15.00", "7.50", "sandbox-nmbrs", "brasseriezon", "alice") if one in spoken
        ]
    assert letters(nmbrs)


def test_the_person_who_sent_it_and_manages_gets_one(nmbrs: Stage, deliver: Deliver) -> None:
    nmbrs.trouble(INSERT, "fault:1001")
    send(nmbrs)
    deliver()
    assert told(nmbrs) == [ALICE]


def test_who_sent_it_and_left_gets_none(nmbrs: Stage, deliver: Deliver) -> None:
    nmbrs.trouble(INSERT, "fault:1001")
    bob_sends(nmbrs)
    with nmbrs.acting.begin() as work:
        work.session.execute(update(User).where(User.email == BOB).values(disabled_at=work.now))
    deliver()
    assert told(nmbrs) == [ALICE]


def test_people_that_fail_at_one_moment_give_one_mail(nmbrs: Stage) -> None:
    nmbrs.trouble(INSERT, "fault:1001", times=3)
    send(nmbrs)
    parts = nmbrs.acting.parts
    settings = next(part for kind, part in parts.items() if kind.__name__ == "Settings")
    many = replace(nmbrs.acting, parts={**parts, type(settings): replace(settings, parallel=3)})
    work_once(for_worker(many, stop=Stop(threading.Event())))
    assert told(nmbrs) == [ALICE]


def test_the_same_trouble_told_twice_is_one_mail(nmbrs: Stage) -> None:
    send(nmbrs)
    robot, claim = claimed(nmbrs)
    trouble.unreadable(robot, claim)
    trouble.unreadable(robot, claim)
    trouble.unavailable(robot, replace(claim, tries=9), Unavailable("weg"))
    assert told(nmbrs) == [ALICE]


def test_deliveries_that_wait_for_the_same_mend_are_one_mail(nmbrs: Stage, deliver: Deliver) -> None:
    nmbrs.trouble(INSERT, "fault:1001", times=9)
    found = [send(nmbrs)]
    nmbrs.bring_hours(start=5)
    found.append(send(nmbrs))
    deliver()
    deliver()
    assert {where(nmbrs, delivery) for delivery in found} == {DeliveryState.PAUSED}
    assert told(nmbrs) == [ALICE]


def test_each_pause_has_its_own_mail(nmbrs: Stage, deliver: Deliver) -> None:
    nmbrs.trouble(INSERT, "fault:1001", times=2)
    delivery = send(nmbrs)
    deliver()
    service.resume(nmbrs.alice, delivery)
    deliver()
    assert told(nmbrs) == [ALICE, ALICE]
    service.resume(nmbrs.alice, delivery)
    deliver()
    assert nmbrs.booked() == ALL
    assert told(nmbrs) == [ALICE, ALICE]
    assert told(nmbrs, UNKNOWN) == []


def test_retries_that_are_used_up_are_told_once(nmbrs: Stage, deliver: Deliver) -> None:
    delivery = send(nmbrs)
    for _ in range(trouble.MAX_TRIES):
        assert told(nmbrs) == []
        nmbrs.trouble(GET, "busy_503")
        its_turn(nmbrs)
        deliver()
    assert where(nmbrs, delivery) is DeliveryState.PAUSED
    assert told(nmbrs) == [ALICE]
    assert "kies Hervat" in letters(nmbrs)[0]


def test_a_fault_of_our_own_is_told(nmbrs: Stage, deliver: Deliver, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: PersonRound) -> None:
        raise ValueError("Sanne de Boer: 15,00 uur")

    monkeypatch.setattr(PersonRound, "run", fail)
    send(nmbrs)
    for _ in range(trouble.MAX_TRIES):
        its_turn(nmbrs)
        deliver()
    (words,) = letters(nmbrs)
    assert "Bij ons gaat iets mis" in words
    assert "Sanne" not in words


def test_a_value_that_cannot_be_opened_is_told(nmbrs: Stage, deliver: Deliver) -> None:
    send(nmbrs)
    with nmbrs.acting.begin() as work:
        work.session.execute(update(Credential).values(sealed_token=b"\x01 nothing"))
    deliver()
    (words,) = letters(nmbrs)
    assert "versleutelde waarde" in words
    assert "/meldingen/levering-onleesbaar" in words


def test_a_koppeling_that_is_off_is_told(nmbrs: Stage, deliver: Deliver) -> None:
    bob_sends(nmbrs)
    koppelingen.switch_off(nmbrs.alice, "nmbrs")
    deliver()
    assert told(nmbrs) == [ALICE, BOB]
    assert "is niet klaar om te versturen" in letters(nmbrs)[0]


def test_a_token_that_was_replaced_already_asks_nobody(nmbrs: Stage, deliver: Deliver) -> None:
    """The old token is refused while the new one is in use: the delivery goes on by itself at once."""
    delivery = send(nmbrs)
    robot, claim = claimed(nmbrs)
    trouble.access_refused(robot, claim, "token 0", AccessRefused("Nee."))
    assert where(nmbrs, delivery) is DeliveryState.PAUSED
    assert koppeling(nmbrs) is KoppelingState.ACTIVE
    assert told(nmbrs) == []


def test_who_stops_it_gets_no_mail(nmbrs: Stage, deliver: Deliver) -> None:
    nmbrs.trouble(INSERT, "drop_before")
    delivery = send(nmbrs)
    round_with(nmbrs, 2, lambda: service.cancel(nmbrs.alice, delivery))
    assert states(nmbrs, delivery)[0] is LineState.UNCLEAR
    looked_up_in_vain(nmbrs, deliver)
    assert where(nmbrs, delivery) is DeliveryState.CANCELLED
    assert told(nmbrs) == told(nmbrs, UNKNOWN) == []


@pytest.fixture
def unknown(nmbrs: Stage, deliver: Deliver) -> int:
    """Bob's delivery is through, with two lines that nobody could look up."""
    nmbrs.trouble(INSERT, "drop_before", times=2)
    delivery = bob_sends(nmbrs)
    deliver()
    assert told(nmbrs, UNKNOWN) == []  # we look ourselves first
    looked_up_in_vain(nmbrs, deliver)
    assert where(nmbrs, delivery) is DeliveryState.DONE
    assert states(nmbrs, delivery).count(LineState.UNCLEAR) == 2
    return delivery


def test_lines_that_stay_unknown_are_told_when_it_is_through(nmbrs: Stage, unknown: int) -> None:
    assert told(nmbrs, UNKNOWN) == [ALICE, BOB]
    assert told(nmbrs) == []
    for words in letters(nmbrs, UNKNOWN):
        assert words.count("2 regels zijn onbekend") == 2
        assert f"http://localhost/portaal/leveringen/{unknown}\n" in words


def test_what_was_told_is_not_told_again(nmbrs: Stage, deliver: Deliver, unknown: int) -> None:
    first, second = [line.id for line in lines(nmbrs, unknown) if line.state is LineState.UNCLEAR]
    an_hour_passes(nmbrs)
    service.decide(nmbrs.alice, unknown, first, booked=False)
    deliver()
    assert where(nmbrs, unknown) is DeliveryState.DONE
    assert [line.id for line in lines(nmbrs, unknown) if line.state is LineState.UNCLEAR] == [second]
    assert told(nmbrs, UNKNOWN) == [ALICE, BOB]


def test_a_line_that_is_lost_afterwards_is_told(nmbrs: Stage, deliver: Deliver, unknown: int) -> None:
    first = next(line.id for line in lines(nmbrs, unknown) if line.state is LineState.UNCLEAR)
    an_hour_passes(nmbrs)
    nmbrs.trouble(INSERT, "drop_before")
    service.decide(nmbrs.alice, unknown, first, booked=False)
    deliver()
    looked_up_in_vain(nmbrs, deliver)
    assert told(nmbrs, UNKNOWN) == [ALICE, ALICE, BOB, BOB]


def test_a_pause_that_cannot_be_told_is_no_pause(
    nmbrs: Stage, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One transaction: no state without its mail."""
    send(nmbrs)
    robot, claim = claimed(nmbrs)
    monkeypatch.setattr("portal.notifications.service.announce", lambda work: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        trouble.unreadable(robot, claim)
    with nmbrs.acting.read() as work:
        assert work.session.scalars(select(Delivery.state)).one() is not DeliveryState.PAUSED
        assert work.session.scalar(select(func.count()).where(OutboxMail.mail == PAUSED)) == 0
