"""What a reader may say about a page.

These forms hold no token: the pages they stand on are the same for everybody, and a token would need a cookie
(decision 0009). `website` is a trap: people do not see it, and what fills it in is a robot.
"""

from __future__ import annotations

from typing import Any

from wtforms import Field, StringField, TextAreaField, ValidationError
from wtforms.validators import AnyOf

from portal.help.redact import plain
from portal.help.voice import LONGEST_REMARK
from portal.kernel.forms import Form


def _plain(value: str | None) -> str:
    return plain(value or "")


def _not_too_long(_form: Any, field: Field) -> None:
    # no maxlength in the page: a browser would cut a pasted text without a word
    if len(field.data) > LONGEST_REMARK:
        over = len(field.data) - LONGEST_REMARK
        signs = "teken" if over == 1 else "tekens"
        raise ValidationError(f"Je tekst is {over} {signs} te lang. Hoogstens 1.000 tekens passen.")


class Open(Form):
    class Meta(Form.Meta):
        csrf = False

    website = StringField()

    @property
    def is_of_a_robot(self) -> bool:
        return bool(self.website.data)


class VoteForm(Open):
    answer = StringField(validators=[AnyOf(("ja", "nee"))])


class RemarkForm(Open):
    text = TextAreaField("Je opmerking", [_not_too_long], filters=[_plain])
