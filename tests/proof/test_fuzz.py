"""D6: no input causes a 5xx or a hang, or is read as HTML, Jinja, SQL or a header. `make fuzz` tries many more."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from portal.kernel.work import Acting
from tests.factories.people import Cast
from tests.proof import world
from tests.proof.fuzz import Fuzzer
from tests.proof.run import fuzz

SEED, CASES = 5, 600


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_d6_what_nobody_would_send_is_answered(
    app: Flask, acting: Acting, cast: Cast, sandbox: str, tmp_path: Path
) -> None:
    fuzzer = Fuzzer(world.make(app, acting, cast, sandbox), tmp_path)
    assert {target.endpoint for target in fuzzer.targets} == {rule.endpoint for rule in app.url_map.iter_rules()}
    assert fuzz(fuzzer, SEED, CASES if "sqlite" in str(acting.engine.url) else CASES // 6) == []
    fuzzer.snapshot.drop()
