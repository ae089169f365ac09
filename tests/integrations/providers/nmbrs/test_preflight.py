"""What keeps a line from going to Nmbrs."""

from __future__ import annotations

import pytest

from portal.kernel.errors import Refused
from tests.integrations.providers.nmbrs.soap_stub import LOGIN, OCTOBER, fault, line, nmbrs


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"code": ""}, "nog geen urencode"),
        ({"code": "21a"}, "geen getal"),
        ({"code": "=2100"}, "geen getal"),
        ({"code": "0"}, "geen getal"),
        ({"code": "٢١٠٠"}, "geen getal"),
        ({"code": "9" * 5000}, "geen getal"),
        ({"employee": ""}, "nog niet gekoppeld"),
        ({"employee": "x1"}, "klopt niet"),
        ({"employee": "-5"}, "klopt niet"),
    ],
)
def test_a_line_that_cannot_go_is_named_and_never_sent(changes, reason):
    with nmbrs(fault("x")) as (provider, stub):
        reasons = provider.preflight_line(line(**changes))
        with pytest.raises(Refused):
            provider.insert(line(**changes), OCTOBER, LOGIN)
    assert len(reasons) == 1
    assert reason in reasons[0].text
    assert stub.connections == 0


def test_a_good_line_has_no_reasons():
    with nmbrs(fault("x")) as (provider, _):
        assert provider.preflight_line(line()) == []
