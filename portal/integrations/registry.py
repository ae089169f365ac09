"""Finds the provider packages. A package that is broken stops the start of the program."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from sqlalchemy import Engine

from portal.integrations import providers
from portal.integrations.contract import Provider
from portal.kernel.remote.pace import Pace
from portal.settings import Settings

ORDER = ("nmbrs", "horecalonen", "connexie")


class ProviderBrokenError(Exception):
    """A package below providers/ does not offer what it must."""


def build(settings: Settings, engine: Engine | None = None) -> dict[str, Provider]:
    """Make every provider found, by key, in the order in which people see them.

    Each package has a `provider.py` with `build(settings) -> Provider`; its key is the package name. One with
    `calls_per_second(settings)` is built with a pace too, which all processes on this database share.
    Raises ProviderBrokenError, and whatever a broken module raises. Makes no connection.
    """
    return {key: _provider(key, settings, engine) for key in keys()}


def keys() -> tuple[str, ...]:
    """Return the keys of all packages: the known ones first, new ones after them by name."""
    found = {module.name for module in pkgutil.iter_modules(providers.__path__) if module.ispkg}
    return (*(key for key in ORDER if key in found), *sorted(found.difference(ORDER)))


def _provider(key: str, settings: Settings, engine: Engine | None) -> Provider:
    module = import_module(f"{providers.__name__}.{key}.provider")
    limit = getattr(module, "calls_per_second", None)
    if limit is None:
        made = module.build(settings)
    else:
        made = module.build(settings, Pace(engine, key, limit(settings)) if engine is not None else None)
    if not isinstance(made, Provider) or made.key != key:
        raise ProviderBrokenError(f"providers/{key}/provider.py builds no provider with key {key!r}.")
    return made
