"""Writes help pages of made-up but realistic Dutch: many compounds, headings, lists, tables and codes.

The same seed gives the same pages. The words are made of a head and a tail, so a thousand pages hold thousands of
different words, as real ones do.
"""

from __future__ import annotations

import random
from itertools import product
from pathlib import Path

HEADS = (
    "uren", "loon", "personeels", "contract", "verlof", "rooster", "export", "import", "accountants",
    "bedrijfs", "vestigings", "periode", "salaris", "vakantie", "toeslag", "werknemers", "controle",
    "gebruikers", "beheer", "dienst", "team", "ziekte", "pensioen", "belasting", "reiskosten", "maaltijd",
    "feestdag", "nacht", "weekend", "inval", "stage", "opleidings", "kassa", "keuken", "bedienings",
    "voorschot", "bonus", "correctie", "koppelings", "administratie",
)  # fmt: skip
TAILS = (
    "code", "nummer", "regel", "bestand", "overzicht", "periode", "component", "registratie", "controle",
    "lijst", "afspraak", "formulier", "instelling", "scherm", "kolom", "datum", "toeslag", "verwerking",
    "melding", "bedrag", "berekening", "goedkeuring", "aanvraag", "mutatie", "verdeling", "rapport", "kaart",
    "profiel", "groep", "dag", "strook", "schema", "model", "type", "saldo", "teller", "archief", "historie",
    "voorbeeld", "fout",
)  # fmt: skip
VERBS = (
    "controleer", "wijzig", "verstuur", "bekijk", "open", "download", "kies", "vergelijk", "herstel",
    "verwijder", "bewaar", "activeer", "synchroniseer", "exporteer", "importeer", "autoriseer", "vul", "zoek",
    "sorteer", "sluit",
)  # fmt: skip
PLACES = (
    "in het portaal", "bij de vestiging", "per teamlid", "voor deze periode", "in Nmbrs", "bij Connexie",
    "bij Horecalonen", "op het scherm", "na de controle", "voor de export", "met je accountant",
    "in de administratie", "per week",
)  # fmt: skip
CODES = ("HourComponentVar_Insert", "HourModel_GetHourCodes", "List_GetByCompany", "1002", "2001", "BSN", "API-token")
PROVIDERS = ("nmbrs", "horecalonen", "connexie")
NOUNS = tuple(head + tail for head, tail in product(HEADS, TAILS))

HEADER = """---
title: {title}
summary: Lees hoe je {noun} {verb}t en wat je doet bij een {other}.
{place}owner: integraties
checked_on: 2026-11-22
changes:
  - 2026-11-22: Nieuwe pagina.
keywords: [{keywords}]
---
"""


def write(folder: Path, pages: int, seed: int = 4) -> None:
    """Fill a folder with `pages` pages and the introduction; `portal.help.pages.begin` accepts them."""
    folder.mkdir(parents=True, exist_ok=True)
    pick = random.Random(seed)
    (folder / "_inleiding.md").write_text(_header(pick, "Koppelingen", "") + _paragraph(pick), encoding="utf-8")
    for number in range(pages):
        provider = PROVIDERS[number] if number < len(PROVIDERS) else pick.choice((*PROVIDERS, "alle"))
        is_koppeling = number < len(PROVIDERS)
        key = provider if is_koppeling else f"pagina-{number}"
        title = provider.capitalize() if is_koppeling else f"{pick.choice(NOUNS).capitalize()} {_verb(pick)}en"
        text = _header(pick, title, f"provider: {provider}\norder: {number + 1}\n") + _body(pick)
        (folder / f"{key}.md").write_text(text, encoding="utf-8")


def _verb(pick: random.Random) -> str:
    return pick.choice(VERBS)


def _header(pick: random.Random, title: str, place: str) -> str:
    keywords = ", ".join(pick.sample(NOUNS, 4))
    return HEADER.format(
        title=title, noun=pick.choice(NOUNS), verb=_verb(pick), other=pick.choice(NOUNS), place=place, keywords=keywords
    )


def _body(pick: random.Random) -> str:
    parts = [_paragraph(pick)]
    for number in range(pick.randint(3, 7)):
        noun = pick.choice(NOUNS)
        parts.append(f"## {noun.capitalize()} {pick.choice(PLACES)} {number + 1}\n\n{_paragraph(pick)}")
        parts.append(pick.choice((_steps, _table, _paragraph))(pick))
    return "\n\n".join(parts) + "\n"


def _sentence(pick: random.Random) -> str:
    code = f" Het gaat om `{pick.choice(CODES)}`." if pick.random() < 0.15 else ""
    if pick.random() < 0.3:
        return f"De {pick.choice(TAILS)} van het {pick.choice(HEADS)} staat {pick.choice(PLACES)}.{code}"
    return (
        f"{_verb(pick).capitalize()} de {pick.choice(NOUNS)} {pick.choice(PLACES)} en {_verb(pick)} daarna "
        f"{pick.choice(('alle', 'de', 'je', 'elke'))} {pick.choice(NOUNS)}.{code}"
    )


def _paragraph(pick: random.Random) -> str:
    return " ".join(_sentence(pick) for _ in range(pick.randint(3, 6)))


def _steps(pick: random.Random) -> str:
    return "\n".join(f"{number}. {_sentence(pick)}" for number in range(1, pick.randint(4, 7)))


def _table(pick: random.Random) -> str:
    rows = [f"| {pick.choice(NOUNS)} | {_verb(pick)} | {pick.choice(CODES)} |" for _ in range(pick.randint(3, 6))]
    return "\n".join(("| Onderdeel | Wat je doet | Code |", "|---|---|---|", *rows))
