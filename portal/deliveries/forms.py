"""What a visitor may send about deliveries."""

from __future__ import annotations

from wtforms import BooleanField
from wtforms.validators import InputRequired

from portal.kernel.forms import Form


class ConfirmForm(Form):
    """A form with nothing but its button."""


class WithdrawForm(Form):
    sure = BooleanField(
        "Het bestand is niet in de salarisadministratie ingelezen.",
        [InputRequired("Vink aan dat het bestand niet is ingelezen. Anders betaal je deze uren dubbel.")],
    )
