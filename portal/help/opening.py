"""The help pages at the start of the app. All that is cheap was read and is right; the HTML of a page is made when
somebody first asks for it or beside the start, whichever comes first."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from portal.help.once import Once
from portal.help.types import ContentError, Library, Problem
from portal.kernel.logs import warn


@dataclass(frozen=True)
class Opening:
    """`unmade` pages are not rendered yet. `faults` renders what is left and says what is wrong; when nothing is, the
    pages are kept for the next start."""

    library: Library
    unmade: int
    faults: Once[tuple[Problem, ...]]

    def check(self) -> Library:
        """Render and check everything now. Raises ContentError with every problem."""
        if faults := self.faults():
            raise ContentError(faults)
        return self.library

    def warm(self) -> None:
        """Do the same beside the start; what is wrong is logged. Safe to call twice."""
        threading.Thread(target=self._report, name="help pages", daemon=True).start()

    def _report(self) -> None:
        try:
            for fault in self.faults():
                warn("a help page is wrong", where=f"{fault.file}:{fault.line}", reason=fault.reason)
        except Exception as error:  # noqa: BLE001 - a thread has nobody else to tell
            warn("the help pages could not be checked", error=type(error).__name__)
