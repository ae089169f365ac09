"""What is kept, why, for how long and who sees it: one table, for the worker, the page and the tests (H4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from portal.accounts import retention as accounts
from portal.deliveries import retention as deliveries
from portal.exports import retention as exports
from portal.help import retention as help_
from portal.hours import retention as hours
from portal.integrations import drafts
from portal.integrations import retention as integrations
from portal.notifications import retention as notifications

TRAIL = timedelta(days=730)


@dataclass(frozen=True)
class Kept:
    """One kind of data. `period` counts from `since`; None: as long as `since` says. Words are for readers (J7)."""

    key: str
    what: str
    why: str
    who: str
    since: str
    period: timedelta | None = None

    @property
    def how_long(self) -> str:
        return f"{spoken(self.period)} {self.since}" if self.period else self.since


def spoken(period: timedelta) -> str:
    """
    >>> spoken(timedelta(days=730)), spoken(timedelta(days=365)), spoken(timedelta(days=90)), spoken(timedelta(hours=1))
    ('24 maanden', '12 maanden', '90 dagen', '1 uur')
    """
    if not period.days:
        return f"{period.seconds // 3600} uur"
    return f"{period.days // 365 * 12} maanden" if period.days % 365 == 0 else f"{period.days} dagen"


CUSTOMER = "Beheerders en urenverwerkers van je organisatie"
WITH_SUPPORT = "Beheerders en urenverwerkers van je organisatie, en support"
CLASSES = (
    Kept("uploads", "De naam van een bestand met uren. Het bestand zelf bewaren we niet",
         "Om een import terug te vinden", CUSTOMER, "na het inlezen", hours.UPLOADS),
    Kept("files", "Bestanden van een export", "Om ze te downloaden", CUSTOMER, "na het maken", exports.FILES),
    Kept("hours", "Diensten: dag, tijden, pauze en soort uren",
         "Om uren te controleren, te exporteren en te verbeteren", CUSTOMER,
         "na de werkdag. Zijn ze dan nog onderweg naar het salarispakket, dan blijven ze tot dat klaar is",
         hours.HOURS),
    Kept("unused_hours", "Diensten die niemand exporteerde", "Om ze te exporteren", CUSTOMER,
         "na de werkdag en na het inlezen, of nadat ze weer vrijkwamen", hours.HOURS),
    Kept("readings", "Wat er in het salarispakket stond", "Om verschillen te laten zien", CUSTOMER,
         "na het lezen", hours.HOURS),
    Kept("bsn", "Het BSN, versleuteld", "Alleen om uren naar Horecalonen te brengen", "Niemand, op geen enkel scherm",
         "nadat je voor het laatst uren had", hours.HOURS),
    Kept("members", "Teamleden: naam, e-mailadres en personeelsnummer", "Om te weten van wie uren zijn", CUSTOMER,
         "nadat je voor het laatst uren had", deliveries.NAMES),
    Kept("ledger", "Regels van exports en leveringen: naam, personeelsnummer, code en uren",
         "Om te bewijzen dat elk uur één keer is betaald", CUSTOMER,
         "na het maken van de export. Daarna blijven alleen code en uren staan, zonder naam", deliveries.NAMES),
    Kept("credentials", "API-tokens die niet meer in gebruik zijn. Meestal zijn ze dan al vernietigd",
         "Om een aanvraag af te handelen", "Niemand ziet de token zelf", "na het laatste gebruik",
         integrations.CREDENTIALS),
    Kept("drafts", "Een API-token die je nog niet verstuurde, versleuteld, met het e-mailadres erbij",
         "Om hem te controleren voordat je hem verstuurt", "Niemand ziet de token zelf", "na het invullen",
         drafts.LIFETIME),
    Kept("accounts", "Je account: naam, e-mailadres en rol", "Om in te loggen", WITH_SUPPORT,
         "nadat je toegang is ingetrokken", TRAIL),
    Kept("sessions", "Wanneer en op welk soort apparaat je inlogde",
         "Om je te waarschuwen bij een nieuw apparaat", "Jijzelf", "na het inloggen", accounts.SESSIONS),
    Kept("links", "Uitnodigingen en links voor een nieuw wachtwoord", "Om een account te openen",
         "Beheerders van je organisatie", "nadat de link is verlopen", accounts.LINKS),
    Kept("tries", "Hoe vaak iemand probeerde in te loggen, zonder naam of adres", "Om raden tegen te gaan", "Niemand",
         "na de eerste poging", accounts.TRIES),
    Kept("notes", "Wat je typte toen je sessie afliep, versleuteld. Nooit een token, wachtwoord of BSN",
         "Om het terug te zetten als je weer inlogt", "Jijzelf", "hooguit een uur"),
    Kept("mails", "Mails die we stuurden", "Om ze nog eens te versturen als dat mislukt", "Niemand", "na het maken",
         notifications.MAILS),
    Kept("trail", "Het logboek: wie wat deed en wie wat bekeek", "Om achteraf te zien wat er is gebeurd",
         "Beheerders van je organisatie, en support", "na de handeling", TRAIL),
    Kept("voice", "Stemmen, opmerkingen en gemiste zoekwoorden bij de uitleg, zonder naam",
         "Om de uitleg te verbeteren", "Support", "na het geven", help_.KEPT),
    Kept("organisation", "Je organisatie, de vestigingen en de instellingen van koppelingen",
         "Om het portaal te gebruiken",
         WITH_SUPPORT, "zolang je organisatie het portaal gebruikt"),
)  # fmt: skip
