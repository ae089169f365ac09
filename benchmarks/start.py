"""How long the web application takes to start with a thousand help pages, against ten.

Each start is a process of its own: the time from the settings to an application that can answer. The search index is
built beside it (`portal/help/search_later.py`) and `benchmarks/search.py` measures that. At the first start of an
installation many pages are rendered beside it too (`portal/help/opening.py`): that is measured apart, and has no bar.
The starts after it find the pages in the data folder, also when some of them changed since.
The bar is for both: a thousand pages may cost one second more than ten. Ends with 1 when they cost more.
CPU is the time of the process itself: it counts when the machine is busy.
Usage: python benchmarks/start.py [pages] [rounds]
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.parts.help_pages import HEADER, write
from benchmarks.parts.servers import COMMAND, ROOT, environment
from portal.app import KEPT_PAGES
from portal.help.source import CODES
from portal.settings import CONTENT

FEW, BAR_SECONDS = 10, 1.0
START = """
import json, time
from portal import settings
from portal.app import create_app
def measured(work):
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))
made = []
measured(lambda: made.append(create_app(settings.load())))
"""
REST = """measured(made[0].extensions["help_opening"].check)
"""
Times = tuple[float, float]  # seconds: on the clock, of the processor


class Place:
    """An installation with invented pages and nothing kept yet."""

    def __init__(self, folder: Path, pages: int) -> None:
        write(folder / "content", pages)
        (folder / "content" / "meldingen.md").write_text(_articles(pages + 1), encoding="utf-8")
        self.env = environment(folder / "data", 8000, folder / "content")
        subprocess.run((*COMMAND, "db", "upgrade"), env=self.env, check=True, stdout=subprocess.DEVNULL)

    def start(self) -> Times:
        return self._run(START)[0]

    def first_start(self) -> Times:
        """Nothing is kept before it, nor by it when there are many pages."""
        (Path(self.env["DATA"]) / KEPT_PAGES).unlink(missing_ok=True)
        return self.start()

    def rest(self) -> Times:
        """Render what a first start left, and keep it."""
        return self._run(START + REST)[1]

    def _run(self, code: str) -> list[Times]:
        words = (sys.executable, "-c", code)
        done = subprocess.run(words, env=self.env, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
        return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def _articles(order: int) -> str:
    """A page that explains the codes that the real pages explain: a portal starts only with all of them."""
    lines = [line for file in CONTENT.glob("*.md") for line in file.read_text(encoding="utf-8").splitlines()]
    marks = "\n\n".join(line for line in lines if CODES.match(line))
    place = f"provider: alle\norder: {order}\n"
    head = HEADER.format(title="Meldingen", noun="melding", verb="lees", other="fout", place=place, keywords="melding")
    return f"{head}## Alle meldingen\n\n{marks}\n\nLees wat je doet.\n"


def main(many: int, rounds: int) -> int:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        places = {FEW: Place(Path(one), FEW), many: Place(Path(other), many)}
        first = [{pages: place.first_start() for pages, place in places.items()} for _round in range(rounds)]
        rest, cpu = places[many].rest()
        after = [{pages: place.start() for pages, place in places.items()} for _round in range(rounds)]
    more = [show("first start", first, many), show("next start", after, many)]
    print(f"rendered beside the first start, {many} pages: {rest:.2f} s ({cpu:.2f} s CPU)")
    return int(max(more) > BAR_SECONDS)


def show(name: str, turns: list[dict[int, Times]], many: int) -> float:
    """Print both sizes and return how many seconds more the many pages take."""
    for pages in (FEW, many):
        wall, cpu = (statistics.median(turn[pages][kind] for turn in turns) for kind in (0, 1))
        print(f"{name}, {pages:5} pages: {wall:6.2f} s ({cpu:.2f} s CPU)")
    more, cpu = (statistics.median(turn[many][kind] - turn[FEW][kind] for turn in turns) for kind in (0, 1))
    print(f"{name}: {more:.2f} s more ({cpu:.2f} s CPU)")
    return more


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    sys.exit(main(given[0] if given else 1000, given[1] if given[1:] else 3))
