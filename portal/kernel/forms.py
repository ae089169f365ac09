"""Fields and the base form that areas share."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, StringField, ValidationError

CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


class Form(FlaskForm):
    """Every form: CSRF token, Dutch messages, and errors that can be put at a field from outside."""

    class Meta(FlaskForm.Meta):
        locales = ("nl",)

    def fail(self, field: str, message: str) -> None:
        """Show `message` at `field`, or at the first visible field when there is none of that name."""
        target: Field = self._fields.get(field) or next(f for f in self if f.type != "CSRFTokenField")
        target.errors = [*target.errors, message]


def trimmed(value: str | None) -> str:
    """Normalise to NFC and take off outer white space (no-break and zero-width too)."""
    text = unicodedata.normalize("NFC", value or "")
    return text.strip().strip("\u200b\u200c\u200d\u2060\ufeff").strip()


def no_control_signs(_form: Any, field: Field) -> None:
    if field.data and CONTROL.search(str(field.data)):
        raise ValidationError("Haal de onzichtbare tekens weg (zoals een enter of tab) en probeer het opnieuw.")


class Text(StringField):
    """A text of one line: trimmed, without control characters."""

    def __init__(self, label: str, validators: list[Any] | None = None, **options: Any) -> None:
        super().__init__(label, [no_control_signs, *(validators or [])], filters=[trimmed], **options)
