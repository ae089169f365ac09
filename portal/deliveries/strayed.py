"""Who, or what, is kept out of a correction: somebody changed or removed our component in payroll.

A correction is the difference with what we booked. When payroll holds something else by now, that difference would
make a sum that nobody approved, also as a line of its own in another period. What somebody put right by hand is in
nobody's way any more; but we change nothing of it either.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from portal.deliveries.codes import CHANGED
from portal.deliveries.components import Key, Obstacle
from portal.deliveries.difference_queries import Place, people
from portal.deliveries.difference_types import Mismatch
from portal.deliveries.standing import set_right, strayed
from portal.kernel.filters import uren
from portal.kernel.work import Work


@dataclass(frozen=True)
class Aside:
    """`people`: under code "", all codes of this member wait. `codes`: only this code. `done`: by member and code, what
    payroll holds as it was approved, so that nothing is to be corrected."""

    people: Mapping[Key, Obstacle] = field(default_factory=dict)
    codes: Mapping[Key, Obstacle] = field(default_factory=dict)
    done: Collection[Key] = ()


def aside(work: Work, place: Place) -> Aside:
    """What a correction leaves alone. By the last reading; the sender looks again."""
    if not place.reads:
        return Aside()
    name, kept, codes, done = place.provider.name, {}, {}, set()
    for person in people(work, place).persons:
        if wrong := strayed(person):
            kept[(person.member_id, "")] = Obstacle(_words(wrong[0], name), CHANGED)
        for code, one in set_right(person).items():
            codes[(person.member_id, code)] = Obstacle(_by_hand(code, name), CHANGED)
            done |= {(person.member_id, code)} if one.done else set()
    return Aside(kept, codes, done)


def _by_hand(code: str, name: str) -> str:
    return (
        f"Iemand heeft in {name} uren van code {code} met de hand aangepast. Daar blijven wij van af, ook met een "
        f"correctie. Zet die uren in {name} zelf goed. Kies daarna bij Verschil ‘Lees nu’."
    )


def _words(one: Mismatch, name: str) -> str:
    """What must be done first, without harm: payroll as we booked it, or payroll as it was approved."""
    if one.found is None:
        what = f"Iemand haalde onze regel van {uren(one.hours)} uur weg uit {name}."
    elif one.stored or one.rounded:
        what = f"In {name} staat onze regel van {uren(one.hours)} uur als {uren(one.found.hours)} uur."
    elif one.found.code != one.code:
        what = f"Iemand zette onze regel in {name} van code {one.code} op code {one.found.code}."
    else:
        what = f"Iemand veranderde onze regel in {name} van {uren(one.hours)} in {uren(one.found.hours)} uur."
    return (
        f"{what} Een correctie van ons geeft dan een verkeerd totaal. "
        f"Pas in {name} zelf de uren aan tot wat is goedgekeurd. Kies daarna bij Verschil ‘Lees nu’."
    )
