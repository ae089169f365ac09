"""What a visitor may send about hours and team members."""

from __future__ import annotations

from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import Field, RadioField, SelectField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from portal.hours.checks import clean_bsn
from portal.hours.plan import AfterExport, Choices, SameDay
from portal.kernel.forms import Form, Text, mail_address

SAME_DAY = [
    SelectChoice(SameDay.ASK.value, "Niets inlezen en het mij vragen"),
    SelectChoice(
        SameDay.REPLACE.value, "Vervangen: dit bestand is compleet voor die dagen; de andere dienst verdwijnt"
    ),
    SelectChoice(SameDay.BOTH.value, "Allebei laten tellen: het zijn twee diensten"),
]
AFTER_EXPORT = [
    SelectChoice(AfterExport.ASK.value, "Niets inlezen en het mij vragen"),
    SelectChoice(AfterExport.LEAVE.value, "Deze uren zijn al geëxporteerd: laat ze zoals ze zijn"),
    SelectChoice(AfterExport.CORRECT.value, "Neem de wijziging over als correctie"),
]


class UploadForm(Form):
    venue = SelectField("Vestiging", coerce=int)
    file = FileField(
        "Bestand met uren", [FileRequired("Kies een bestand.")], render_kw={"accept": ".csv,.xlsx,text/csv"}
    )
    same_day = RadioField("Andere dienst op dezelfde dag", choices=SAME_DAY, default=SameDay.ASK.value)
    after_export = RadioField("Uren die al geëxporteerd zijn", choices=AFTER_EXPORT, default=AfterExport.ASK.value)

    @property
    def answers(self) -> Choices:
        return Choices(SameDay(self.same_day.data), AfterExport(self.after_export.data))


def valid_bsn(_form: Any, field: Field) -> None:
    """The 11-test; the message never repeats the number."""
    digits = clean_bsn(field.data or "")
    if digits is None:
        raise ValidationError("Dit is geen geldig BSN. Controleer de negen cijfers op het paspoort of de ID-kaart.")
    field.data = digits


class MemberForm(Form):
    name = Text("Naam", [InputRequired("Vul een naam in."), Length(max=100, message="Deze naam is te lang.")])
    email = Text("E-mailadres", [Optional(), mail_address])
    personnel_number = Text("Personeelsnummer", [Optional(), Length(max=20, message="Hoogstens 20 tekens.")])
    bsn = Text("BSN", [Optional(), valid_bsn])
