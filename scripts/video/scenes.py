"""The step cards of the token clip: what they say and what is drawn beside it.

The drawings are abstract on purpose: no screen of Nmbrs is imitated, each card says so. The steps of the
token are facts from the notes on Nmbrs (access set-up); the steps in the portal are its own menu path.
"""

from __future__ import annotations

from dataclasses import dataclass

Box = tuple[str, int, int, int, int, str]
# the two situations that both clips tell apart
ONESELF, ACCOUNTANT = "Zelf de salarissen doen", "Met een accountant"


@dataclass(frozen=True)
class Scene:
    """`seconds` on screen; `spoken` is the caption and the transcript; `target` the box pointed at; `chapter` the name
    of the chapter that starts here."""

    seconds: float
    title: str
    text: str
    spoken: str
    boxes: tuple[Box, ...] = ()
    target: int | None = None
    chapter: str = ""


@dataclass(frozen=True)
class Clip:
    """`touched` are the words of our own screens that the cards name."""

    name: str
    note: str
    touched: tuple[str, ...]
    scenes: tuple[Scene, ...]

    def place(self, number: int) -> tuple[str, int, int]:
        """The chapter of a scene, and which step it is of how many in that chapter."""
        first = max(n for n in range(number + 1) if self.scenes[n].chapter)
        after = (n for n in range(number + 1, len(self.scenes)) if self.scenes[n].chapter)
        last = next(after, len(self.scenes))
        return self.scenes[first].chapter, number - first + 1, last - first


def bars(x: int, y: int, widths: tuple[int, ...]) -> tuple[Box, ...]:
    return tuple(("bar", x, y + 52 * n, width, 26, "") for n, width in enumerate(widths))


def _menu(*names: str) -> tuple[Box, ...]:
    """Menu items, each a little further in than the one above."""
    return tuple(("item", 36 + 40 * n, 84 + 92 * n, 420, 64, name) for n, name in enumerate(names))


TOKEN = Clip(
    "nmbrsAPIToken",
    "Dit filmpje is een schematische weergave. De schermen van Nmbrs zien er anders uit.",
    ("Bedrijf", "Instellingen", "Activeer koppeling", "Nmbrs"),
    (
        Scene(
            5.0,
            "Waar vind je je API-token in Nmbrs?",
            "Een schematische weergave, voor twee situaties.",
            "Waar vind je je API-token in Nmbrs? Doe je zelf de salarissen, of doet je accountant dat?",
            chapter="Wat je zoekt",
        ),
        Scene(
            5.5,
            "Maak een login voor de koppeling",
            "Kies Instellingen, Gebruikersaccounts, Logins.",
            "Stap 1. Ga in Nmbrs naar Instellingen, Gebruikersaccounts, Logins. Maak een nieuw account.",
            (
                *_menu("Instellingen", "Gebruikersaccounts", "Logins"),
                ("button", 340, 400, 270, 66, "Nieuw account"),
            ),
            3,
            ONESELF,
        ),
        Scene(
            5.0,
            "Kies een wachtwoord",
            "Open de activatiemail die je krijgt.",
            "Stap 2. Verstuur de activatiemail. Open de mail en kies een wachtwoord.",
            (
                ("label", 48, 78, 500, 40, "Activatiemail"),
                *bars(48, 138, (520, 460, 380)),
                ("button", 48, 330, 340, 70, "Kies wachtwoord"),
            ),
            4,
        ),
        Scene(
            4.5,
            "Log in als deze gebruiker",
            "Gebruik de nieuwe login.",
            "Stap 3. Log bij Nmbrs in als deze nieuwe gebruiker.",
            (
                ("label", 120, 92, 400, 36, "E-mailadres"),
                ("field", 120, 134, 416, 66, "koppeling@voorbeeld.nl"),
                ("label", 120, 218, 400, 36, "Wachtwoord"),
                ("field", 120, 260, 416, 66, "• • • • • • • •"),
                ("button", 120, 370, 210, 70, "Inloggen"),
            ),
            4,
        ),
        Scene(
            5.0,
            "Open je gebruikersprofiel",
            "Klik rechtsboven op je naam of e-mailadres.",
            "Stap 4. Klik rechtsboven op je naam of e-mailadres en open het gebruikersprofiel.",
            (
                ("item", 330, 66, 296, 60, "Je naam"),
                ("item", 330, 140, 296, 64, "Gebruikersprofiel"),
                *bars(36, 80, (230, 180, 210)),
                *bars(36, 280, (560, 520, 580)),
            ),
            1,
        ),
        Scene(
            5.0,
            "Kies het tabblad API Token",
            "Activeer daar het API-account.",
            "Stap 5. Kies het tabblad API Token en activeer het API-account.",
            (
                ("bar", 36, 82, 150, 64, ""),
                ("bar", 204, 82, 150, 64, ""),
                ("tab", 372, 82, 190, 64, "API Token"),
                *bars(36, 190, (560, 440)),
                ("button", 36, 340, 410, 70, "API-account activeren"),
            ),
            2,
        ),
        Scene(
            5.0,
            "Kopieer het e\u2011mailadres en het token",
            "Deze twee waarden heb je nodig.",
            "Stap 6. Je ziet nu het e-mailadres en het token. Kopieer ze allebei.",
            (
                ("label", 48, 84, 400, 36, "E-mailadres"),
                ("field", 48, 126, 560, 70, "koppeling@voorbeeld.nl"),
                ("label", 48, 216, 400, 36, "Token"),
                ("field", 48, 268, 560, 70, "• • • •  • • • •  • • • •"),
            ),
            3,
        ),
        Scene(
            6.0,
            "Vraag je accountant om een login",
            "Een bedrijfslogin van jouw bedrijf, met API-rechten.",
            "Stap 1. Vraag je accountant om een bedrijfslogin van jouw bedrijf, met API-rechten.",
            (
                ("label", 48, 78, 500, 40, "Aan je accountant"),
                *bars(48, 138, (520, 420)),
                ("item", 48, 262, 400, 64, "Bedrijfslogin"),
                ("item", 48, 346, 400, 64, "API-rechten: aan"),
            ),
            2,
            ACCOUNTANT,
        ),
        Scene(
            5.5,
            "Kies een wachtwoord en log in",
            "Je krijgt een activatiemail van Nmbrs.",
            "Stap 2. Je krijgt een activatiemail. Kies een wachtwoord en log bij Nmbrs in.",
            (
                ("label", 48, 78, 500, 40, "Activatiemail"),
                *bars(48, 138, (520, 460, 380)),
                ("button", 48, 330, 340, 70, "Kies wachtwoord"),
            ),
            4,
        ),
        Scene(
            6.5,
            "Open het tabblad API Token",
            "Je vindt het in je gebruikersprofiel.",
            "Stap 3. Kies in je gebruikersprofiel API Token. Zie je dat niet? Vraag je accountant om hulp.",
            (
                ("item", 330, 66, 296, 60, "Je naam"),
                ("item", 330, 140, 296, 64, "Gebruikersprofiel"),
                ("bar", 36, 262, 150, 64, ""),
                ("bar", 204, 262, 150, 64, ""),
                ("tab", 372, 262, 190, 64, "API Token"),
                ("button", 36, 370, 410, 70, "API-account activeren"),
            ),
            4,
        ),
        Scene(
            5.5,
            "Vul ze in het portaal in. Mail een token nooit.",
            "Bedrijf › Instellingen › Activeer koppeling › Nmbrs",
            "Vul ze in bij Bedrijf, Instellingen, Activeer koppeling, Nmbrs. Mail een token nooit.",
            chapter="De gegevens invullen",
        ),
    ),
)
