"""Who a row belongs to, and mending a team member by hand (C1, C4, B2)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.hours import team
from portal.hours.models import TeamMember
from portal.kernel.errors import InvalidInput, NotFound
from portal.kernel.vault import Tampered
from portal.kernel.work import Acting
from portal.secret import Secret
from tests.factories.people import Cast
from tests.factories.setup import import_hours
from tests.hours.sheets import row

pytestmark = pytest.mark.usefixtures("november")


def members(acting: Acting) -> list[TeamMember]:
    with acting.read() as work:
        return list(work.session.scalars(select(TeamMember).order_by(TeamMember.id)))


def bsn_of(acting: Acting, member: TeamMember) -> str:
    with acting.read() as work:
        return team.open_bsn(work, member).reveal()


def mend(acting: Acting, cast: Cast, member_id: int, who: str = "bob", **changes: str) -> None:
    values = {"name": "Noor Bakker", "email": "noor@example.com", "number": "00101", "bsn": "", **changes}
    details = team.Details(values["name"], values["email"], values["number"], Secret(values["bsn"]))
    team.mend(acting.as_actor(cast.actors[who]), member_id, details)


def test_a_new_person_keeps_zeros_and_the_bsn_is_sealed(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row()])
    (noor,) = members(acting)
    assert (noor.name, noor.email, noor.personnel_number) == ("Noor Bakker", "noor@example.com", "00101")
    assert noor.bsn_sealed is not None
    assert b"123456782" not in noor.bsn_sealed
    assert bsn_of(acting, noor) == "123456782"


def test_c1_a_bsn_copied_to_another_person_does_not_open(acting: Acting, cast: Cast) -> None:
    piet = row(Teamlid="Piet", E_mail="piet@example.com", Personeelsnummer="2", BSN="111222333")
    import_hours(acting, cast, [row(), piet])
    with acting.begin() as work:
        one, two = work.session.scalars(select(TeamMember).order_by(TeamMember.id)).all()
        two.bsn_sealed = one.bsn_sealed
    with pytest.raises(Tampered):
        bsn_of(acting, members(acting)[1])


def test_c4_the_index_of_a_bsn_differs_per_organisation(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row()])
    import_hours(acting, cast, [row()], who="charlie")
    one, two = members(acting)
    assert one.bsn_index != two.bsn_index


@pytest.mark.parametrize(
    "known_by",
    [
        {"E_mail": "", "BSN": ""},
        {"Personeelsnummer": "", "BSN": ""},
        {"BSN": "", "Teamlid": "Noor Bakker-Smit"},
        {"Personeelsnummer": "", "E_mail": "", "Teamlid": "Noor Bakker-Smit"},
    ],
)
def test_a_person_is_found_by_number_mail_or_bsn(acting: Acting, cast: Cast, known_by: dict[str, str]) -> None:
    import_hours(acting, cast, [row()])
    import_hours(acting, cast, [row(Datum="02-10-2026", **known_by)])
    (noor,) = members(acting)
    assert (noor.email, noor.personnel_number) == ("noor@example.com", "00101")


def test_a_later_file_fills_in_what_was_unknown(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row(Personeelsnummer="", BSN="")])
    import_hours(acting, cast, [row(Datum="02-10-2026")])
    (noor,) = members(acting)
    assert noor.personnel_number == "00101"
    assert bsn_of(acting, noor) == "123456782"


def test_mending_changes_the_person_and_is_recorded(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row(BSN="")])
    noor = members(acting)[0]
    mend(acting, cast, noor.id, name="Noor Smit", email="N.Smit@Example.com", number="0102", bsn="249566758")
    (mended,) = members(acting)
    assert (mended.name, mended.email, mended.personnel_number) == ("Noor Smit", "n.smit@example.com", "0102")
    assert bsn_of(acting, mended) == "249566758"
    with acting.read() as work:
        event = work.session.scalars(select(AuditEvent).where(AuditEvent.action == "member.changed")).one()
    assert event.facts == {"member": noor.id, "bsn": True}


def test_an_empty_bsn_keeps_the_one_that_is_there(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row()])
    mend(acting, cast, members(acting)[0].id, name="Noor")
    assert bsn_of(acting, members(acting)[0]) == "123456782"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": "2"}, "personnel_number"),
        ({"email": "PIET@example.com"}, "email"),
        ({"bsn": "111222333"}, "bsn"),
    ],
)
def test_what_is_of_somebody_else_is_refused(acting: Acting, cast: Cast, changes: dict[str, str], field: str) -> None:
    piet = row(Teamlid="Piet Prins", E_mail="piet@example.com", Personeelsnummer="2", BSN="111222333")
    import_hours(acting, cast, [row(), piet])
    with pytest.raises(InvalidInput, match="Piet Prins") as caught:
        mend(acting, cast, members(acting)[0].id, **changes)
    assert caught.value.field == field
    assert members(acting)[0].personnel_number == "00101"


def test_somebody_without_any_mark_is_refused(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row(BSN="")])
    with pytest.raises(InvalidInput):
        mend(acting, cast, members(acting)[0].id, email="", number="")


def test_b2_a_member_of_another_organisation_is_not_there(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row()])
    with pytest.raises(NotFound):
        mend(acting, cast, members(acting)[0].id, who="charlie", name="Gestolen")
    assert members(acting)[0].name == "Noor Bakker"


def test_two_people_cannot_get_one_number_at_the_same_time(acting: Acting, cast: Cast) -> None:
    rows = [row(E_mail=f"p{n}@example.com", Personeelsnummer=str(n), BSN="", Teamlid=f"P{n}") for n in range(6)]
    import_hours(acting, cast, rows)

    def take(member: TeamMember) -> str:
        try:
            mend(acting, cast, member.id, email=member.email or "", number="999")
        except InvalidInput as error:
            return error.field
        return "taken"

    with ThreadPoolExecutor(6) as pool:
        outcomes = sorted(pool.map(take, members(acting)))
    assert outcomes == ["personnel_number"] * 5 + ["taken"]
