"""What support may send."""

from __future__ import annotations

from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from portal.kernel.forms import Form, trimmed

LIMIT = Length(max=2000, message="Hoogstens 2000 tekens.")


class ConfirmForm(Form):
    """A form with nothing but its button."""


class RejectForm(Form):
    reason = TextAreaField(
        "Reden voor de klant", [InputRequired("Geef een reden. De klant leest die."), LIMIT], filters=[trimmed]
    )


class AskForm(Form):
    question = TextAreaField("Vraag aan de klant", [InputRequired("Vul je vraag in."), LIMIT], filters=[trimmed])
