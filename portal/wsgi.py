"""The application that the web server loads (`portal.wsgi:app`)."""

from __future__ import annotations

from portal import settings
from portal.app import create_app
from portal.kernel.limits import Drained

app = Drained(create_app(settings.load()))
