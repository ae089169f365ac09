"""What a fault of Nmbrs means for us, in Dutch, and what the customer can do.

Source: reference nmbrs-soap-v3, section 11 (form, codes) and 12.2 (where rights are switched on).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from portal.integrations.providers.nmbrs.codes import UNKNOWN_FAULT
from portal.kernel.codes import CODES
from portal.kernel.errors import AccessRefused, Refused, RemoteError, Unavailable
from portal.kernel.remote import wording
from portal.kernel.remote.soap import SoapFault

CODE = re.compile(r"--->\s*(\d{4})\s*:|^\s*(\d{4})\s*:", re.ASCII)
LOGIN, RIGHT, PROTECTED, UNKNOWN = "1001", "1002", "2011", "9999"
NO_ACCESS = frozenset({"1003", "2003", "2004", "2009"})
SUPPORT = "Meld dit aan support van eitje."
VISIBILITY = "Laat in Nmbrs het filter van deze gebruiker nakijken: wat daar niet in zit, ziet het portaal niet."
CLOSED = (
    "Overleg eerst met je salarisadministratie. Of zij voeren de uren zelf in, of jij maakt een correctie met een "
    "verschilregel. Doe niet allebei: dan tellen de uren dubbel."
)
MATCH = "Kies bij de koppeling de juiste gegevens opnieuw en maak daarna een nieuwe export."


@dataclass(frozen=True)
class Meaning:
    """`message` and `remedy` may name {service} and {call}."""

    kind: type[Refused]
    message: str
    remedy: str


MEANINGS = {
    LOGIN: Meaning(
        AccessRefused,
        "Nmbrs herkent deze combinatie van e-mailadres en API-token niet.",
        "Neem beide over van dezelfde Nmbrs-gebruiker. Is de token vernieuwd of de gebruiker verwijderd? "
        "Maak dan in Nmbrs een nieuwe token en vul die hier in.",
    ),
    RIGHT: Meaning(
        AccessRefused,
        "Deze Nmbrs-gebruiker mag {call} niet gebruiken: dat staat uit in Nmbrs.",
        "Zet het in Nmbrs aan: Instellingen > Gebruikerssjablonen (User templates) > tandwiel in de kolom "
        "API > {service} > {call}. De wijziging werkt meteen.",
    ),
    "1003": Meaning(AccessRefused, "Deze Nmbrs-gebruiker mag deze debiteur of dit bedrijf niet zien.", VISIBILITY),
    "1004": Meaning(
        AccessRefused,
        "Deze Nmbrs-omgeving heeft geen geldig abonnement of is uitgezet.",
        "Neem contact op met Nmbrs over het abonnement. Controleer daarna de koppeling opnieuw.",
    ),
    "1006": Meaning(
        AccessRefused,
        "Nmbrs kon deze gebruiker niet aanmelden.",
        "Controleer de koppeling over een paar minuten opnieuw.",
    ),
    "2001": Meaning(
        Refused,
        "Nmbrs kent deze urencode niet bij dit bedrijf.",
        "Kies bij de koppeling een urencode uit de lijst van Nmbrs en maak daarna een nieuwe export.",
    ),
    "2002": Meaning(Refused, "Nmbrs kent deze looncode niet bij dit bedrijf.", MATCH),
    "2003": Meaning(Refused, "Nmbrs kent deze medewerker niet, of laat hem niet zien.", VISIBILITY),
    "2004": Meaning(Refused, "Nmbrs kent dit bedrijf niet, of laat het niet zien.", VISIBILITY),
    "2005": Meaning(Refused, "Nmbrs kent deze organisatie niet.", MATCH),
    "2006": Meaning(
        Refused,
        "Deze periode past niet bij het bedrijf in Nmbrs.",
        "Kijk of het bedrijf in Nmbrs per maand, per vier weken of per week verloont en kies die periode.",
    ),
    "2009": Meaning(Refused, "Nmbrs kent deze debiteur niet, of laat hem niet zien.", VISIBILITY),
    PROTECTED: Meaning(
        Refused,
        "De periode is in Nmbrs al afgesloten, of is nog niet aan de beurt.",
        CLOSED,
    ),
    "2012": Meaning(
        Refused,
        "De periode is in Nmbrs al afgesloten: de loonaangifte is verstuurd.",
        CLOSED,
    ),
    "2013": Meaning(
        Refused,
        "Dit kan niet in een proefomgeving van Nmbrs.",
        "Neem contact op met Nmbrs over het abonnement.",
    ),
    "2030": Meaning(Refused, "Nmbrs kan een waarde in deze regel niet gebruiken.", SUPPORT),
    "2037": Meaning(Refused, "Nmbrs kent de kostenplaats van deze regel niet.", SUPPORT),
    "2038": Meaning(Refused, "Nmbrs kent de code van de kostenplaats van deze regel niet.", SUPPORT),
}
THEIR_CODES = {number: CODES.new(f"nmbrs-{number}") for number in MEANINGS}


def code_in(text: str) -> str:
    """Return the four digits of Nmbrs, or empty text. The first arrow counts."""
    found = CODE.search(text)
    return (found[1] or found[2]) if found else ""


def error_of(fault: SoapFault, service: str, call: str, *, write: bool) -> RemoteError:
    """Return the error to raise for a fault of one call.

    With `write`, whatever is not surely refused is Unclear: it may have been booked.
    """
    theirs = code_in(fault.text)
    code = PROTECTED if theirs == UNKNOWN and "TWK" in fault.text.upper() else theirs
    meaning = MEANINGS.get(code)
    if meaning is None:
        return _unknown(fault, theirs, f"{service}.{call}", write=write)
    message = meaning.message.format(service=service, call=call)
    remedy = meaning.remedy.format(service=service, call=call)
    call = f"{service}.{call}"
    return meaning.kind(message, code, remedy, code=THEIR_CODES[code], call=call, their_code=theirs)


def _unknown(fault: SoapFault, code: str, call: str, *, write: bool) -> RemoteError:
    if not code and fault.code in ("Client", "Sender"):
        return Refused("Nmbrs kon ons verzoek niet lezen.", remedy=SUPPORT, code=UNKNOWN_FAULT, call=call)
    said = wording.cleaned(fault.text.rpartition("--->")[2]) or "(geen tekst)"
    message = f"Nmbrs gaf een melding die wij niet kennen: “{said}”."
    if write:
        return wording.unclear("Nmbrs", message, "fault", code, code=UNKNOWN_FAULT, call=call)
    remedy = f"{wording.LATER} Blijft dit zo? {SUPPORT}"
    return Unavailable(message, code, remedy, code=UNKNOWN_FAULT, call=call)
