"""Every package below providers/ is found, built and usable; a broken one stops the start."""

from __future__ import annotations

import pytest

from portal.integrations import providers, registry
from portal.integrations.contract import BatchSender, LineSender, Provider
from tests.integrations.providers.examples import settings


def test_the_providers_come_in_the_order_people_see():
    made = registry.build(settings("http://localhost:9"))
    assert list(made)[:3] == ["nmbrs", "horecalonen", "connexie"]
    assert all(isinstance(provider, Provider) for provider in made.values())
    assert isinstance(made["nmbrs"], LineSender)
    assert isinstance(made["horecalonen"], BatchSender)
    assert isinstance(made["connexie"], BatchSender)


def test_without_an_address_a_provider_makes_files_only():
    made = registry.build(settings())
    for key in ("horecalonen", "connexie"):
        assert isinstance(made[key], Provider)
        assert not isinstance(made[key], BatchSender)
        assert not isinstance(made[key], LineSender)


def test_the_words_people_read():
    made = registry.build(settings())
    assert [provider.name for provider in made.values()][:3] == ["Nmbrs", "Horecalonen", "Connexie"]
    assert [provider.needs_bsn for provider in made.values()][:3] == [False, True, False]
    for provider in made.values():
        assert "Uren" in provider.file_columns
        assert "Periode" in provider.file_columns


def test_f2_an_address_without_tls_stops_the_start():
    with pytest.raises(ValueError):
        registry.build(settings("http://localhost:9", allow_private_endpoints=False))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("def build(settings):\n    return object()\n", registry.ProviderBrokenError),
        ("from portal.integrations.providers.connexie.provider import build\n", registry.ProviderBrokenError),
        ("raise KeyError('broken')\n", KeyError),
        ("", AttributeError),
        (None, ModuleNotFoundError),
    ],
)
def test_a_broken_package_stops_the_start(tmp_path, monkeypatch, text, fault):
    """A real package in a real folder, beside the ones we have."""
    name = f"kapot{fault.__name__.lower()}{len(text or '')}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()
    if text is not None:
        (tmp_path / name / "provider.py").write_text(text)
    monkeypatch.setattr(providers, "__path__", [*providers.__path__, str(tmp_path)])
    with pytest.raises(fault):
        registry.build(settings())
