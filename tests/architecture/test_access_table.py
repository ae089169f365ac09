"""B1, B3: who may call what is one table that people review; what the code says must be that table.

`PORTAL_WRITE_ACCESS=1 python -m pytest tests/architecture/test_access_table.py` writes it anew: read the difference.
"""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import pytest
from flask import Flask

from portal.kernel.access import MEMBERS, Audience, audience_of, needs_recent
from portal.kernel.work import Role

TABLE = Path(__file__).parents[2] / "docs" / "access.csv"
OWN = "names a thing of a customer"
COLUMNS = ("address", "method", "anybody", *(role.value for role in Role), "recent sign-in", OWN)
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def rows(app: Flask) -> list[tuple[str, ...]]:
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        audience = audience_of(view)
        assert audience is not None, rule
        who = [audience is Audience.PUBLIC or role in MEMBERS[audience] for role in Role]
        own = any(name.endswith("_id") for name in rule.arguments)
        for method in sorted((rule.methods or set()) & METHODS):
            facts = [audience is Audience.PUBLIC, *who, needs_recent(view), own]
            found.append((str(rule), method, *("yes" if fact else "" for fact in facts)))
    return sorted(found)


def as_csv(app: Flask) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows(app)])
    return text.getvalue()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_b1_the_table_of_who_may_call_what_is_the_reviewed_one(app: Flask) -> None:
    if os.environ.get("PORTAL_WRITE_ACCESS"):
        TABLE.write_text(as_csv(app), encoding="utf-8")
    assert as_csv(app).splitlines() == TABLE.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_b6_nothing_of_a_customer_is_for_everybody_and_support_acts_as_nobody(app: Flask) -> None:
    table = [dict(zip(COLUMNS, row, strict=True)) for row in rows(app)]
    assert not [row for row in table if row["anybody"] and row[OWN]]
    for row in table:
        if row["address"].startswith("/portaal") and row["support"]:
            assert row["address"].startswith("/portaal/account")
