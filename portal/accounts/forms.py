"""What a visitor may send about accounts."""

from __future__ import annotations

from typing import Any

from wtforms import Field, HiddenField, PasswordField, RadioField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal.accounts.second_step import Proof
from portal.kernel.forms import Form, Text, mail_address
from portal.kernel.work import Role


def plain_address(_form: Any, field: Field) -> None:
    """Mail servers that take other signs before the @ are rare; ours may be one that does not."""
    if not (field.data or "").split("@")[0].isascii():
        raise ValidationError("Gebruik een e-mailadres zonder letters met een accent vóór het apenstaartje.")


MAIL = [
    InputRequired("Vul je e-mailadres in."),
    Length(max=254, message="Dit e-mailadres is te lang."),
    mail_address,
    plain_address,
]
NEW_PASSWORD = [InputRequired("Kies een wachtwoord.")]
ROLES = [
    SelectChoice(Role.BEHEERDER.value, "Beheerder: stelt koppelingen in en nodigt collega's uit"),
    SelectChoice(Role.URENVERWERKER.value, "Urenverwerker: importeert, controleert en verstuurt uren"),
    SelectChoice(Role.ACCOUNTANT.value, "Accountant: kiest urencodes en ziet welke rechten er missen, maar geen uren"),
]
ROLES_OF_SUPPORT = [
    SelectChoice(Role.SUPPORT.value, "Support: helpt klanten met hun koppelingen"),
    SelectChoice(Role.SUPPORT_LEAD.value, "Supporthoofd: ook het logboek van alle klanten, en wie bij support werkt"),
]


class LoginForm(Form):
    email = Text("E-mailadres", MAIL)
    password = PasswordField("Wachtwoord", [InputRequired("Vul je wachtwoord in.")])


class CodeForm(Form):
    code = Text("Code", [InputRequired("Vul de code uit je app in."), Length(max=60, message="Deze code is te lang.")])


class ProofForm(Form):
    """A code, or what a passkey answered (a script puts it in)."""

    code = Text("Code", [Length(max=60, message="Deze code is te lang.")])
    passkey = HiddenField()

    def validate_code(self, field: Field) -> None:
        if not self.passkey.data and not field.data:
            raise ValidationError("Vul een code in.")

    def without_app(self) -> None:
        """The only code of who has no app."""
        self.code.label.text = "Herstelcode"

    @property
    def proof(self) -> Proof:
        return Proof(self.code.data or "", self.passkey.data or "")


class PasskeyForm(Form):
    passkey = HiddenField(validators=[InputRequired("Er kwam geen antwoord van je passkey. Probeer het opnieuw.")])


class NewPasskeyForm(Form):
    name = Text("Naam van deze passkey", [InputRequired("Vul een naam in."), Length(max=60, message="Te lang.")])
    passkey = HiddenField()


class ConfirmForm(Form):
    password = PasswordField("Je wachtwoord")
    passkey = HiddenField()

    def validate_password(self, field: Field) -> None:
        if not self.passkey.data and not field.data:
            raise ValidationError("Vul je wachtwoord in.")


class AskResetForm(Form):
    email = Text("E-mailadres", MAIL)


class ResetForm(Form):
    password = PasswordField("Nieuw wachtwoord", NEW_PASSWORD)


class AcceptForm(Form):
    name = Text("Je naam", [InputRequired("Vul je naam in."), Length(max=100, message="Deze naam is te lang.")])
    password = PasswordField("Kies een wachtwoord", NEW_PASSWORD)


class ChangePasswordForm(Form):
    current = PasswordField("Huidig wachtwoord", [InputRequired("Vul je huidige wachtwoord in.")])
    password = PasswordField("Nieuw wachtwoord", NEW_PASSWORD)


class InviteForm(Form):
    email = Text("E-mailadres van je collega of accountant", MAIL)
    role = RadioField("Rol", choices=ROLES, default=Role.URENVERWERKER.value)

    def for_support(self) -> None:
        self.email.label.text = "E-mailadres van je collega"
        _roles_of_support(self.role)


class RoleForm(Form):
    role = RadioField("Rol", choices=ROLES)

    def for_support(self) -> None:
        _roles_of_support(self.role)


def _roles_of_support(field: RadioField) -> None:
    field.choices = ROLES_OF_SUPPORT
    if field.data not in {choice.value for choice in ROLES_OF_SUPPORT} and not field.raw_data:
        field.data = Role.SUPPORT.value


class VenueForm(Form):
    name = Text("Naam van de vestiging", [InputRequired("Vul een naam in."), Length(max=100, message="Te lang.")])
