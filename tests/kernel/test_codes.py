"""Codes of errors and states: made once, by one place, and known before the first page is shown (decision 0013)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

import pytest

import portal.app  # noqa: F401 - it makes the codes
from portal.kernel.codes import CODES, Codes
from tests.conftest import SECRET_KEY, VAULT_KEY

ROOT = Path(__file__).parents[2]
AT_START = """
import importlib, json, pkgutil
import portal
from portal.app import create_app
from portal.kernel.codes import CODES
from portal.settings import load
create_app(load())
at_start = set(CODES)
for module in pkgutil.walk_packages(portal.__path__, "portal."):
    if not module.name.endswith(("__main__", ".wsgi")):
        importlib.import_module(module.name)
print(json.dumps(sorted(set(CODES) - at_start)))
"""


class Light(StrEnum):
    GREEN = "groen"
    BROKEN = "niet geël"


def test_a_code_is_made_once() -> None:
    codes = Codes()
    assert codes.new("licht-uit") == "licht-uit"
    with pytest.raises(ValueError, match="was made already"):
        codes.new("licht-uit")


@pytest.mark.parametrize(
    "text", ["licht", "Licht-uit", "licht uit", "licht--uit", "-licht-uit", "licht-" + "u" * 60, ""]
)
def test_a_code_is_a_slug(text: str) -> None:
    with pytest.raises(ValueError, match="is no code"):
        Codes().new(text)


def test_each_state_has_a_code_of_its_own() -> None:
    codes = Codes()
    assert codes.of_states("licht", Light) == {Light.GREEN: "licht-groen", Light.BROKEN: "licht-niet-geel"}
    assert list(codes) == ["licht-groen", "licht-niet-geel"]
    assert codes.of("licht", "niet geël") == "licht-niet-geel"
    assert codes.of("licht", "paars") == ""


def test_no_code_is_made_after_the_pages_were_checked(tmp_path: Path) -> None:
    """A module that is loaded later would bring a code that nobody asked an article for."""
    env = {
        "DATA": str(tmp_path), "PORTAL_SECRET_KEY": SECRET_KEY, "PORTAL_VAULT_KEY": VAULT_KEY, "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", AT_START], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_only_the_list_makes_codes() -> None:
    """`Code("…")` elsewhere would be a code that the list does not know."""
    files = [
        file for file in (ROOT / "portal").rglob("*.py") if file.name != "codes.py" or file.parent.name != "kernel"
    ]
    assert [file.name for file in files if re.search(r"\bCode\((?!\d)", file.read_text(encoding="utf-8"))] == []


def test_a_template_names_only_codes_that_exist() -> None:
    """A link with a word that is no code (any more) would end at "Deze code kennen we niet"."""
    files = [file for file in (ROOT / "templates").rglob("*.html") if file.name != "code_link.html"]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    named = set(re.findall(r'code_link\("([^"]+)"', text))
    things = set(re.findall(r'code_of\("([^"]+)"\)', text))
    assert named
    assert things
    assert named - set(CODES) == set()
    assert {thing for thing in things if not any(code.startswith(f"{thing}-") for code in CODES)} == set()
