"""What a visitor may send about deliveries."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, SelectMultipleField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput

from portal.kernel.forms import Form


class MultiCheckboxField(SelectMultipleField):
    """Boxes under one question. What is offered depends on the page (`choices`); what came in is checked later."""

    option_widget = CheckboxInput()

    def __init__(self, label: str, **options: Any) -> None:
        super().__init__(label, coerce=int, choices=[], validate_choice=False, **options)


class SendForm(Form):
    """`not_loaded` is asked when the file of this export was downloaded before; `not_double` (members) when payroll
    holds hours of somebody else; `not_sent` when a backup was put back and nobody knows what was sent before it."""

    not_double = MultiCheckboxField("Heb je nagekeken of het dubbel is?")
    not_loaded = BooleanField("Het bestand dat is gedownload, is niet in de salarisadministratie ingelezen.")

    not_sent = BooleanField("Deze uren zijn nog niet verstuurd of ingelezen. Dat heb ik nagekeken.")


class ProcessedForm(Form):
    """A person says that payroll processed the file of a correction that takes an export back."""

    done = BooleanField(
        "De salarisadministratie heeft het bestand van deze correctie verwerkt.",
        [InputRequired("Vink aan dat het bestand is verwerkt. Tot die tijd blijven de uren vast.")],
    )


class WithdrawForm(Form):
    sure = BooleanField(
        "Het bestand is niet in de salarisadministratie ingelezen.",
        [InputRequired("Vink aan dat het bestand niet is ingelezen. Anders betaal je deze uren dubbel.")],
    )
