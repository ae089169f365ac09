"""Fields and the base form that areas share."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask import current_app
from flask_wtf import FlaskForm
from wtforms import Field, StringField, TextAreaField, ValidationError
from wtforms.i18n import get_translations
from wtforms.validators import DataRequired, Length

CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
KEPT = "kept_form"  # the extension that gives back what was typed before somebody had to sign in again
IN_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


LIBRARY = get_translations(["nl"])
CHOOSE = "Kies een van de mogelijkheden."
BETTER = {
    "Not a valid choice.": CHOOSE,
    "Invalid Choice: could not coerce.": CHOOSE,
    "This field is required.": "Vul dit in.",
}


class Dutch:
    """What WTForms says by itself, in Dutch; in words of ours where the library's do not say what to do."""

    def gettext(self, text: str) -> str:
        return BETTER.get(text) or LIBRARY.gettext(text)

    def ngettext(self, one: str, more: str, count: int) -> str:
        return LIBRARY.ngettext(one, more, count)


class Form(FlaskForm):
    """Every form: CSRF token, Dutch messages, and errors that can be put at a field from outside."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, _form: Form) -> Dutch:
            """Flask-WTF asks Flask-Babel, which is not here, and would leave English."""
            return Dutch()

        def wrap_formdata(self, form: Form, formdata: Any) -> Any:
            """What was sent; else what was typed before signing in again, when all of it belongs to this form."""
            kept = current_app.extensions.get(KEPT, lambda: None)()
            sent = super().wrap_formdata(form, formdata)
            return kept if sent is None and kept and set(kept) <= set(form._fields) else sent

    @property
    def is_filled(self) -> bool:
        """Whether somebody typed what stands in it: then nothing may be put in its place."""
        return self.is_submitted() or any(field.raw_data for field in self)

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


def no_hidden_signs(_form: Any, field: Field) -> None:
    """As `no_control_signs`, for a text in which an enter or tab is fine."""
    if field.data and IN_LINES.search(field.data):
        raise ValidationError("Haal de onzichtbare tekens weg en probeer het opnieuw.")


class Lines(TextAreaField):
    """A text of several lines: trimmed, required, at most `limit` signs, without control characters."""

    def __init__(self, label: str, required: str, limit: int = 2000, **options: Any) -> None:
        longest = Length(max=limit, message=f"Hoogstens {limit} tekens.")
        super().__init__(label, [DataRequired(required), longest, no_hidden_signs], filters=[trimmed], **options)

    def _value(self) -> str:
        return IN_LINES.sub("", super()._value())


def mail_address(_form: Any, field: Field) -> None:
    """Shape only, no look-up; the names that are reserved for tests are addresses too."""
    try:
        validate_email(field.data or "", check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise ValidationError("Dit is geen e-mailadres. Gebruik de vorm naam@bedrijf.nl.") from None


class Text(StringField):
    """A text of one line: trimmed, without control characters."""

    def __init__(self, label: str, validators: list[Any] | None = None, **options: Any) -> None:
        super().__init__(label, [no_control_signs, *(validators or [])], filters=[trimmed], **options)

    def _value(self) -> str:
        """What goes back into the page: control characters have no place in HTML."""
        return CONTROL.sub("", super()._value())
