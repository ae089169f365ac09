"""What support may send."""

from __future__ import annotations

from wtforms import HiddenField

from portal.kernel.forms import Form, Lines


class ActivateForm(Form):
    """`fingerprint` is of the token that was on the screen."""

    fingerprint = HiddenField()


class RejectForm(Form):
    reason = Lines("Reden voor de klant", "Geef een reden. De klant leest die.")


class AskForm(Form):
    question = Lines("Vraag aan de klant", "Vul je vraag in.")
