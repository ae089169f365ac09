"""Rules of the layout that no import linter sees."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from flask import Flask

from portal.integrations.registry import keys
from portal.kernel.access import Audience, audience_of
from portal.notifications.mails import Mail

ROOT = Path(__file__).parents[2]
CODE = sorted((ROOT / "portal").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
ADDRESSES = ROOT / "tests" / "architecture" / "addresses.txt"


def functions(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [(n.name, (n.end_lineno or 0) - n.lineno + 1) for n in ast.walk(tree) if isinstance(n, kinds)]


def is_view(path: Path) -> bool:
    return path.name.endswith("routes.py") or path.name in ("health.py", "pages.py")


@pytest.mark.parametrize("path", CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
    assert [f for f in functions(path) if f[1] > 40] == []


@pytest.mark.parametrize("path", [p for p in CODE if p.name == "__init__.py"], ids=lambda p: p.parent.name)
def test_packages_have_an_empty_init(path: Path) -> None:
    assert path.read_text(encoding="utf-8").strip() == ""


def test_test_files_stay_readable() -> None:
    assert [p.name for p in TESTS if len(p.read_text(encoding="utf-8").splitlines()) > 400] == []


def hidden_imports(path: Path) -> list[str]:
    """Imports inside functions; those under `if TYPE_CHECKING` stand at the top level."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inner = [n for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for n in ast.walk(f)]
    return [ast.unparse(n) for n in inner if isinstance(n, ast.ImportFrom | ast.Import)]


@pytest.mark.parametrize("path", CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_import_hides_in_a_function(path: Path) -> None:
    assert hidden_imports(path) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
class TestViews:
    def test_b1_every_view_declares_its_audience(self, app: Flask) -> None:
        missing = [name for name, view in app.view_functions.items() if audience_of(view) is None]
        assert missing == []

    def test_public_views_are_these_and_no_others(self, app: Flask) -> None:
        public = {name for name, view in app.view_functions.items() if audience_of(view) is Audience.PUBLIC}
        assert public == {
            "accounts.accept", "accounts.ask_reset", "accounts.login", "accounts.reset", "factors.ask",
            "health.alive", "health.ready",
            "help.code",
            "help.asset", "help.home", "help.koppeling", "help.koppelingen", "help.with_slash",
            "machines.changes", "machines.llms", "machines.markdown", "machines.robots", "machines.sitemap",
            "machines.whole",
            "passkeys.ask_second", "passkeys.ask_to_enter", "passkeys.sign_in",
            "privacy.show",
            "receipts.ask", "receipts.check",
            "search.results", "search.suggestions",
            "voice.missing", "voice.thanks", "voice.vote",
        }  # fmt: skip

    def test_no_address_vanishes(self, app: Flask) -> None:
        """An address that is taken away needs a redirect first; new ones are added to the list."""
        now = sorted(
            f"{','.join(sorted((rule.methods or set()) & {'GET', 'POST'}))} {rule}" for rule in app.url_map.iter_rules()
        )
        assert now == ADDRESSES.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("mail", list(Mail))
def test_every_mail_has_its_three_templates(mail: Mail) -> None:
    folder = ROOT / "templates" / "notifications" / mail.value
    assert sorted(p.name for p in folder.iterdir()) == ["body.html", "body.txt", "subject.txt"]


@pytest.mark.parametrize("key", keys())
def test_every_provider_has_a_help_page(key: str) -> None:
    assert (ROOT / "content" / "koppelingen" / f"{key}.md").is_file()


def test_i8_no_page_asks_another_host() -> None:
    places = [
        *(ROOT / "templates").rglob("*.html"),
        *(ROOT / "static").rglob("*.css"),
        *(ROOT / "static").rglob("*.js"),
    ]
    loads = re.compile(r"""(?:src|url\(|@import|fetch\()\s*=?\s*["'(]?(?:https?:)?//""")
    assert [p.name for p in places if loads.search(p.read_text(encoding="utf-8"))] == []


def test_i8_the_lock_files_hold_hashes_and_no_registry() -> None:
    for name in ("run.txt", "dev.txt"):
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        pinned = re.findall(r"^[A-Za-z0-9_.\[\]-]+==", text, re.MULTILINE)
        assert len(pinned) > 20
        assert text.count("--hash=sha256:") >= len(pinned)
        assert "://" not in text
