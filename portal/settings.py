"""All settings, read once from the environment into a frozen value.

Every variable is called PORTAL_...; `DATABASE_URL`, `PORT` and `DATA` have their usual names.
A variable that holds a secret has a twin that ends in `_FILE` and names a file to read it from.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from portal.keys import BadKey, Keys, root_of
from portal.secret import Secret

CONTENT = Path(__file__).parents[1] / "content" / "koppelingen"
NMBRS_SOAP = "https://api.nmbrs.nl/soap/v3"
UNSAID = Path()
SHORTEST_QUIET = 60  # seconds after which a lost answer is looked up (`deliveries.protocol.quiet`), at least
SAMPLE_KEYS = frozenset({"changeme", "secret", "dev", "sample", "test"})


class SettingsError(Exception):
    """The configuration cannot be used; the message names the variable and what to do."""


@dataclass(frozen=True)
class Settings:
    """`secret_key` signs cookies (>= 32 characters); `vault_key` is 32 bytes in base64, `vault_keys_old` still open
    what they sealed; `vault_key_file` holds them all when they come from a file, which may change while we run.

    `parallel`: persons that a worker sends at the same time. `nmbrs_calls_per_second`: of all processes together.
    `content`: the folder of the help pages. `require_second_factor`: of beheerders and support (A4). `backups`: where
    backups and the journal of erasures are. `debug`: of Flask. `allow_http`: people may use http.
    """

    data: Path
    database_url: str
    base_url: str
    secret_key: Secret
    vault_key: Secret
    trusted_hosts: tuple[str, ...] = ()
    proxy_hops: int = 0
    demo: bool = False
    smtp_url: Secret = field(default_factory=lambda: Secret(""))
    mail_from: str = "koppelportaal@localhost"
    support_mail: str = "support@eitje-app.nl"
    nmbrs_soap_url: str = NMBRS_SOAP
    eitje_url: str = ""
    connexie_url: str = ""
    connexie_token: Secret = field(default_factory=lambda: Secret(""))
    horecalonen_url: str = ""
    horecalonen_token: Secret = field(default_factory=lambda: Secret(""))
    allow_private_endpoints: bool = False
    auto_activate: bool = False
    lease_seconds: int = 120
    remote_seconds: int = 30
    parallel: int = 32
    nmbrs_calls_per_second: int = 150
    content: Path = CONTENT
    require_second_factor: bool = False
    vault_keys_old: tuple[Secret, ...] = ()
    vault_key_file: Path | None = None
    backups: Path = UNSAID
    debug: bool = False
    allow_http: bool = False

    def __post_init__(self) -> None:
        if self.backups == UNSAID:
            object.__setattr__(self, "backups", self.data / "backups")

    @property
    def secure(self) -> bool:
        return self.base_url.startswith("https://")


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. Raises SettingsError with a message for the person who starts it."""
    env = os.environ if environ is None else environ
    data = Path(env.get("DATA") or env.get("PORTAL_DATA") or "var").resolve()
    port = _number(env, "PORT", 8000, most=65_535)
    demo = _flag(env, "PORTAL_DEMO")
    vault_key, *vault_keys_old = _keys(env, "PORTAL_VAULT_KEY")
    return Settings(
        data=data,
        database_url=_database(env, data),
        base_url=_base_url(env) or f"http://127.0.0.1:{port}",
        secret_key=_secret_key(env),
        vault_key=vault_key,
        trusted_hosts=tuple(h.strip() for h in _text(env, "PORTAL_TRUSTED_HOSTS").split(",") if h.strip()),
        proxy_hops=_number(env, "PORTAL_PROXY_HOPS", 0),
        demo=demo,
        smtp_url=_secret(env, "PORTAL_SMTP_URL"),
        mail_from=_text(env, "PORTAL_MAIL_FROM") or "koppelportaal@localhost",
        support_mail=_text(env, "PORTAL_SUPPORT_MAIL") or "support@eitje-app.nl",
        nmbrs_soap_url=_url(env, "PORTAL_NMBRS_SOAP_URL") or NMBRS_SOAP,
        eitje_url=_url(env, "PORTAL_EITJE_URL"),
        connexie_url=_url(env, "PORTAL_CONNEXIE_URL"),
        connexie_token=_header(env, "PORTAL_CONNEXIE_TOKEN"),
        horecalonen_url=_url(env, "PORTAL_HORECALONEN_URL"),
        horecalonen_token=_header(env, "PORTAL_HORECALONEN_TOKEN"),
        allow_private_endpoints=_flag(env, "PORTAL_ALLOW_PRIVATE_ENDPOINTS"),
        auto_activate=_flag(env, "PORTAL_AUTO_ACTIVATE"),
        lease_seconds=_lease(env),
        remote_seconds=_number(env, "PORTAL_REMOTE_SECONDS", 30),
        parallel=_at_least_one(env, "PORTAL_PARALLEL", 32, most=64),
        nmbrs_calls_per_second=_at_least_one(env, "PORTAL_NMBRS_CALLS_PER_SECOND", 150, most=1000),
        content=Path(_text(env, "PORTAL_CONTENT") or CONTENT),
        require_second_factor=_second_factor(env, demo=demo),
        vault_keys_old=tuple(vault_keys_old),
        vault_key_file=_key_file(env, "PORTAL_VAULT_KEY"),
        backups=Path(_text(env, "PORTAL_BACKUP_DIR") or data / "backups").resolve(),
        debug=_text(env, "FLASK_DEBUG").lower() not in ("", "0", "false", "no"),
        allow_http=_flag(env, "PORTAL_ALLOW_HTTP"),
    )


def worker_keys(settings: Settings, environ: Mapping[str, str] | None = None) -> Keys:
    """The private keys of the worker, which the web process does not keep: from PORTAL_WORKER_KEY (and _OLD), or from a
    file, by default `worker.key` in the data folder. Empty when there is none yet. Raises SettingsError."""
    env = os.environ if environ is None else environ
    try:
        made = settings.data / "worker.key"  # by the web process, when that was started before any worker
        if _text(env, "PORTAL_WORKER_KEY"):
            return Keys(_keys(env, "PORTAL_WORKER_KEY"), made)
        return Keys(file=_key_file(env, "PORTAL_WORKER_KEY") or made)
    except BadKey as error:
        raise SettingsError(f"PORTAL_WORKER_KEY: {error}.") from error


def has_own_worker_key(environ: Mapping[str, str] | None = None) -> bool:
    """Whether somebody chose where the key of the worker comes from."""
    env = os.environ if environ is None else environ
    return bool(_text(env, "PORTAL_WORKER_KEY") or _text(env, "PORTAL_WORKER_KEY_FILE"))


def _text(env: Mapping[str, str], name: str) -> str:
    return env.get(name, "").strip()


def _flag(env: Mapping[str, str], name: str) -> bool:
    value = _text(env, name).lower()
    if value not in ("", "0", "1", "true", "false", "yes", "no"):
        raise SettingsError(f"{name} must be 0 or 1.")
    return value in ("1", "true", "yes")


def _second_factor(env: Mapping[str, str], *, demo: bool) -> bool:
    """Required where real people work; a demo on your own machine only offers it."""
    if _text(env, "PORTAL_SECOND_FACTOR"):
        return _flag(env, "PORTAL_SECOND_FACTOR")
    return not demo and _base_url(env).startswith("https://")


def _number(env: Mapping[str, str], name: str, default: int, most: int = 86_400) -> int:
    value = _text(env, name)
    if not value:
        return default
    # nine digits at most: int() refuses a text of thousands with an error of its own
    if not (value.isascii() and value.isdigit() and len(value) <= 9 and int(value) <= most):
        raise SettingsError(f"{name} must be a whole number, at most {most}.")
    return int(value)


def _base_url(env: Mapping[str, str]) -> str:
    value = _text(env, "PORTAL_BASE_URL").rstrip("/")
    parts = urlsplit(value)
    if value and (parts.scheme not in ("https", "http") or not parts.hostname or parts.path or parts.query):
        raise SettingsError("PORTAL_BASE_URL must be like https://portaal.example, without a path.")
    return value


def _url(env: Mapping[str, str], name: str) -> str:
    value = _text(env, name).rstrip("/")
    if value and not value.startswith(("https://", "http://")):
        raise SettingsError(f"{name} must start with https:// (or http:// for a sandbox).")
    if value.startswith("http://") and not _flag(env, "PORTAL_ALLOW_PRIVATE_ENDPOINTS"):
        raise SettingsError(f"{name} must use https://. Only with PORTAL_ALLOW_PRIVATE_ENDPOINTS=1 is http:// taken.")
    return value


def _lease(env: Mapping[str, str]) -> int:
    """A lease shorter than a call would let a second worker look before the first has its answer."""
    lease, call = _number(env, "PORTAL_LEASE_SECONDS", 120), _number(env, "PORTAL_REMOTE_SECONDS", 30)
    if not 1 <= call < lease:
        raise SettingsError("PORTAL_REMOTE_SECONDS must be 1 or more and less than PORTAL_LEASE_SECONDS.")
    if lease + call < SHORTEST_QUIET and not _rehearses(env):
        raise SettingsError(
            f"PORTAL_LEASE_SECONDS and PORTAL_REMOTE_SECONDS must be {SHORTEST_QUIET} or more together: looked up "
            "sooner, hours of a slow call would seem absent and be sent twice. Shorter is for demo and tests only "
            "(PORTAL_ALLOW_PRIVATE_ENDPOINTS=1 and no https)."
        )
    return lease


def _rehearses(env: Mapping[str, str]) -> bool:
    """Whether this is a demo or a test: stand-ins on private addresses, and no address for people on the internet."""
    return _flag(env, "PORTAL_ALLOW_PRIVATE_ENDPOINTS") and not _base_url(env).startswith("https://")


def _at_least_one(env: Mapping[str, str], name: str, default: int, most: int) -> int:
    found = _number(env, name, default, most)
    if found < 1:
        raise SettingsError(f"{name} must be 1 or more.")
    return found


def _secret(env: Mapping[str, str], name: str) -> Secret:
    file = _text(env, f"{name}_FILE")
    if not file:
        return Secret(_text(env, name))
    path = Path(file)
    try:
        mode = path.stat().st_mode
        value = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{name}_FILE cannot be read: {error.__class__.__name__}.") from error
    if mode & 0o077:
        raise SettingsError(f"The file of {name}_FILE is readable for others: chmod 600 it.")
    return Secret(value)


def _header(env: Mapping[str, str], name: str) -> Secret:
    """A secret that travels in a header: only signs that can stand there."""
    value = _secret(env, name)
    if not all(" " <= sign <= "~" for sign in value.reveal()):
        raise SettingsError(f"{name} holds a sign that cannot stand in a header: take the key over once more.")
    return value


def _secret_key(env: Mapping[str, str]) -> Secret:
    key = _secret(env, "PORTAL_SECRET_KEY")
    if len(key.reveal()) < 32 or _is_sample(key.reveal()):
        raise SettingsError("PORTAL_SECRET_KEY must be a random text of 32 characters or more (`portal keys new`).")
    return key


def _keys(env: Mapping[str, str], name: str) -> list[Secret]:
    """Keys of 32 bytes, newest first: the lines of the file, or the variable and its twin that ends in _OLD."""
    found = [Secret(word) for word in _secret(env, name).reveal().split()]
    if not _text(env, f"{name}_FILE"):
        found += [Secret(word) for word in _secret(env, f"{name}_OLD").reveal().replace(",", " ").split()]
    try:
        for key in found or [Secret("")]:
            root_of(key.reveal())
    except BadKey as error:
        raise SettingsError(f"{name} must be 32 random bytes in base64 (`portal keys new`).") from error
    return found


def _key_file(env: Mapping[str, str], name: str) -> Path | None:
    file = _text(env, f"{name}_FILE")
    return Path(file) if file else None


def _is_sample(key: str) -> bool:
    return len(set(key)) < 8 or any(key.lower().startswith(word) for word in SAMPLE_KEYS)


def _database(env: Mapping[str, str], data: Path) -> str:
    url = _secret(env, "DATABASE_URL").reveal()
    if not url:
        return f"sqlite:///{data / 'portal.sqlite3'}"
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url
