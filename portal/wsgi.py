"""The application that the web server loads (`portal.wsgi:app`)."""

from __future__ import annotations

from portal import settings
from portal.app import beside, create_app
from portal.dangers import dangers
from portal.kernel.beside import Beside
from portal.kernel.limits import Drained
from portal.kernel.wipe import Turn

found = settings.load()
if stops := dangers(found):  # whoever loads this without `portal serve`
    raise settings.SettingsError(" ".join(map(str, stops)))
site = create_app(found)
site.extensions["hand_over_turn"] = Turn()  # this process holds nothing but what visitors bring
site.extensions["portal"].part(Beside).open(beside)
site.extensions["help_opening"].warm()
site.extensions["help_search"].warm()
app = Drained(site)
