"""What a visitor may send about koppelingen."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from wtforms import Field, HiddenField, PasswordField, SelectField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length

from portal.integrations.contract import CredentialField, HourCode
from portal.kernel.forms import Form, Lines, Text, mail_address, no_control_signs, trimmed

TOKEN = re.compile(r"[\x21-\x7e]+")


def token_shape(_form: Any, field: Field) -> None:
    """A token is one word of plain signs, of any length (nobody documents one); the message never repeats it."""
    if not TOKEN.fullmatch(field.data or ""):
        raise ValidationError(
            "In deze token staat een spatie, een enter of een vreemd teken. Kopieer de token opnieuw, in één keer."
        )


class OkForm(Form):
    """A form with nothing but its OK button."""


class SeenForm(Form):
    """`seen`: the mark of what the review page showed."""

    seen = HiddenField()


class AnswerForm(Form):
    text = Lines("Je antwoord", "Vul je antwoord in.")


def credential_form(fields: tuple[CredentialField, ...]) -> type[Form]:
    """A form made from what the provider asks for."""
    return type("CredentialForm", (Form,), {field.name: _field(field) for field in fields})


def _field(field: CredentialField) -> Field:
    asked = DataRequired(f"Vul je {field.label} in.")
    if field.kind == "email":
        return Text(field.label, [asked, Length(max=254, message="Dit e-mailadres is te lang."), mail_address])
    checks = [asked, Length(max=500, message="Deze token is te lang. Kopieer alleen de token."), token_shape]
    return PasswordField(field.label, checks, filters=[trimmed])


def _choices(nothing: str, pairs: list[tuple[str, str]]) -> list[SelectChoice]:
    return [SelectChoice("", nothing), *(SelectChoice(value, label) for value, label in pairs)]


def company_form(choices: list[tuple[str, str]]) -> Form:
    fields = {"company": SelectField("Bedrijf", choices=_choices("Kies een bedrijf", choices))}
    return type("CompanyForm", (Form,), fields)()


def code_form(kinds: list[str], codes: tuple[HourCode, ...], chosen: dict[str, str]) -> Form:
    """One field per kind of hours: a choice of payroll's codes, or free text when payroll has no list."""
    fields: dict[str, Field] = {}
    for kind in kinds:
        if codes:
            named = [(code.code, f"{code.code} {code.description} (model {code.model})") for code in codes]
            options = _choices("Kies een urencode", named)
            fields[kind_field(kind)] = SelectField(kind, choices=options, default=chosen.get(kind, ""))
        else:
            checks = [no_control_signs, Length(max=20, message="Hoogstens 20 tekens."), plain_code]
            fields[kind_field(kind)] = Text(kind, checks, default=chosen.get(kind, ""))
    return type("CodeForm", (Form,), fields)()


def kind_field(kind: str) -> str:
    """The name of the field of a kind. Not its place in the list: that shifts when an import adds a kind,
    and the code of one kind would then be kept for another."""
    return f"kind_{hashlib.sha256(kind.encode()).hexdigest()[:16]}"


def plain_code(_form: Any, field: Field) -> None:
    if (field.data or "").startswith(("=", "+", "-", "@")):
        raise ValidationError("Een code mag niet beginnen met = + - of @.")


def employee_form(employees: list[tuple[str, str]]) -> Form:
    fields = {
        "employee": SelectField("Medewerker", choices=_choices("Niemand (koppel op personeelsnummer)", employees))
    }
    return type("EmployeeForm", (Form,), fields)()
