"""Wires the areas together. This is the only place where they meet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import pages, progress
from portal.accounts import factor_routes as factors
from portal.accounts import kept
from portal.accounts import look_routes as looks
from portal.accounts import passkey_routes as passkeys
from portal.accounts import people_routes as people
from portal.accounts import routes as accounts
from portal.accounts.identity import connect, time_left
from portal.accounts.passkey_wire import site
from portal.audit import routes as audit
from portal.audit.chain import ANCHOR as TRAIL
from portal.deliveries import correction_routes as corrections
from portal.deliveries import difference_routes as difference
from portal.deliveries import receipt_routes as receipts
from portal.deliveries import routes as deliveries
from portal.deliveries.receipt_chain import ANCHOR as RECEIPTS
from portal.exports import routes as exports
from portal.health import bp as health
from portal.help import desk_routes as help_desk
from portal.help import machine_routes as machines
from portal.help import pages as help_pages
from portal.help import routes as help_routes
from portal.help import search_routes
from portal.help import voice_routes as voice
from portal.help.assets import Shelf
from portal.help.cache import open_cache
from portal.help.opening import Opening
from portal.help.search_later import SearchLater
from portal.help.turnstile import Turnstile
from portal.hours import routes as hours
from portal.hours.routes import UPLOAD_LIMIT
from portal.integrations import registry
from portal.integrations import routes as integrations
from portal.integrations import token_routes as tokens
from portal.integrations.parts import Providers
from portal.kernel import access, headers, limits, logs
from portal.kernel.beside import Beside
from portal.kernel.codes import CODES
from portal.kernel.db import make_engine
from portal.kernel.filters import FILTERS
from portal.kernel.ready import ReadyLayer
from portal.kernel.sealbox import OpeningKeys
from portal.kernel.stored_key import vault_on
from portal.kernel.vault import Vault
from portal.kernel.work import Acting
from portal.keys import Keys
from portal.notifications.service import MailerPart
from portal.notifications.smtp import FolderMailer, SmtpMailer
from portal.privacy import routes as privacy
from portal.settings import Settings, load, worker_keys
from portal.support import look_routes as looking
from portal.support import routes as support

ROOT = Path(__file__).parents[1]
BODY_LIMIT = 1_000_000
KEPT_PAGES = "help-cache.json"
MOST_AT_ONCE = 100  # pages to render in a start: half a second
AREAS = (
    accounts, audit, corrections, deliveries, difference, exports, factors, help_desk, hours, integrations, looking,
    looks, passkeys, people, privacy, receipts, support, tokens, voice,
)  # fmt: skip


def wire(settings: Settings, engine: Engine | None = None) -> Acting:
    """Build what services need: database, vault, providers, mailer. Shared by web, worker and commands."""
    engine = engine or make_engine(settings.database_url)
    mailer = SmtpMailer(settings.smtp_url) if settings.smtp_url else FolderMailer(settings.data / "mail")
    parts = {
        Settings: settings,
        Providers: Providers(registry.build(settings, engine)),
        MailerPart: MailerPart(mailer),
        Turnstile: Turnstile(),
        Beside: Beside(),
    }
    for anchor in (RECEIPTS, TRAIL):
        anchor.keep_at(engine, settings.data)
    return Acting(access.NOBODY, engine, _vault(settings, engine), parts)


def beside() -> Acting:
    """What a process beside the web process needs (`kernel/beside.py`)."""
    logs.configure()
    return wire(load())


def _vault(settings: Settings, engine: Engine) -> Vault:
    given = () if settings.vault_key_file else (settings.vault_key, *settings.vault_keys_old)
    return vault_on(engine, Keys(given, settings.vault_key_file))


def create_app(settings: Settings, engine: Engine | None = None, *, keep_ready: bool = True) -> Flask:
    """Build the web application; reads the help pages, and stops when one of them is seen to be wrong.

    `keep_ready` False: pages are made anew for each request, for who is writing them.
    """
    logs.configure()
    app = Flask("portal", static_folder=None, template_folder=str(ROOT / "templates"))
    _configure(app, settings)
    acting = wire(settings, engine)
    app.extensions["portal"] = acting
    for area in AREAS:
        app.register_blueprint(area.bp)
    app.register_blueprint(help_routes.bp)
    app.register_blueprint(machines.bp)
    app.register_blueprint(search_routes.bp)
    app.register_blueprint(health)
    app.register_blueprint(pages.bp)
    app.extensions["help_opening"] = opening_of(app, settings)
    app.extensions["help"] = app.extensions["help_opening"].library
    app.extensions["help_progress"] = progress.steps
    app.extensions["help_search"] = SearchLater(app.extensions["help"])
    _templates(app)
    headers.protect(app, secure=settings.secure)
    pages.handle_errors(app)
    connect(app, acting)
    kept.connect(app)
    access.guard(app)
    limits.guard(app)
    csrf = CSRFProtect(app)
    for view in voice.WITHOUT_TOKEN:  # their forms stand on pages that are the same for everybody (decision 0009)
        csrf.exempt(view)
    app.wsgi_app = limits.Counted(app.wsgi_app, UPLOAD_LIMIT)  # type: ignore[method-assign]
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    if keep_ready:
        app.wsgi_app = ReadyLayer(  # type: ignore[method-assign]
            app.wsgi_app, cookie=app.config["SESSION_COOKIE_NAME"], hosts=settings.trusted_hosts, shared="/assets/"
        )
    return app


def _configure(app: Flask, settings: Settings) -> None:
    prefix = "__Host-" if settings.secure else ""
    app.config.update(
        SECRET_KEY=settings.secret_key.reveal(),
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        MAX_FORM_MEMORY_SIZE=BODY_LIMIT,
        MAX_FORM_PARTS=5_000,
        SESSION_COOKIE_NAME=f"{prefix}portaal",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as its session
        WTF_CSRF_SSL_STRICT=False,  # kernel/access.py compares the origin, for http and https alike
        TRUSTED_HOSTS=list(settings.trusted_hosts) or None,
        TEMPLATES_AUTO_RELOAD=False,
    )


def opening_of(app: Flask, settings: Settings) -> Opening:
    """Read the help pages; a link into the portal must lead to a page that exists, and each code must have its
    article. Many pages that are new are rendered and checked later. Raises ContentError."""
    keys = tuple(app.extensions["portal"].part(Providers).by_key)
    rules = [str(rule) for rule in app.url_map.iter_rules()]
    paths = {rule.replace("<key>", key) for rule in rules for key in keys}
    assets = ROOT / "static" / "assets"
    opening = help_pages.begin(
        settings.content, assets, providers=keys, app_paths=paths, base_url=settings.base_url,
        cache=open_cache(settings.data / KEPT_PAGES, assets / "media"), codes=frozenset(CODES),
    )  # fmt: skip
    if opening.unmade <= MOST_AT_ONCE:
        opening.check()
    return opening


def _templates(app: Flask) -> None:
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    shelf = Shelf.of(ROOT / "static" / "assets")
    app.extensions["assets"] = shelf
    app.jinja_env.globals["asset"] = shelf.address
    app.context_processor(lambda: {"viewer": access.viewer()})
    app.jinja_env.globals["time_left"] = lambda: time_left(app.extensions["portal"])
    app.jinja_env.globals["passkeys_work"] = site(app.extensions["portal"].part(Settings)) is not None
    app.jinja_env.globals["base_url"] = app.extensions["portal"].part(Settings).base_url
    app.jinja_env.globals["support_mail"] = app.extensions["portal"].part(Settings).support_mail


def for_worker(acting: Acting, **parts: object) -> Acting:
    """Return `acting` with extra parts, such as the flag that ends a worker, and with the keys that open tokens.
    Raises SettingsError."""
    vault = acting.vault.with_opener(OpeningKeys(worker_keys(acting.part(Settings))))
    return replace(acting, vault=vault, parts={**acting.parts, **{type(part): part for part in parts.values()}})
