"""The application that the web server loads (`portal.wsgi:app`)."""

from __future__ import annotations

from portal import settings
from portal.app import create_app
from portal.kernel.limits import Drained

site = create_app(settings.load())
site.extensions["help_opening"].warm()
site.extensions["help_search"].warm()
app = Drained(site)
