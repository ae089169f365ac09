"""Two organisations that both have everything: koppelingen, hours, exports, deliveries with receipts and a question,
changed hours, colleagues, invitations, sessions, passkeys, requests and looks."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import ColumnElement, Table, inspect, select

from portal.accounts import links, looks
from portal.accounts.invite import invite
from portal.accounts.models import LinkPurpose, OneTimeLink, Passkey, User, WebSession
from portal.accounts.password import make_hash
from portal.app import for_worker
from portal.deliveries import service as deliveries
from portal.deliveries.models import Delivery, DeliveryLine, LineState
from portal.deliveries.receipt_models import Receipt
from portal.deliveries.sending import Stop, work_once
from portal.exports.models import Export
from portal.help.models import HelpMiss, HelpRemark
from portal.hours.models import TeamMember, Upload
from portal.hours.periods import bounds, slug
from portal.hours.plan import AfterExport, Choices, SameDay
from portal.hours.service import import_file
from portal.integrations.models import CredentialRequest
from portal.integrations.queries import venue_setup
from portal.kernel.db import Base
from portal.kernel.work import Acting, Role, Work
from portal.secret import Secret
from tests.accounts.passkey_steps import add
from tests.accounts.soft_key import SoftKey
from tests.browse import Visitor
from tests.deliveries.stage import PEOPLE, Stage, last_month, shift
from tests.factories.people import PASSWORD, Cast
from tests.factories.setup import activate_file_target, draft
from tests.hours.sheets import csv_bytes

SIDES = {"alice": "Brasserie De Zon", "charlie": "Café Anders"}
Values = dict[str, int | str]
# of parameters that name nothing of a customer
FIXED: Values = {"key": "nmbrs", "extension": "csv", "path": "portal.js", "token": "x" * 43, "code": "fout-404"}
OUTCOMES = {"deliveries.decide": "staat-er", "help_desk.settle": "afgehandeld"}


class Side(Stage):
    """The stage of Alice, for whoever `who` is."""

    who = "alice"

    @property
    def alice(self) -> Acting:
        return self.acting.as_actor(self.cast.actors[self.who])

    @property
    def venue(self) -> int:
        return self.cast.venue(self.who)


class OtherSide(Side):
    who = "charlie"


@dataclass(frozen=True)
class World:
    """`own` and `other`: what each parameter is at Alice and at Charlie. `people`: signed in. `tokens`: of a link that
    works, by endpoint."""

    app: Flask
    acting: Acting
    cast: Cast
    own: Values
    other: Values
    people: dict[str, Visitor]
    tokens: dict[str, str]

    def path(self, endpoint: str, names: Iterable[str], **values: object) -> str:
        """The address of a view, with the things of the own organisation where `values` does not say otherwise."""
        known: dict[str, Any] = {**FIXED, **self.own, "outcome": OUTCOMES.get(endpoint, "x")}
        if endpoint in self.tokens:
            known["token"] = self.tokens[endpoint]
        chosen: dict[str, Any] = {name: {**known, **values}[name] for name in names}
        with self.app.test_request_context():
            return self.app.url_for(endpoint, **chosen)


def make(app: Flask, acting: Acting, cast: Cast, sandbox: str) -> World:
    people = {name: _enter(app, cast, name) for name in ("alice", "bob", "eva", "charlie", "support", "lead")}
    for number, side in enumerate((Side(acting, cast, sandbox), OtherSide(acting, cast, sandbox))):
        _fill(side, number)
        add(people[side.who], SoftKey(), name=f"Sleutel van {side.who}")
    looks.grant(acting.as_actor(cast.actors["alice"]))
    looks.grant(acting.as_actor(cast.actors["charlie"]))
    looks.end(acting.as_actor(cast.actors["charlie"]))
    with acting.begin() as work:
        work.session.add(HelpRemark(page="nmbrs", text="Onduidelijk.", day=work.now.date()))
        work.session.add(HelpMiss(words="zwembad", day=work.now.date(), times=1))
    own, other = (_values(acting, cast, who) for who in SIDES)
    return World(app, acting, cast, own, other, people, _tokens(acting, cast))


def _tokens(acting: Acting, cast: Cast) -> dict[str, str]:
    link = invite(acting, "gast@voorbeeld.example", Role.URENVERWERKER, SIDES["alice"])
    user_id = cast.actors["bob"].user_id
    with acting.begin() as work:
        reset = links.create(work, LinkPurpose.RESET, email=cast.mail("bob"), user_id=user_id)
    return {"accounts.accept": link.rsplit("/", 1)[1], "accounts.reset": reset.token}


def _enter(app: Flask, cast: Cast, name: str) -> Visitor:
    visitor = Visitor(app.test_client())
    visitor.sign_in(cast.mail(name), cast.password)
    return visitor


def _fill(side: Side, number: int) -> None:
    """Deliver hours, leave one line to be decided, change hours afterwards, and make an export and fill in a token that
    are not sent."""
    acting, who = side.acting, side.who
    people = OTHER_PEOPLE if number else PEOPLE
    side.connect_nmbrs()
    activate_file_target(acting, side.cast, "horecalonen", who)
    side.bring_hours(people=people)
    first = deliveries.send(side.alice, side.export("nmbrs", leave_out=True))
    while work_once(for_worker(acting, stop=Stop(threading.Event()))):
        pass
    side.bring_hours(1, people[:1], start=4)
    side.export("horecalonen", leave_out=True)
    _change(side, people[0])
    _leave_unclear(acting, first)
    _colleagues(acting, who)
    draft(side.alice)


OTHER_PEOPLE = (
    ("Emre Yilmaz", "106", "012345672"), ("Lotte Smit", "107", "999999990"), ("Tim Mulder", "108", "123456782"),
)  # fmt: skip


def _change(side: Side, person: tuple[str, str, str]) -> None:
    """Hours that were sent are shorter now: there is something to correct."""
    row = shift(person, bounds(side.period)[0])
    row[6] = "15:00"
    import_file(side.alice, side.venue, "uren.csv", csv_bytes([row]), Choices(SameDay.REPLACE, AfterExport.CORRECT))


def _leave_unclear(acting: Acting, delivery_id: int) -> None:
    """As if the answer about one line never came."""
    with acting.begin() as work:
        line = work.session.scalars(select(DeliveryLine).where(DeliveryLine.delivery_id == delivery_id)).all()[-1]
        line.state, line.remote_ref, line.settled_at = LineState.UNCLEAR, "", None


def _colleagues(acting: Acting, who: str) -> None:
    company = SIDES[who]
    invite(acting, f"nieuw.bij.{who}@voorbeeld.example", Role.URENVERWERKER, company)
    with acting.begin() as work:
        theirs = work.session.scalars(select(User.organisation_id).where(User.email.startswith(who))).one()
        work.session.add(User(
            organisation_id=theirs, email=f"collega.van.{who}@voorbeeld.example", name=f"Collega van {who}",
            role=Role.URENVERWERKER, password_hash=make_hash(Secret(PASSWORD)), created_at=work.now,
        ))  # fmt: skip


def _values(acting: Acting, cast: Cast, who: str) -> Values:
    """What every parameter that names something of a customer is, for this customer."""
    own = cast.actors[who].organisation_id or 0
    with acting.read() as work:
        delivery = _first(work, Delivery, Delivery.organisation_id == own)
        lines = select(DeliveryLine).where(DeliveryLine.delivery_id == delivery.id)
        line = next(one for one in work.session.scalars(lines) if one.state is LineState.UNCLEAR)
        sent = next(one for one in work.session.scalars(lines) if one.remote_ref)
        colleague = User.email == f"collega.van.{who}@voorbeeld.example"
        values: Values = {
            "organisation_id": own,
            "venue_id": cast.venue(who),
            "member_id": _first(work, TeamMember, TeamMember.organisation_id == own).id,
            "upload_id": _first(work, Upload, Upload.organisation_id == own).id,
            "export_id": delivery.export_id,
            "delivery_id": delivery.id,
            "line_id": line.id,
            "remote_ref": sent.remote_ref,
            "period": slug(last_month()),
            "receipt_code": _first(work, Receipt, Receipt.organisation_id == own).code,
            "user_id": _first(work, User, colleague).id,
            "link_id": _first(work, OneTimeLink, OneTimeLink.organisation_id == own).id,
            "session_id": _first(work, WebSession, WebSession.user_id == cast.actors[who].user_id).id,
            "passkey_id": _first(work, Passkey, Passkey.user_id == cast.actors[who].user_id).id,
            "request_id": _first(work, CredentialRequest, CredentialRequest.organisation_id == own).id,
        }
        waiting = Export.provider == "horecalonen"
        values["unsent_id"] = _first(work, Export, (Export.organisation_id == own) & waiting).id
        values["remark_id"] = _first(work, HelpRemark, HelpRemark.id > 0).id
        values["miss_id"] = _first(work, HelpMiss, HelpMiss.id > 0).id
    with acting.as_actor(cast.actors[who]).read() as work:
        setup = venue_setup(work, "nmbrs", cast.venue(who))
        employee = setup.matches[int(values["member_id"])].employee
        values["employee_ref"] = employee.ref if employee else ""
    return values


def _first(work: Work, model: type[Base], where: ColumnElement[bool]) -> Any:
    """The oldest row of this kind."""
    return work.session.scalars(select(model).where(where).order_by(*inspect(model).primary_key)).first()


def everything(acting: Acting, *, but: frozenset[str]) -> dict[str, list[str]]:
    """Every row of every other table."""
    tables: list[Table] = [table for table in Base.metadata.sorted_tables if table.name not in but]
    with acting.read() as work:
        return {table.name: sorted(map(repr, work.session.execute(select(table)).all())) for table in tables}
