"""C5: keys are changed while the portal is in use, and nothing becomes unreadable. C1, C4, C7 around data keys."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import insert, select, update

from portal.cli import main
from portal.hours.models import TeamMember
from portal.hours.team import bsn_binding
from portal.integrations import handing_over, keyring, service, strongbox
from portal.integrations.models import Credential, CredentialKey
from portal.integrations.providers.nmbrs.sandbox_world import DEMO_TOKEN
from portal.kernel.key_models import WorkerKey
from portal.kernel.vault import Tampered
from portal.kernel.work import Acting
from portal.keycare import rotate, sealed, worker_key
from portal.keys import read_lines, write_lines
from portal.secret import Secret
from portal.settings import Settings
from portal.tables import metadata
from tests.conftest import SECRET_KEY, VAULT_KEY
from tests.exports import at
from tests.factories.people import Cast, make_cast
from tests.factories.setup import activate_file_target, activate_nmbrs, draft, import_hours
from tests.hours.sheets import row
from tests.installation import COMMAND, clean_env

pytestmark = pytest.mark.usefixtures("november")
BSN = "123456782"
MANY = 10_000


@dataclass
class Place:
    """A portal whose keys stand in files."""

    acting: Acting
    cast: Cast
    settings: Settings
    vault_file: Path
    make_app: Callable[..., Flask]

    @property
    def alice(self) -> Acting:
        return self.acting.as_actor(self.cast.actors["alice"])

    @property
    def worker_file(self) -> Path:
        return self.settings.data / "worker.key"

    @property
    def env(self) -> dict[str, str]:
        return {
            "DATA": str(self.settings.data), "DATABASE_URL": self.settings.database_url,
            "PORTAL_SECRET_KEY": SECRET_KEY, "PORTAL_VAULT_KEY_FILE": str(self.vault_file),
            "PORTAL_ALLOW_PRIVATE_ENDPOINTS": "1",
        }  # fmt: skip

    def run(self, *words: str, code: int = 0, env: Mapping[str, str] | None = None) -> Result:
        done = CliRunner().invoke(main, list(words), env={**self.env, **(env or {})})
        assert done.exit_code == code, done.output
        return done

    def again(self) -> Acting:
        """The same portal, started anew."""
        found: Acting = self.make_app(vault_key_file=self.vault_file).extensions["portal"]
        return found

    def held(self, acting: Acting) -> dict[str, object]:
        """Everything that was sealed here, opened."""
        with acting.read() as work:
            credential = work.session.scalars(select(Credential)).one()
            member = work.session.scalars(select(TeamMember).where(TeamMember.bsn_sealed.is_not(None))).first()
            assert member is not None
            assert member.bsn_sealed
            found: dict[str, object] = {
                "token": strongbox.take(work, credential).reveal(),
                "bsn": work.vault.open(member.bsn_sealed, bsn_binding(member)).reveal(),
                "index": work.vault.index(Secret(BSN), 1, "bsn"),
            }
            for place in sealed.PLACES:
                rows = work.session.scalars(select(place.model).where(place.sealed.is_not(None)).order_by(place.key))
                opened = [work.vault.open_bytes(getattr(one, place.column), place.binding(work, one)) for one in rows]
                if place.model.__tablename__ != "vault_secret":
                    found[place.name] = opened
        return found


@pytest.fixture
def place(settings: Settings, make_app: Callable[..., Flask], tmp_path: Path, sandbox: str) -> Place:
    file = tmp_path / "vault.key"
    write_lines(file, [VAULT_KEY])
    mine = replace(settings, vault_key_file=file)
    acting: Acting = make_app(vault_key_file=file).extensions["portal"]
    cast = make_cast(acting)
    activate_nmbrs(acting, cast)
    activate_file_target(acting, cast, "horecalonen")
    import_hours(acting, cast, [row(BSN=BSN), row(Datum="02-10-2026", BSN=BSN)])
    at.make(acting, cast)
    return Place(acting, cast, mine, file, make_app)


def test_c5_everything_is_sealed_anew_and_the_running_portal_goes_on(place: Place) -> None:
    before, old = place.held(place.acting), read_lines(place.vault_file)
    assert before["token"] == DEMO_TOKEN
    assert len(before["export_file.sealed"]) == 2  # type: ignore[arg-type]
    said = place.run("keys", "rotate").stdout
    assert "The key of the vault is new." in said
    assert "The key of the worker is new." in said
    assert "1 tokens" in said
    lines = read_lines(place.vault_file)
    assert lines[1:] == old
    assert lines[0] != old[0]
    assert place.held(place.acting) == before  # it read the file again by itself
    assert place.held(place.again()) == before
    said = place.run("keys", "status").stdout
    assert [line for line in said.splitlines() if "newest" not in line and not line.endswith("needed by 0")] == []
    assert not any(key in said for key in (*lines, *read_lines(place.worker_file)))
    place.run("audit", "verify")


def test_c5_an_old_key_goes_when_nothing_needs_it_and_not_before(place: Place) -> None:
    before = place.held(place.acting)
    assert place.run("keys", "retire").stdout == "No key can go.\n"
    place.run("keys", "rotate")
    with place.acting.read() as work:
        member = work.session.scalars(select(TeamMember).where(TeamMember.bsn_sealed.is_not(None))).one()
    late = place.again()
    _seal_with_the_old_key(place, late, member.id)
    assert "Retired: vault" not in place.run("keys", "retire").stdout
    assert len(read_lines(place.vault_file)) == 2
    place.run("keys", "rotate")  # finishes; makes no other key
    assert len(read_lines(place.vault_file)) == 2
    assert "Retired: vault" in place.run("keys", "retire").stdout
    assert len(read_lines(place.vault_file)) == len(read_lines(place.worker_file)) == 1
    assert place.held(place.again()) == before


def _seal_with_the_old_key(place: Place, acting: Acting, member_id: int) -> None:
    """As a process does that had not seen the new key yet."""
    lines = read_lines(place.vault_file)
    write_lines(place.vault_file, lines[1:])
    with acting.begin() as work:
        member = work.session.get_one(TeamMember, member_id)
        member.bsn_sealed = work.vault.seal(Secret(BSN), bsn_binding(member))
    write_lines(place.vault_file, lines)


def test_c4_people_are_still_found_by_their_bsn(place: Place) -> None:
    """The same person in the next file is the same team member, before and after."""
    place.run("keys", "rotate")
    place.run("keys", "retire")
    acting = place.again()
    shift = row(Teamlid="Noor Bakker-de Wit", E_mail="", Personeelsnummer="", BSN=BSN, Datum="03-10-2026")
    import_hours(acting, place.cast, [shift])
    with acting.read() as work:
        assert len(work.session.scalars(select(TeamMember.id)).all()) == 1


def test_c5_a_key_from_the_environment_is_replaced_by_its_owner(place: Place) -> None:
    fresh = place.run("keys", "new").stdout.splitlines()[1].partition("=")[2]
    given = {"PORTAL_VAULT_KEY_FILE": "", "PORTAL_VAULT_KEY": fresh, "PORTAL_VAULT_KEY_OLD": VAULT_KEY}
    before = place.held(place.acting)
    said = place.run("keys", "rotate", env=given).stdout
    assert "PORTAL_VAULT_KEY comes from the environment" in said
    place.run("audit", "verify", env={**given, "PORTAL_VAULT_KEY_OLD": ""})
    write_lines(place.vault_file, [fresh])
    assert place.held(place.again()) == before


def _many(place: Place) -> None:
    """Ten thousand people with a BSN."""
    with place.acting.begin() as work:
        first = work.session.scalars(select(TeamMember)).one()
        shared = {c.name: getattr(first, c.name) for c in TeamMember.__table__.columns if c.name != "id"}
        start = 1_000
        rows = []
        for number in range(start, start + MANY):
            own = {
                "id": number,
                "personnel_number": f"X{number}",
                "email": f"x{number}@dezon.example",
                "ref": f"ref-{number}",
            }
            one = TeamMember(**{**shared, **own, "bsn_index": None})
            one.bsn_sealed = work.vault.seal(Secret(BSN), bsn_binding(one))
            rows.append({c.name: getattr(one, c.name) for c in TeamMember.__table__.columns})
        work.session.execute(insert(TeamMember), rows)


def _moved(place: Place) -> int:
    newest = place.acting.vault.keys.newest().id
    with place.acting.read() as work:
        used = [sealed.usage(work, one) for one in sealed.PLACES if one.model is TeamMember]
    return used[0].get(newest, 0)


def test_c5_killed_in_between_all_is_readable_and_it_goes_on(place: Place) -> None:
    _many(place)
    old = len(read_lines(place.vault_file))
    child = subprocess.Popen([*COMMAND, "keys", "rotate"], env=clean_env(place.settings.data, **place.env))
    try:
        until = time.monotonic() + 180
        while len(read_lines(place.vault_file)) == old or not 0 < _moved(place) < MANY:
            assert child.poll() is None, "it ended before it was killed"
            assert time.monotonic() < until
    finally:
        child.kill()
        child.wait()
    half = _moved(place)
    assert 0 < half < MANY
    _all_readable(place)
    place.run("keys", "rotate")
    assert len(read_lines(place.vault_file)) == 2  # the one that was begun, no third
    assert _moved(place) == MANY + 1
    _all_readable(place)


def _all_readable(place: Place) -> None:
    with place.acting.read() as work:
        for member in work.session.scalars(select(TeamMember)):
            assert member.bsn_sealed
            assert work.vault.open(member.bsn_sealed, bsn_binding(member)).reveal() == BSN


def test_c7_a_withdrawn_token_stays_closed_with_every_key_there_is(place: Place) -> None:
    """Its data key is gone: what a copy of the database from before still holds, nobody opens."""
    with place.acting.read() as work:
        kept = work.session.scalars(select(Credential.sealed_token)).one()
    service.switch_off(place.alice, "nmbrs")
    with place.acting.begin() as work:
        assert work.session.scalars(select(CredentialKey)).all() == []
        work.session.execute(update(Credential).values(sealed_token=kept))
    with place.acting.read() as work, pytest.raises(Tampered):
        strongbox.take(work, work.session.scalars(select(Credential)).one())


def test_c5_a_token_that_waits_to_be_sent_is_locked_anew_too(place: Place) -> None:
    """J5: what was reviewed before the change of keys is sent after it."""
    seen = draft(place.alice)
    assert "2 tokens" in place.run("keys", "rotate").stdout
    place.run("keys", "retire")
    acting = place.again()
    handing_over.submit(acting.as_actor(place.cast.actors["alice"]), "nmbrs", seen)
    with acting.read() as work:
        row = work.session.scalars(select(Credential).where(Credential.sealed_token.is_not(None))).one()
        assert strongbox.take(work, row).reveal() == DEMO_TOKEN


def test_c1_a_data_key_of_another_credential_opens_nothing(place: Place) -> None:
    other = place.acting.as_actor(place.cast.actors["charlie"])
    with place.acting.begin() as work:
        mine = work.session.scalars(select(Credential)).one()
        theirs = Credential(
            organisation_id=other.actor.organisation_id, provider="nmbrs", seal_row="b" * 32, email="", domain="",
            fingerprint="", created_at=work.now,
        )  # fmt: skip
        strongbox.put(work, theirs, Secret("een andere token"))
        boxes = {row.credential_id: row for row in work.session.scalars(select(CredentialKey))}
        first, second = boxes[mine.id], boxes[theirs.id]
        first.closed, second.closed = second.closed, first.closed
    with place.acting.read() as work:
        for credential in work.session.scalars(select(Credential)):
            with pytest.raises(Tampered):
                strongbox.take(work, credential)


def test_c1_who_only_locks_cannot_open(place: Place) -> None:
    """What the web process has: the keys of the vault and the public half. A token of before does not open with it."""
    web = replace(place.again(), vault=place.acting.vault.with_opener(None))
    with web.as_actor(place.cast.actors["alice"]).begin() as work, pytest.raises(Tampered):
        keyring.open_credentials(work, work.organisation_id, "nmbrs", "proef")


def test_a_key_retires_only_when_nobody_locks_with_it(place: Place) -> None:
    with place.acting.read() as work:
        (key_id,) = work.session.scalars(select(WorkerKey.id)).all()
    assert not worker_key.retire(place.acting, key_id)
    with place.acting.read() as work:
        assert work.session.get_one(WorkerKey, key_id).retired_at is None


def test_tokens_from_before_data_keys_get_one(place: Place) -> None:
    with place.acting.begin() as work:
        credential = work.session.scalars(select(Credential)).one()
        where = strongbox.token_binding(credential.organisation_id, credential.seal_row)
        strongbox.destroy(work, credential)
        credential.sealed_token = work.vault.seal(Secret(DEMO_TOKEN), where)
    assert worker_key.adopt(place.acting) == 1
    assert worker_key.adopt(place.acting) == 0
    assert place.held(place.acting)["token"] == DEMO_TOKEN
    with place.acting.read() as work:
        assert len(work.session.scalars(select(CredentialKey)).all()) == 1


def test_two_changes_of_keys_at_once_are_refused(place: Place) -> None:
    with rotate._alone(place.settings.data):
        done = place.run("keys", "rotate", code=1)
    assert "Wait until it is done" in done.stderr
    assert len(read_lines(place.vault_file)) == 1


def test_every_sealed_column_is_known() -> None:
    """A new column with sealed values must be sealed anew too."""
    known = {place.name for place in sealed.PLACES}
    other = {"credential.sealed_token", "credential_key.closed", "worker_key.public", "question.sealed_answer"}
    # the public halves of passkeys, and what they are asked to sign: nothing secret
    other |= {"app_user.passkey_handle", "passkey.credential_id", "passkey.public_key", "passkey_question.challenge"}
    binary = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if column.type.python_type is bytes
    }
    assert binary == known | other
