"""What a visitor may send about exports."""

from __future__ import annotations

from wtforms import BooleanField, HiddenField

from portal.kernel.forms import Form


class CreateForm(Form):
    """`fingerprint` is of the preview that was on the screen."""

    fingerprint = HiddenField()
    leave_out = BooleanField("Ik weet dat deze uren achterblijven. Ze blijven staan voor een volgende export.")
