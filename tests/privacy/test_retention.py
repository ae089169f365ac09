"""Everything else that is forgotten after its time (H4), and the table that says so."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.accounts.invite import invite
from portal.accounts.models import OneTimeLink, Tries, User, WebSession
from portal.audit import seals
from portal.audit.models import AuditEvent
from portal.deliveries.models import Reading
from portal.exports.models import ExportLine
from portal.hours.models import Shift, TeamMember, Upload
from portal.hours.queries import uploads
from portal.integrations import service as koppelingen
from portal.integrations.models import Credential, CredentialRequest, TokenDraft
from portal.kernel.work import Acting, Role
from portal.notifications.models import OutboxMail
from portal.notifications.service import send_waiting
from portal.privacy.classes import CLASSES
from portal.privacy.run import JOBS
from portal.privacy.tasks import DAILY
from portal.settings import Settings
from tests.browse import Visitor
from tests.deliveries.stage import Stage
from tests.factories.people import Cast
from tests.factories.setup import activate_nmbrs, draft, hand_over, import_hours
from tests.hours.sheets import recent_row
from tests.privacy.later import command, count, forget, hits, later, told

SignedIn = Callable[[str], Visitor]


def test_h4_each_class_with_a_period_has_a_job_and_the_worker_runs_them() -> None:
    assert {one.key for one in CLASSES if one.period} == set(JOBS) - {"keys"}
    assert [name for name, _task in DAILY] == ["forget what is past its time"]
    periods = {one.key: one.period for one in CLASSES}
    assert (periods["uploads"], periods["files"], periods["hours"]) == (
        timedelta(days=7), timedelta(days=7), timedelta(days=90),
    )  # fmt: skip
    assert (periods["credentials"], periods["trail"]) == (timedelta(days=90), timedelta(days=730))


def test_h4_the_command_says_what_it_did_and_the_second_time_nothing(
    acting: Acting, cast: Cast, settings: Settings
) -> None:
    import_hours(acting, cast, [recent_row()])
    with later(95):
        assert "unused_hours: 1" in told(settings, "privacy", "run")
        assert told(settings, "privacy", "run") == "Old hours that stay because they are under way: 0.\n"
    assert "90 dagen" in told(settings, "privacy", "show")


def test_h4_a_job_that_fails_does_not_stop_the_others(
    acting: Acting, cast: Cast, settings: Settings, monkeypatch: Any
) -> None:
    def broken(_acting: Acting) -> int:
        raise ZeroDivisionError

    import_hours(acting, cast, [recent_row()])
    monkeypatch.setitem(JOBS, "uploads", broken)
    with later(95):
        done = command(settings, "privacy", "run")
    assert done.exit_code == 1
    assert "uploads: FAILED" in done.stdout
    assert count(acting, Shift) == 0


def test_h4_the_name_of_a_file_goes_after_a_week(acting: Acting, cast: Cast, signed_in: SignedIn) -> None:
    result = import_hours(acting, cast, [recent_row()])
    with later(6):
        forget(acting)
        assert count(acting, Upload, Upload.file_name == "uren.csv") == 1
    with later(8):
        assert forget(acting)["uploads"] == 1
        assert count(acting, Upload, (Upload.file_name != "") | (Upload.sha256 != "")) == 0
        with acting.as_actor(cast.actors["bob"]).read() as work:
            assert [one.file_name for one in uploads(work)] == ["bestand"]
        visitor = signed_in("bob")
        visitor.open("/portaal/uren")
        visitor.open(f"/portaal/uren/imports/{result.upload_id}")
    with later(95):
        forget(acting)
        forget(acting)
        assert count(acting, Upload) == 0


def test_h4_a_token_that_is_not_used_goes_and_one_in_use_stays(
    acting: Acting, cast: Cast, sandbox: str, signed_in: SignedIn
) -> None:
    activate_nmbrs(acting, cast)
    with later(100):
        assert "credentials" not in forget(acting)
        assert count(acting, Credential, Credential.sealed_token.is_not(None)) == 1
        koppelingen.switch_off(acting.as_actor(cast.actors["alice"]), "nmbrs")
        forget(acting)
    with later(189):
        assert "credentials" not in forget(acting)
        assert count(acting, Credential, Credential.email != "") == 1
    with later(191):
        assert forget(acting)["credentials"] == 1
        assert "credentials" not in forget(acting)
        kept = Credential.sealed_token.is_not(None) | (Credential.email != "") | (Credential.fingerprint != "")
        assert count(acting, Credential, kept) == 0
        with acting.read() as work:
            request = work.session.scalars(select(CredentialRequest)).one()
            assert (request.asked_by, request.taken_by, request.found) == ("", "", {})
        desk = signed_in("support")
        desk.open("/support/aanvragen")
        desk.open(f"/support/aanvragen/{request.id}")
        signed_in("alice").open("/portaal/bedrijf/koppelingen/nmbrs")


def test_h4_a_request_that_waits_keeps_its_token(acting: Acting, cast: Cast, sandbox: str) -> None:
    hand_over(acting.as_actor(cast.actors["alice"]))
    with later(200):
        assert "credentials" not in forget(acting)


def test_h4_a_token_that_nobody_sent_goes_after_an_hour(acting: Acting, cast: Cast, sandbox: str) -> None:
    """J5: by the same table; the worker looks each minute (tests/integrations/test_handing_over.py)."""
    draft(acting.as_actor(cast.actors["alice"]))
    with later(59 / 24 / 60):
        assert "drafts" not in forget(acting)
        assert count(acting, Credential, Credential.unused_since.is_not(None)) == 0
    with later(61 / 24 / 60):
        assert forget(acting)["drafts"] == 1
        kept = Credential.sealed_token.is_not(None) | (Credential.email != "") | (Credential.fingerprint != "")
        assert count(acting, Credential, kept) == count(acting, TokenDraft) == 0


def test_h4_mails_links_sessions_and_tries_go(
    acting: Acting, cast: Cast, signed_in: SignedIn, settings: Settings, visitor: Visitor
) -> None:
    alice = signed_in("alice")
    invite(acting, "nieuw@dezon.example", Role.BEHEERDER, "Brasserie De Zon")
    visitor.open("/inloggen").submit("Inloggen", {"email": "x@y.example", "password": "niet goed genoeg"}, status=422)
    while send_waiting(acting):
        pass
    assert alice.open("/portaal").status == 200
    (mail,) = [file for file in (settings.data / "mail").iterdir() if b"nieuw@" in file.read_bytes()]
    os.utime(mail, (time.time(), time.time()))
    with later(31):
        done = forget(acting)
        assert {"mails", "tries"} <= set(done)
        assert not mail.exists()
        assert count(acting, OutboxMail) == count(acting, Tries) == 0
        assert count(acting, OneTimeLink) == 1
    with later(38):
        assert forget(acting)["links"] == 1
    with later(364):
        assert "sessions" not in forget(acting)
    with later(366):
        assert forget(acting)["sessions"] == 1
        assert count(acting, WebSession) == 0


def test_h4_people_without_hours_for_two_years_go_and_their_lines_lose_the_name(
    nmbrs: Stage, sent: int, acting: Acting, settings: Settings, signed_in: SignedIn
) -> None:
    with later(700):
        forget(acting)
        assert count(acting, TeamMember, TeamMember.erased_at.is_(None)) == 3
    with later(731):
        done = forget(acting)
        assert done["members"] == 3
        assert hits(acting, "Sanne", "sanne@", "Youssef", "Daan Visser") == []
        assert count(acting, ExportLine) == 3
        told(settings, "audit", "verify")
        signed_in("alice").open(f"/portaal/leveringen/{sent}")


def test_h4_accounts_without_access_go_after_two_years(acting: Acting, cast: Cast) -> None:
    with acting.begin() as work:
        work.session.get_one(User, cast.actors["bob"].user_id).disabled_at = work.now
    with later(729):
        assert "accounts" not in forget(acting)
    with later(731):
        assert forget(acting)["accounts"] == 1
        assert hits(acting, cast.mail("bob")) == []
        assert "accounts" not in forget(acting)


def test_h4_the_trail_goes_after_two_years(acting: Acting, cast: Cast, settings: Settings) -> None:
    import_hours(acting, cast, [recent_row()])
    seals.seal(acting)
    limit = acting.clock() + timedelta(days=1)
    with later(735):
        assert forget(acting)["trail"] >= 1
        assert count(acting, AuditEvent, AuditEvent.at < limit) == 0
        assert "forgotten after their time" in told(settings, "audit", "verify")


def test_h4_what_payroll_held_goes_after_ninety_days(nmbrs: Stage, sent: int, acting: Acting) -> None:
    assert count(acting, Reading)
    with later(89):
        forget(acting)
        assert count(acting, Reading)
    with later(95):
        forget(acting)
        assert count(acting, Reading) == 0


def test_h4_the_page_says_what_the_table_says(visitor: Visitor, signed_in: SignedIn) -> None:
    page = visitor.open("/").follow("Privacy")
    assert page.text("h1") == "Privacy"
    rows = [" ".join(row.get_text(" ", strip=True).split()) for row in page.soup.select("tbody tr")]
    assert len(rows) == len(CLASSES)
    for one, row in zip(CLASSES, rows, strict=True):
        assert one.what in row
        assert one.how_long[1:] in row
    assert page.link("je token en het BSN") == "/koppelingen/token-en-bsn"
    signed_in("alice").open("/portaal").follow("Privacy")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_j7_the_sentences_of_the_page_are_short(visitor: Visitor) -> None:
    parts = visitor.open("/privacy").soup.select("article p, article li, article td, article th[scope=row]")
    text = ". ".join(" ".join(part.get_text(" ", strip=True).split()) for part in parts)
    sentences = [part.split() for part in text.replace("?", ".").replace(":", ".").split(". ")]
    assert max(sentences, key=len)[24:] == []
