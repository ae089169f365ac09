"""Counts searches that found nothing: the words, never who asked."""

from __future__ import annotations

from portal.kernel.work import Acting


def count(_acting: Acting, _asked: str) -> None:
    """Remember that nothing was found for these words. Never raises: a reader must not notice."""
