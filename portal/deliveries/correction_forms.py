"""What a visitor may choose for a correction."""

from __future__ import annotations

from wtforms import BooleanField, HiddenField, RadioField
from wtforms.fields.choices import SelectChoice

from portal.deliveries.correction_types import Choice, Review, Way
from portal.hours import periods
from portal.kernel.forms import Form


class CorrectionForm(Form):
    """`fingerprint` is of what was on the screen."""

    fingerprint = HiddenField()
    way = RadioField("Hoe komt de correctie in je salarispakket?", default=Way.SAME.value)
    sure = BooleanField("Ik heb met onze salarisadministratie overlegd dat dit in de afgesloten periode mag.")

    def offer(self, shown: Review, name: str, label: str) -> None:
        """Let only the ways be chosen that can be gone."""
        self.way.choices = [SelectChoice(way.value, _words(way, shown, name, label)) for way in shown.ways]
        if not self.is_submitted():
            self.way.data = shown.default.value

    @property
    def choice(self) -> Choice:
        return Choice(Way(self.way.data), bool(self.sure.data))


def _words(way: Way, shown: Review, name: str, label: str) -> str:
    if way is Way.NEXT and shown.book is not None:
        return (
            f"Verschilregel in {periods.label(shown.book)}: de uren van {label} blijven staan, het verschil komt erbij"
        )
    if way is Way.FORCE:
        return f"Toch in {label}: schrijf in de periode die {name} heeft afgesloten"
    return f"Verbeter in {label}: wij passen onze eigen regels in die periode aan"
