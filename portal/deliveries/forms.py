"""What a visitor may send about deliveries."""

from __future__ import annotations

from wtforms import BooleanField
from wtforms.validators import InputRequired

from portal.kernel.forms import Form


class SendForm(Form):
    """`not_loaded` is asked when the file of this export was downloaded before."""

    not_loaded = BooleanField("Het bestand dat is gedownload, is niet in de salarisadministratie ingelezen.")


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
