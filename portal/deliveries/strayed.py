"""Who is kept out of a correction: somebody changed or removed our component in payroll.

A correction is the difference with what we booked. When payroll holds something else by now, that difference would
make a sum that nobody approved, also as a line of its own in another period.
"""

from __future__ import annotations

from portal.deliveries.codes import CHANGED
from portal.deliveries.components import Key, Obstacle
from portal.deliveries.difference import strayed
from portal.deliveries.difference_queries import Place, people
from portal.deliveries.difference_types import Mismatch
from portal.kernel.filters import uren
from portal.kernel.work import Work


def kept_out(work: Work, place: Place) -> dict[Key, Obstacle]:
    """By member, under code "": it is about all codes of this person. By the last reading; the sender looks again."""
    if not place.reads:
        return {}
    found = {}
    for person in people(work, place).persons:
        wrong = strayed(person)
        if wrong:
            found[(person.member_id, "")] = Obstacle(_words(wrong[0], place.provider.name), CHANGED)
    return found


def _words(one: Mismatch, name: str) -> str:
    """What must be done first, without harm: payroll as we booked it, or payroll as it was approved."""
    if one.found is None:
        what = f"Iemand haalde onze regel van {uren(one.hours)} uur weg uit {name}."
    elif one.found.code != one.code:
        what = f"Iemand zette onze regel in {name} van code {one.code} op code {one.found.code}."
    else:
        what = f"Iemand veranderde onze regel in {name} van {uren(one.hours)} in {uren(one.found.hours)} uur."
    return (
        f"{what} Een correctie van ons geeft dan een verkeerd totaal. "
        f"Pas in {name} zelf de uren aan tot wat is goedgekeurd. Kies daarna bij Verschil ‘Lees nu’."
    )
