"""What the command line sees of people who ask for inzage or wissing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stays:
    """What is left after an erasure, why, and until when; in words for the person."""

    what: str
    why: str
    until: str

    def __str__(self) -> str:
        return f"{self.what} Waarom: {self.why} Tot wanneer: {self.until}"


TRAIL = Stays(
    "Regels in het logboek: nummers en wat er gebeurde.",
    "achteraf moet te zien zijn wie wat deed.", "24 maanden na de handeling.",
)  # fmt: skip
BACKUPS = Stays(
    "Reservekopieën van voor vandaag.", "een storing moet te herstellen zijn. Na terugzetten wordt er opnieuw gewist.",
    "tot de reservekopie wordt weggegooid.",
)  # fmt: skip
LEDGER = Stays(
    "Bedragen van uren die naar het salarispakket gingen: uren, code en het nummer in het salarispakket, zonder naam.",
    "zo is te zien dat elk uur één keer is betaald.", "zolang de organisatie het portaal gebruikt.",
)  # fmt: skip
HIDDEN = Stays(
    "Een onleesbare vingerafdruk van personeelsnummer, e-mailadres en BSN.",
    "een oud bestand mag betaalde uren niet nog eens brengen.", "90 dagen na het wissen.",
)  # fmt: skip
RECEIPTS = Stays(
    "De naam van wie een levering startte, in verzegelde ontvangstbewijzen.",
    "een ontvangstbewijs mag niet veranderen.", "24 maanden na het maken.",
)  # fmt: skip
SKELETON = Stays(
    "Nummers en totalen van leveringen met hun ontvangstbewijs, zonder namen.",
    "de keten van ontvangstbewijzen van alle klanten moet heel blijven.", "zolang het portaal bestaat.",
)  # fmt: skip
