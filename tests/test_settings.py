"""C6: the program stops at once on a configuration that cannot be right, and says which variable and why."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest

from portal.dangers import dangers
from portal.settings import SettingsError, load
from tests.installation import COMMAND, clean_env, portal

KEY = "Zq7-" + "abcdefghij0123456789" * 2
VAULT = base64.b64encode(bytes(range(50, 82))).decode()
GOOD = {"PORTAL_SECRET_KEY": KEY, "PORTAL_VAULT_KEY": VAULT}
HTTP = "http://127.0.0.1:8090/nmbrs"
WRONG = [
    ({"PORTAL_SECRET_KEY": ""}, "PORTAL_SECRET_KEY"),
    ({"PORTAL_SECRET_KEY": "kort"}, "PORTAL_SECRET_KEY"),
    ({"PORTAL_SECRET_KEY": "a" * 40}, "PORTAL_SECRET_KEY"),
    ({"PORTAL_SECRET_KEY": "changeme-" + "abcdefghij0123456789" * 2}, "PORTAL_SECRET_KEY"),
    ({"PORTAL_VAULT_KEY": ""}, "PORTAL_VAULT_KEY"),
    ({"PORTAL_VAULT_KEY": "geen base64!"}, "PORTAL_VAULT_KEY"),
    ({"PORTAL_VAULT_KEY": base64.b64encode(bytes(range(31))).decode()}, "PORTAL_VAULT_KEY"),
    ({"PORTAL_VAULT_KEY": base64.b64encode(bytes(range(33))).decode()}, "PORTAL_VAULT_KEY"),
    ({"PORTAL_VAULT_KEY": base64.b64encode(bytes(32)).decode()}, "PORTAL_VAULT_KEY"),
    ({"PORTAL_VAULT_KEY": "sleutel-é"}, "PORTAL_VAULT_KEY"),
    ({"PORTAL_NMBRS_SOAP_URL": HTTP}, "PORTAL_NMBRS_SOAP_URL"),
    ({"PORTAL_CONNEXIE_URL": HTTP}, "PORTAL_CONNEXIE_URL"),
    ({"PORTAL_HORECALONEN_URL": HTTP}, "PORTAL_HORECALONEN_URL"),
    ({"PORTAL_NMBRS_SOAP_URL": "ftp://a"}, "PORTAL_NMBRS_SOAP_URL"),
    ({"PORTAL_BASE_URL": "portaal.example"}, "PORTAL_BASE_URL"),
    ({"PORTAL_BASE_URL": "https://portaal.example/pad"}, "PORTAL_BASE_URL"),
    ({"PORTAL_BASE_URL": "javascript:alert(1)"}, "PORTAL_BASE_URL"),
    ({"PORTAL_DEMO": "misschien"}, "PORTAL_DEMO"),
    ({"PORTAL_PROXY_HOPS": "-1"}, "PORTAL_PROXY_HOPS"),
    ({"PORTAL_PROXY_HOPS": "²"}, "PORTAL_PROXY_HOPS"),
    ({"PORTAL_PROXY_HOPS": "9" * 5000}, "PORTAL_PROXY_HOPS"),
    ({"PORT": "veel"}, "PORT"),
    ({"PORT": "70000"}, "PORT"),
    ({"PORTAL_LEASE_SECONDS": "1.5"}, "PORTAL_LEASE_SECONDS"),
    ({"PORTAL_LEASE_SECONDS": "30", "PORTAL_REMOTE_SECONDS": "30"}, "PORTAL_LEASE_SECONDS"),
    ({"PORTAL_REMOTE_SECONDS": "0"}, "PORTAL_REMOTE_SECONDS"),
    ({"PORTAL_SECRET_KEY_FILE": "/bestaat/niet"}, "PORTAL_SECRET_KEY_FILE"),
]


@pytest.mark.parametrize(("changes", "variable"), WRONG, ids=lambda value: str(value)[:60])
def test_c6_what_cannot_be_right_stops_the_start(changes: dict[str, str], variable: str) -> None:
    with pytest.raises(SettingsError, match=variable) as caught:
        load({**GOOD, **changes})
    message = str(caught.value)
    for name, value in {**GOOD, **changes}.items():
        assert "KEY" not in name or name.endswith("_FILE") or len(value) < 8 or value not in message
    assert len(message) < 300


def seconds(lease: int, call: int, **more: str) -> dict[str, str]:
    return {**GOOD, "PORTAL_LEASE_SECONDS": str(lease), "PORTAL_REMOTE_SECONDS": str(call), **more}


@pytest.mark.parametrize(
    "more",
    [
        {"PORTAL_BASE_URL": "https://portaal.example"},
        {"PORTAL_BASE_URL": "https://portaal.example", "PORTAL_ALLOW_PRIVATE_ENDPOINTS": "1"},
        {"PORTAL_BASE_URL": "http://portaal.example"},
        {},  # a worker that was given no address still sends to Nmbrs itself
    ],
    ids=str,
)
def test_production_does_not_look_a_line_up_before_a_slow_call_ended(more: dict[str, str]) -> None:
    for lease, call in ((2, 1), (40, 19)):
        with pytest.raises(SettingsError, match="PORTAL_LEASE_SECONDS and PORTAL_REMOTE_SECONDS") as caught:
            load(seconds(lease, call, **more))
        assert len(str(caught.value)) < 300
    found = load(seconds(40, 20, **more))
    assert (found.lease_seconds, found.remote_seconds) == (40, 20)
    assert load({**GOOD, **more}).lease_seconds == 120


def test_a_rehearsal_may_be_short() -> None:
    for base in ("", "http://127.0.0.1:8000"):
        assert load(seconds(2, 1, PORTAL_ALLOW_PRIVATE_ENDPOINTS="1", PORTAL_BASE_URL=base)).lease_seconds == 2


def key_file(folder: Path, value: str, mode: int = 0o600) -> str:
    file = folder / f"key{mode:o}{len(value)}"
    file.write_text(value)
    file.chmod(mode)
    return str(file)


def test_c6_a_key_comes_from_a_file_of_its_owner_only(tmp_path: Path) -> None:
    env = {"PORTAL_SECRET_KEY_FILE": key_file(tmp_path, f"{KEY}\n"), "PORTAL_VAULT_KEY": VAULT}
    assert load(env).secret_key.reveal() == KEY
    url = "postgres://portaal:geheim@db/portaal"
    found = load(
        {**GOOD, "DATABASE_URL_FILE": key_file(tmp_path, url), "PORTAL_SMTP_URL_FILE": key_file(tmp_path, "smtp://x")}
    )
    assert found.database_url == "postgresql+psycopg://portaal:geheim@db/portaal"
    assert found.smtp_url.reveal() == "smtp://x"
    for mode in (0o640, 0o604, 0o644, 0o660):
        with pytest.raises(SettingsError, match="chmod 600"):
            load({**env, "PORTAL_SECRET_KEY_FILE": key_file(tmp_path, KEY, mode)})


def test_http_is_taken_for_a_sandbox_only() -> None:
    found = load({**GOOD, "PORTAL_NMBRS_SOAP_URL": f"{HTTP}/", "PORTAL_ALLOW_PRIVATE_ENDPOINTS": "1"})
    assert found.nmbrs_soap_url == HTTP
    assert load(GOOD).nmbrs_soap_url.startswith("https://")
    assert not load(GOOD).allow_private_endpoints


def test_the_usual_values() -> None:
    found = load({**GOOD, "DATA": "data", "PORT": "8123"})
    assert found.base_url == "http://127.0.0.1:8123"
    assert found.database_url == f"sqlite:///{Path('data').resolve()}/portal.sqlite3"
    assert not found.secure
    assert load({**GOOD, "PORTAL_BASE_URL": "https://portaal.example/"}).secure
    assert load({**GOOD, "PORTAL_TRUSTED_HOSTS": "a.nl, b.nl,"}).trusted_hosts == ("a.nl", "b.nl")


def test_c3_settings_do_not_show_their_secrets() -> None:
    shown = repr(load({**GOOD, "PORTAL_CONNEXIE_TOKEN": "connexie-token-0001", "PORTAL_SMTP_URL": "smtp://a:b@c"}))
    for secret in (KEY, VAULT, "connexie-token", "smtp://"):
        assert secret not in shown


HTTPS = {"PORTAL_BASE_URL": "https://portaal.example", "PORTAL_TRUSTED_HOSTS": "portaal.example"}
DANGEROUS = [
    ({**HTTPS, "FLASK_DEBUG": "1"}, "Debug is on"),
    ({**HTTPS, "PORTAL_TRUSTED_HOSTS": ""}, "PORTAL_TRUSTED_HOSTS is not set"),
    ({**HTTPS, "PORTAL_TRUSTED_HOSTS": " , "}, "PORTAL_TRUSTED_HOSTS is not set"),
    ({**HTTPS, "PORTAL_DEMO": "1"}, "demo on an https address"),
    ({**HTTPS, "PORTAL_ALLOW_PRIVATE_ENDPOINTS": "1"}, "PORTAL_ALLOW_PRIVATE_ENDPOINTS"),
    ({**HTTPS, "PORTAL_SECRET_KEY": "changeme-" + "abcdefghij0123456789" * 2}, "PORTAL_SECRET_KEY"),
    ({**HTTPS, "PORTAL_VAULT_KEY": base64.b64encode(bytes(32)).decode()}, "PORTAL_VAULT_KEY"),
    ({"PORTAL_BASE_URL": "http://portaal.example"}, "PORTAL_BASE_URL is http"),
    ({"PORTAL_BASE_URL": "http://192.168.1.5:8000"}, "PORTAL_BASE_URL is http"),
    ({"PORTAL_BASE_URL": "http://portaal.example", "PORTAL_ALLOW_HTTP": "1", "FLASK_DEBUG": "1"}, "Debug is on"),
]
HARMLESS = [
    {},
    {"FLASK_DEBUG": "1"},
    {"PORTAL_ALLOW_PRIVATE_ENDPOINTS": "1"},
    {"PORTAL_BASE_URL": "http://localhost:9000", "PORTAL_DEMO": "1"},
    {"PORTAL_BASE_URL": "http://[::1]:9000"},
    {"PORTAL_BASE_URL": "http://192.168.1.5:8000", "PORTAL_DEMO": "1"},
    {"PORTAL_BASE_URL": "http://portaal.example", "PORTAL_ALLOW_HTTP": "1"},
    HTTPS,
    {**HTTPS, "FLASK_DEBUG": "0"},
]


@pytest.mark.parametrize(("changes", "said"), DANGEROUS, ids=lambda value: str(value)[:70])
@pytest.mark.parametrize("command", ["serve", "worker"])
def test_i7_a_dangerous_configuration_does_not_start(
    tmp_path: Path, command: str, changes: dict[str, str], said: str
) -> None:
    done = portal({**clean_env(tmp_path), **GOOD, **changes}, command)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert done.stdout == ""
    assert not list(tmp_path.iterdir())  # it stopped before it made anything


@pytest.mark.parametrize("changes", HARMLESS, ids=str)
def test_i7_development_and_a_right_production_start(changes: dict[str, str]) -> None:
    assert dangers(load({**GOOD, **changes})) == []


def test_i7_a_web_server_of_your_own_is_no_way_around(tmp_path: Path) -> None:
    env = {**clean_env(tmp_path), **GOOD, **HTTPS, "PORTAL_DEMO": "1"}
    done = subprocess.run(
        [COMMAND[0], "-c", "import portal.wsgi"], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "demo on an https address" in done.stderr
