"""One cell to one value. Every function raises Unusable with what is wrong and how to mend it.

A BSN is never repeated in a message, also not when it stands in the wrong column (`checks.shown`).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from email_validator import EmailNotValidError, validate_email

from portal.hours.checks import Unusable, clean_bsn, shown
from portal.hours.clock import WallTime, wall_time
from portal.hours.codes import CELL
from portal.hours.sources.sheet.grid import Cell, Problem, is_empty
from portal.secret import Secret

OLDEST, NEWEST = timedelta(days=400), timedelta(days=31)
LONGEST_NAME, LONGEST_NUMBER, LONGEST_KIND, LONGEST_MAIL = 100, 20, 40, 254
LONGEST_BREAK = 8 * 60
DEFAULT_KIND = "gewerkt"
YES = {"ja", "j", "x", "waar", "true", "1", "yes"}
NO = {"nee", "n", "onwaar", "false", "0", "no", ""}
DATE = re.compile(r"([0-9]{1,2})[-/]([0-9]{1,2})[-/]([0-9]{2,4})")
ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
SCIENTIFIC = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+")
SHEET_ERRORS = {"#N/A", "#N/B", "#REF!", "#VERW!", "#DIV/0!", "#DEEL/0!", "#VALUE!", "#WAARDE!", "#NAME?",
                "#NAAM?", "#NUM!", "#GETAL!", "#NULL!", "#LEEG!"}  # fmt: skip
BIDI_OVERRIDES = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
EXCEL_MIDNIGHT_24 = date(1900, 1, 1)  # a time cell that holds 1, "24:00", is read as this day
TIME_REMEDY = "Schrijf de tijd als uren en minuten, zoals 08:30."
DATE_REMEDY = "Schrijf de datum als dag-maand-jaar, zoals 31-10-2026."
BREAK_REMEDY = "Schrijf de pauze als hele minuten (30) of als uren en minuten (0:30)."
PROBLEMS = {
    "error": ("Deze cel bevat een fout van Excel, zoals #N/B.", "Verbeter de formule of typ de waarde zelf."),
    "formula": (
        "De formule in deze cel heeft nog geen uitkomst.",
        "Open het bestand in Excel, bewaar het en upload het opnieuw.",
    ),
    "negative": ("Deze cel bevat een negatief getal.", "Vul de waarde in zonder minteken."),
    "merged": (
        "Deze cel is samengevoegd met andere cellen.",
        "Splits de cellen en vul elke rij helemaal in.",
    ),
}


def name(cell: Cell) -> str:
    """Return 1 to 100 characters. `=cmd()` is a name like any other: data, never a formula."""
    text = _plain(cell)
    if not text:
        raise Unusable("De naam ontbreekt.", "Vul de naam van het teamlid in.")
    return _at_most(text, LONGEST_NAME, "De naam")


def email(cell: Cell) -> str:
    """Return the address in lower case, "" when empty. Looks nothing up in DNS."""
    text = _at_most(_plain(cell), LONGEST_MAIL, "Het e-mailadres")
    if not text:
        return ""
    try:
        checked = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise Unusable(f"{shown(text)} is geen e-mailadres.", "Controleer het e-mailadres.") from None
    return checked.normalized.lower()


def personnel_number(cell: Cell) -> str:
    """Return 1 to 20 characters as typed, leading zeros kept; a number cell 101.0 is "101"."""
    if isinstance(cell, Decimal) and (cell != int(cell) or abs(cell) >= 10**15):
        raise Unusable("Dit getal is geen personeelsnummer.", "Maak de cel op als tekst en vul het nummer in.")
    text = _plain(cell)
    if SCIENTIFIC.fullmatch(text):
        raise Unusable(f"Excel heeft het nummer afgekort tot {shown(text)}.", "Vul het hele nummer in als tekst.")
    return _at_most(text, LONGEST_NUMBER, "Het personeelsnummer")


def bsn(cell: Cell) -> Secret:
    """Return nine digits, or an empty Secret. Eight digits get the zero a spreadsheet dropped."""
    text = _plain(cell)
    number = clean_bsn(text) if text else ""
    if number is None:
        raise Unusable("Dit is geen geldig BSN.", "Controleer de negen cijfers van het BSN.")
    return Secret(number)


def day(cell: Cell, today: date) -> date:
    """Return a day from 400 days back to 31 days ahead."""
    found = _as_date(cell)
    if found < today - OLDEST:
        raise Unusable(f"{found:%d-%m-%Y} is meer dan 400 dagen geleden.", "Controleer het jaar.")
    if found > today + NEWEST:
        raise Unusable(f"{found:%d-%m-%Y} ligt meer dan 31 dagen in de toekomst.", "Controleer de datum.")
    return found


def clock_time(cell: Cell) -> WallTime:
    """Return a time of day; 24:00 stands for midnight at the end of the day."""
    if is_empty(cell):
        raise Unusable("De tijd ontbreekt.", TIME_REMEDY)
    if isinstance(cell, datetime | date):
        return _time_of_day_cell(cell)
    if isinstance(cell, time | timedelta):
        return WallTime(_minutes(cell, "Gebruik een tijd van 00:00 tot en met 23:59."))
    if isinstance(cell, Decimal):
        raise Unusable(f"Het getal {_number(cell)} is geen tijd.", f"{TIME_REMEDY} Maak de cel op als tijd.")
    return wall_time(_plain(cell))


def break_minutes(cell: Cell) -> int:
    """Return whole minutes, 0 when empty. A fraction is refused: 0,5 may be an hour or a minute."""
    if isinstance(cell, time | timedelta):
        return _sensible_break(_minutes(cell, BREAK_REMEDY))
    text = _plain(cell)
    if not text:
        return 0
    if re.fullmatch(r"-[0-9].*", text):
        raise Unusable("De pauze is negatief.", BREAK_REMEDY)
    clock = re.fullmatch(r"([0-9]{1,2}):([0-5][0-9])", text)
    if clock is not None:
        return _sensible_break(int(clock[1]) * 60 + int(clock[2]))
    if not re.fullmatch(r"[0-9]{1,5}", text):
        raise Unusable(f"{shown(text)} is geen pauze die we zeker begrijpen.", BREAK_REMEDY)
    return _sensible_break(int(text))


def kind(cell: Cell) -> str:
    """Return the kind of hours in lower case with single spaces, "gewerkt" when empty."""
    text = " ".join(_plain(cell).lower().split())
    return _at_most(text, LONGEST_KIND, "De soort uren") or DEFAULT_KIND


def approved(cell: Cell) -> bool:
    if isinstance(cell, bool):
        return cell
    word = _plain(cell).casefold()
    if word not in YES | NO:
        raise Unusable(f"{shown(word)} is geen ja of nee.", "Vul ja of nee in.")
    return word in YES


def _plain(cell: Cell) -> str:
    """Return a cell as text: NFC, trimmed, without control characters."""
    if isinstance(cell, Problem):
        raise Unusable(*PROBLEMS[cell.kind], special=None if cell.kind == "negative" else CELL)
    if isinstance(cell, bool):
        return "waar" if cell else "onwaar"
    if isinstance(cell, Decimal):
        return _number(cell)
    if not isinstance(cell, str):
        raise Unusable("Deze cel bevat een datum of een tijd.", "Maak de cel op als tekst en vul de waarde in.")
    text = unicodedata.normalize("NFC", cell.replace("\u00a0", " ")).strip(" \t\r\n\u200b\ufeff")
    if text in SHEET_ERRORS:
        raise Unusable(*PROBLEMS["error"], special=CELL)
    if not text.isprintable() and any(_is_control(char) for char in text):
        message = "Deze cel bevat onzichtbare tekens of een regeleinde."
        raise Unusable(message, "Typ de waarde opnieuw.", special=CELL)
    return text


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in BIDI_OVERRIDES


def _number(value: Decimal) -> str:
    whole = value.to_integral_value()
    return f"{whole:f}" if whole == value else f"{value:f}".replace(".", ",")


def _at_most(text: str, limit: int, what: str) -> str:
    if len(text) > limit:
        raise Unusable(f"{what} is langer dan {limit} tekens.", "Maak de tekst korter.")
    return text


def _as_date(cell: Cell) -> date:
    if isinstance(cell, datetime):
        if cell.time() != time():
            raise Unusable("Deze cel bevat een datum en een tijd.", "Vul hier alleen de datum in.")
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, time | timedelta):
        raise Unusable("Deze cel bevat een tijd en geen datum.", DATE_REMEDY)
    text = _plain(cell)
    if not text:
        raise Unusable("De datum ontbreekt.", DATE_REMEDY)
    return _written_date(text)


def _written_date(text: str) -> date:
    iso, dutch = ISO_DATE.fullmatch(text), DATE.fullmatch(text)
    if dutch is not None and len(dutch[3]) != 4:
        raise Unusable(f"In {shown(text)} heeft het jaar geen vier cijfers.", DATE_REMEDY)
    try:
        if iso is not None:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if dutch is not None:
            return date(int(dutch[3]), int(dutch[2]), int(dutch[1]))
    except ValueError:
        raise Unusable(f"{shown(text)} is geen bestaande datum.", DATE_REMEDY) from None
    raise Unusable(f"{shown(text)} is geen datum.", DATE_REMEDY)


def _time_of_day_cell(cell: date) -> WallTime:
    moment = cell.time() if isinstance(cell, datetime) else time()
    only_day = cell.date() if isinstance(cell, datetime) else cell
    if (only_day, moment) == (EXCEL_MIDNIGHT_24, time()):
        return WallTime(24 * 60)
    raise Unusable("Deze cel bevat een datum en geen tijd.", "Vul hier alleen de tijd in, zoals 08:30.")


def _minutes(cell: time | timedelta, remedy: str) -> int:
    """Return whole minutes, at most 24 hours. Excel keeps a fraction of a day, so the second is rounded."""
    if isinstance(cell, time):
        cell = timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second, microseconds=cell.microsecond)
    seconds = (cell + timedelta(microseconds=500_000)) // timedelta(seconds=1)
    if not 0 <= seconds <= 24 * 3600:
        raise Unusable("Deze tijd is negatief of langer dan 24 uur.", remedy)
    if seconds % 60:
        raise Unusable("Deze tijd heeft seconden.", "Rond af op hele minuten, zoals 08:30.")
    return seconds // 60


def _sensible_break(minutes: int) -> int:
    if minutes > LONGEST_BREAK:
        raise Unusable("De pauze is langer dan 8 uur.", BREAK_REMEDY)
    return minutes
