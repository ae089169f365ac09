"""Why we ourselves do not send a line: words on the page of the delivery. Payroll said nothing of these lines."""

from __future__ import annotations

from portal.deliveries import codes
from portal.kernel.codes import Reason

CHANGED = Reason(
    "Onze regel staat niet meer zo in het salarispakket: iemand heeft hem daar aangepast of weggehaald. "
    "Een correctie zou nu een verkeerd totaal geven. Kijk bij Verschil wat er staat en wat je doet.",
    codes.CHANGED,
)
TWIN = Reason(
    "Sinds de vorige poging staat er een regel met dezelfde code en dezelfde uren in het salarispakket. "
    "Misschien heeft je salarisadministratie deze uren zelf ingevoerd. Kijk dat na. "
    "Staan ze er nog niet? Verstuur de regel dan opnieuw.",
    codes.TWIN,
)
LANDED_LATE = Reason(
    "Deze uren stonden er eerst niet en daarna wel. We lezen nog een keer na of het onze regel is.", codes.LANDED_LATE
)
BLIND = Reason(
    "Het portaal is teruggezet naar een back-up. In het salarispakket staat al een regel met deze code die we niet "
    "kennen: misschien is die daarna door ons verstuurd. Kijk of dat deze uren zijn.",
    codes.RESTORED,
)
OWN = frozenset({CHANGED.text, TWIN.text})
