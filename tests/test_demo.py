"""The demo: an installation that an older version made goes on, with what is new."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from portal import demo
from portal.accounts.models import User
from portal.hours.models import Shift
from portal.kernel.work import Acting


def test_an_older_demo_gets_the_accounts_that_it_lacks(acting: Acting) -> None:
    demo.seed(acting)
    with acting.begin() as work:
        work.session.execute(delete(User).where(User.email == "hoofd@portaal.example"))
        shifts = work.session.scalar(select(func.count()).select_from(Shift))
    demo.seed(acting)
    with acting.read() as work:
        mails = set(work.session.scalars(select(User.email)))
        assert work.session.scalar(select(func.count()).select_from(Shift)) == shifts
    assert mails == {mail for mail, _name, _role in demo.ACCOUNTS}
