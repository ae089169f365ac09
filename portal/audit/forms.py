"""What to look for in the trail. It only reads, so it goes by GET and needs no token."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import request
from wtforms import DateField, SelectField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from portal.audit.queries import Wanted
from portal.audit.words import GROUPS
from portal.kernel.errors import InvalidInput
from portal.kernel.forms import Form, Text

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
NO_DAY = "Vul een datum in die bestaat, zoals 22-11-2026."
ANYTHING = SelectChoice("", "Alles")
GROUP_CHOICES = [ANYTHING, *(SelectChoice(key, group.label) for key, group in GROUPS.items())]


class Day(DateField):
    """A day, as a browser sends it or as a person types it."""

    data: date | None

    def __init__(self, label: str, **options: Any) -> None:
        super().__init__(label, [Optional()], format=["%Y-%m-%d", "%d-%m-%Y"], **options)

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(NO_DAY) from None
        if self.data and not EARLIEST <= self.data <= LATEST:
            self.data = None
            raise ValueError(NO_DAY)


class Choice(SelectField):
    """One of `choices`; anything else in the address is refused in words that say what to do."""

    def pre_validate(self, _form: Any) -> None:
        if self.data not in [choice.value for choice in self.choices]:
            raise ValidationError(f"Kies bij {self.label.text.lower()} iets uit de lijst.")


class WantedForm(Form):
    soort = Choice("Soort", default="", choices=GROUP_CHOICES)
    klant = Choice("Klant", default="", choices=[ANYTHING])
    wie = Text("Naam", [Length(max=100, message="Een naam heeft hoogstens 100 tekens.")])
    van = Day("Vanaf")
    tot = Day("Tot en met")

    def validate_tot(self, field: Day) -> None:
        if field.data and self.van.data and field.data < self.van.data:
            raise ValidationError("De laatste dag ligt voor de eerste. Draai de datums om.")

    @property
    def wanted(self) -> Wanted:
        customer = int(self.klant.data) if self.klant and self.klant.data else None
        return Wanted(self.soort.data, self.van.data, self.tot.data, self.wie.data or "", customer)

    @property
    def chosen(self) -> dict[str, str]:
        """The part of the address that says it, for the links of the page."""
        names = [field.name for field in self if field.type != "CSRFTokenField"]
        return {name: request.args[name] for name in names if request.args.get(name)}


def asked(customers: Mapping[int, str] | None = None) -> WantedForm:
    """The form as the address fills it. `customers`: names to choose from, None for who sees one customer only."""
    form = WantedForm(request.args, meta={"csrf": False})
    if customers is None:
        del form.klant
    else:
        named = sorted(customers.items(), key=lambda one: one[1].lower())
        form.klant.choices = [ANYTHING, *(SelectChoice(str(number), name) for number, name in named)]
    return form


def required(customers: Mapping[int, str] | None = None) -> Wanted:
    """As `asked`, for an answer without room for a form. Raises InvalidInput."""
    form = asked(customers)
    if not form.validate():
        raise InvalidInput(next(error for errors in form.errors.values() for error in errors))
    return form.wanted
