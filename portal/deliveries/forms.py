"""What a visitor may send about deliveries."""

from __future__ import annotations

from wtforms import BooleanField
from wtforms.validators import InputRequired

from portal.kernel.forms import Form


class SendForm(Form):
    """`not_loaded` is asked when the file of this export was downloaded before."""

    not_loaded = BooleanField("Het bestand dat is gedownload, is niet in de salarisadministratie ingelezen.")


class WithdrawForm(Form):
    sure = BooleanField(
        "Het bestand is niet in de salarisadministratie ingelezen.",
        [InputRequired("Vink aan dat het bestand niet is ingelezen. Anders betaal je deze uren dubbel.")],
    )
