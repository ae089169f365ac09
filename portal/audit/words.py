"""What happened, in the words of a reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ACTIONS = {
    "account.erased": "Account gewist",
    "account.exported": "Gegevens van een account gegeven",
    "backup.made": "Back-up gemaakt",
    "backup.restored": "Back-up teruggezet",
    "credential.destroyed": "Token vernietigd",
    "credential.draft_cancelled": "Token niet verstuurd: geannuleerd",
    "credential.draft_expired": "Token niet verstuurd: na een uur vernietigd",
    "credential.draft_replaced": "Token niet verstuurd: een nieuwe ingevuld",
    "credential.drafted": "Token ingevuld, nog niet verstuurd",
    "credential.replaced": "Token vervangen",
    "credential.used": "Token gebruikt",
    "delivery.cancelled": "Levering geannuleerd",
    "delivery.decided": "Onbekende regel afgehandeld",
    "delivery.done": "Levering klaar",
    "delivery.look_asked": "Nalezen gevraagd",
    "delivery.looked_up": "Levering nagelezen",
    "delivery.paused": "Levering gepauzeerd",
    "delivery.planned": "Levering klaargezet",
    "delivery.released": "Regels vrijgegeven",
    "delivery.resumed": "Levering hervat",
    "delivery.retried": "Geweigerde regels opnieuw",
    "export.corrected": "Correctie gemaakt",
    "export.created": "Export gemaakt",
    "export.downloaded": "Export gedownload",
    "export.line_cut": "Correctie deels geboekt",
    "export.given_back": "Teruggedraaide uren verwerkt",
    "export.not_double": "Gezegd: niet dubbel",
    "export.processed": "Bestand ingelezen gemeld",
    "export.released": "Uren vrijgegeven",
    "export.taken_back": "Terugdraaien gemaakt",
    "export.withdrawn": "Export ingetrokken",
    "factor.added": "App met codes gekoppeld",
    "factor.codes_renewed": "Nieuwe herstelcodes gemaakt",
    "factor.removed": "Tweede stap weggehaald",
    "help.remark_handled": "Opmerking over de uitleg afgehandeld",
    "help.remark_reopened": "Opmerking over de uitleg weer geopend",
    "help.search_mended": "Gemiste zoekwoorden van de lijst gehaald",
    "hours.forgotten": "Oude uren gewist",
    "hours.imported": "Uren ingelezen",
    "hours.removed": "Import verwijderd",
    "hours.unused_forgotten": "Oude uren gewist die niemand exporteerde",
    "keys.rotated": "Sleutels vervangen",
    "koppeling.changed": "Koppeling gewijzigd",
    "koppeling.codes": "Urencodes gekozen",
    "koppeling.company": "Bedrijf gekozen",
    "koppeling.member": "Teamlid gekoppeld",
    "look.correction": "Correctie bekeken",
    "look.delivery": "Levering bekeken",
    "look.difference": "Verschil bekeken",
    "look.export": "Export bekeken",
    "look.hours": "Uren bekeken",
    "look.member": "Teamlid bekeken",
    "look.preview": "Voorbeeld van een export bekeken",
    "look.receipt": "Ontvangstbewijs bekeken",
    "look.request": "Aanvraag bekeken",
    "look.support": "Support keek mee",
    "look.team": "Team bekeken",
    "member.changed": "Teamlid gewijzigd",
    "passkey.added": "Passkey toegevoegd",
    "passkey.copied": "Passkey geweigerd: de teller liep terug",
    "passkey.removed": "Passkey verwijderd",
    "organisation.erased": "Klant gewist",
    "password.changed": "Wachtwoord gewijzigd",
    "password.reset": "Nieuw wachtwoord gekozen",
    "password.reset_asked": "Nieuw wachtwoord aangevraagd",
    "person.erased": "Teamlid gewist",
    "person.exported": "Gegevens van een teamlid gegeven",
    "privacy.forgotten": "Oude gegevens gewist",
    "receipt.downloaded": "Ontvangstbewijs gedownload",
    "request.changed": "Aanvraag gewijzigd",
    "request.submitted": "Aanvraag ingediend",
    "session.confirmed": "Opnieuw bevestigd wie het is",
    "session.ended": "Apparaat uitgelogd",
    "session.ended_everywhere": "Overal uitgelogd",
    "session.started": "Ingelogd",
    "support.look_ended": "Meekijken door support gestopt",
    "support.look_granted": "Support mag meekijken",
    "trail.downloaded": "Logboek gedownload",
    "trail.forgotten": "Oude regels van het logboek gewist",
    "user.disabled": "Toegang ingetrokken",
    "user.invited": "Collega uitgenodigd",
    "user.joined": "Account gemaakt",
    "user.role_changed": "Rol gewijzigd",
    "user.uninvited": "Uitnodiging ingetrokken",
    "venue.added": "Vestiging toegevoegd",
}


@dataclass(frozen=True)
class Group:
    """A kind of act to look for. `prefixes`: how the actions of this kind start."""

    label: str
    prefixes: tuple[str, ...]


GROUPS = {
    "inzage": Group("Wie bekeek wat", ("look.", "support.")),
    "koppelingen": Group("Koppelingen en tokens", ("koppeling.", "credential.", "request.")),
    "uren": Group("Uren en team", ("hours.", "member.", "venue.")),
    "exports": Group("Exports en leveringen", ("export.", "delivery.", "receipt.")),
    "accounts": Group("Inloggen en accounts", ("session.", "password.", "user.", "factor.", "passkey.")),
    "privacy": Group("Inzage en wissing", ("person.", "account.", "organisation.", "privacy.")),
    "beheer": Group("Logboek en uitleg", ("trail.", "help.", "backup.", "keys.")),
}
LABELS = {
    "backup_at": "back-up van", "credentials": "tokens opnieuw", "lines": "na te lezen", "lost_tokens": "tokens kwijt",
    "sealed": "opnieuw verzegeld", "size": "grootte", "stuck": "niet te openen", "tokens": "tokens",
    "added": "nieuw", "booked": "geboekt", "bsn": "BSN gewijzigd", "by": "via", "changed": "gewijzigd",
    "company": "bedrijf", "corrected": "correcties", "correction": "correctie", "count": "aantal", "customer": "klant",
    "delivery": "levering", "export": "export", "file": "bestand", "fingerprint": "vingerafdruk", "first": "van",
    "free": "vrij", "group": "soort", "hours": "uren", "koppeling": "koppelingnummer", "last": "tot en met",
    "left": "overgeslagen", "line": "regel", "link": "uitnodiging", "member": "teamlid", "outcome": "uitkomst",
    "page": "pagina", "passkey": "passkey", "people": "teamleden", "period": "periode", "provider": "koppeling",
    "receipt": "ontvangstbewijs", "remark": "opmerking", "remote_code": "code van de andere kant",
    "removed": "verwijderd", "request": "aanvraag", "rows": "kenmerken van andere regels",
    "role": "rol", "shifts": "diensten", "state": "stand", "stays": "blijft bij de export",
    "unchanged": "ongewijzigd", "upload": "import", "user": "gebruiker",
    "venue": "vestiging", "was": "was", "what": "soort gegevens", "why": "reden", "with_bsn": "met BSN",
}  # fmt: skip


OUTCOMES = {"found": "staat er", "absent": "staat er niet", "turned_away": "blijkt geweigerd", "unclear": "onbekend"}


def act(action: str) -> str:
    return ACTIONS.get(action, action)


def details(facts: Mapping[str, Any]) -> str:
    """
    >>> details({"delivery": 3, "booked": True})
    'levering: 3, geboekt: ja'
    """
    return ", ".join(f"{LABELS.get(name, name)}: {_value(value)}" for name, value in facts.items())


def _value(value: object) -> str:
    return ("ja" if value else "nee") if isinstance(value, bool) else OUTCOMES.get(str(value), str(value))
