"""Finds the provider packages. A package that is broken stops the start of the program."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from portal.integrations import providers
from portal.integrations.contract import Provider
from portal.settings import Settings

ORDER = ("nmbrs", "horecalonen", "connexie")


class ProviderBrokenError(Exception):
    """A package below providers/ does not offer what it must."""


def build(settings: Settings) -> dict[str, Provider]:
    """Make every provider found, by key, in the order in which people see them.

    Each package has a `provider.py` with `build(settings) -> Provider`; its key is the package name.
    Raises ProviderBrokenError, and whatever a broken module raises. Makes no connection.
    """
    return {key: _provider(key, settings) for key in keys()}


def keys() -> tuple[str, ...]:
    """Return the keys of all packages: the known ones first, new ones after them by name."""
    found = {module.name for module in pkgutil.iter_modules(providers.__path__) if module.ispkg}
    return (*(key for key in ORDER if key in found), *sorted(found.difference(ORDER)))


def _provider(key: str, settings: Settings) -> Provider:
    module = import_module(f"{providers.__name__}.{key}.provider")
    made = module.build(settings)
    if not isinstance(made, Provider) or made.key != key:
        raise ProviderBrokenError(f"providers/{key}/provider.py builds no provider with key {key!r}.")
    return made
