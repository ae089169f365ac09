"""Searching a thousand help pages, inside the process: how long a question takes, and what the index costs.

Two baselines in the same run, both without Dutch, typing mistakes and compounds: a plain scan of every text in Python,
and SQLite FTS5. CPU is the time of this thread alone: it counts when the machine is busy.
Usage: python benchmarks/search.py [pages] [rounds]
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.parts.help_pages import PROVIDERS, write
from portal.help import pages
from portal.help.search import Search
from portal.help.types import Library

HITS = (
    "urencode", "export periode nmbrs", "vakantietoeslag wijzigen", "rooster overzicht", "HourComponentVar_Insert",
    "api-token", "1002", "controleer", "keukenberekening", "hoe vind ik mijn contractnummer",
)  # fmt: skip
TYPOS = ("conexxie", "personeelsnumer", "keukenberekenning", "correctieaanvrag", "autorisseer", "horecalonnen")
COMPOUNDS = ("uren code", "loon component", "urencodes", "personeelnummer", "nacht toeslag regel", "bestand export")
REST = ("zwembad", "nmbrs zwembad", "uren", "alle uren van elke dag en elke week in de administratie bij de vestiging")
MIXES = {"hits": HITS, "typos": TYPOS, "compounds": COMPOUNDS, "rest": REST}


def main(number: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), number)
        library = pages.begin(Path(folder), Path("static/assets"), providers=PROVIDERS).check()
    before = memory()
    start, cpu = time.perf_counter(), time.process_time()
    search = Search(library)
    took, cpu = time.perf_counter() - start, time.process_time() - cpu
    parts = sum(len(page.parts) for page in library.pages)
    print(f"{number} pages, {parts} parts: index {took:.2f} s ({cpu:.2f} s CPU), {memory() - before} MB more memory")
    everything: list[tuple[float, float]] = []
    for name, questions in MIXES.items():
        times = timed(search.find, questions, rounds)
        everything += times
        show(name, times)
    show("all", everything, "with snippets and typing mistakes")
    starts = timed(search.suggest, ("uren", "contr", "uren co", "conexx", "up"), rounds)
    show("suggest", starts)
    for name, find in (("scan", scan(library)), ("fts5", fts5(library))):
        times = timed(find, HITS, max(2, rounds // 10))
        show(name, times, "hits only")


def show(name: str, times: list[tuple[float, float]], note: str = "") -> None:
    wall, cpu = ([one[kind] for one in times] for kind in (0, 1))
    print(
        f"{name:10} p50 {at(wall, 0.5):6.2f} ms  p99 {at(wall, 0.99):6.2f} ms"
        f"  (CPU {at(cpu, 0.5):6.2f} and {at(cpu, 0.99):6.2f} ms) {note}"
    )


def timed(find: Callable[[str], object], questions: tuple[str, ...], rounds: int) -> list[tuple[float, float]]:
    """For each question how long it took and how much of the processor, in ms."""
    times: list[tuple[float, float]] = []
    for question in questions * (rounds + 1):
        start, cpu = time.perf_counter(), time.thread_time()
        find(question)
        times.append(((time.perf_counter() - start) * 1000, (time.thread_time() - cpu) * 1000))
    return times[len(questions) :]  # the first round warms up


def scan(library: Library) -> Callable[[str], object]:
    """Every text that has all the words, letter for letter."""
    texts = [f"{part.title} {part.text}".lower() for page in library.pages for part in page.parts]
    return lambda question: [text for text in texts if all(word in text for word in question.lower().split())][:10]


def fts5(library: Library) -> Callable[[str], object]:
    """SQLite's own index, with its own snippets."""
    base = sqlite3.connect(":memory:")
    base.execute("CREATE VIRTUAL TABLE part USING fts5(title, text, tokenize='unicode61 remove_diacritics 2')")
    base.executemany(
        "INSERT INTO part VALUES (?, ?)", [(p.title, p.text) for page in library.pages for p in page.parts]
    )
    ask = (
        "SELECT title, snippet(part, 1, '<mark>', '</mark>', '…', 30) FROM part"
        " WHERE part MATCH ? ORDER BY rank LIMIT 10"
    )
    return lambda question: base.execute(ask, [" ".join(f'"{word}"' for word in question.split())]).fetchall()


def at(times: list[float], part: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


def memory() -> int:
    """What this process holds, in MB."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4 // 1024


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0]) if given else 1000, int(given[1]) if given[1:] else 50)
