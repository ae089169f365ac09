"""Somebody who is signed in and makes one request after another, each from the same state of browser and database."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import make_url, text
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.test import TestResponse

from portal.kernel.work import Acting
from tests.browse import Visitor
from tests.databases import ROLE, require_postgres


class Caller:
    """`csrf` is the token of the session; what an answer does to the cookies is forgotten before the next request."""

    def __init__(self, visitor: Visitor) -> None:
        self.client = visitor.client
        page = visitor.open("/portaal/account")
        token = page.soup.select_one("[name=csrf_token]")
        assert token is not None
        self.csrf = str(token["value"])
        self.cookies = dict(self.client._cookies or {})

    def send(self, method: str, path: str, **options: Any) -> TestResponse:
        """Exactly this, without a token."""
        self.client._cookies = dict(self.cookies)
        return self.client.open(path, method=method, **options)

    def call(self, method: str, path: str, data: Mapping[str, Any] | None = None, **more: Any) -> TestResponse:
        if method == "POST":
            data = {**(data or {}), "csrf_token": self.csrf}
        return self.send(method, path, data=data, **more)


class Snapshot:
    """The database as it is now, to go back to."""

    def __init__(self, acting: Acting, folder: Path) -> None:
        self.engine = acting.engine
        self.url = make_url(str(acting.engine.url.render_as_string(hide_password=False)))
        self.kept = folder / "snapshot.sqlite3"
        self.engine.dispose()
        self._move(back=False)

    def restore(self) -> None:
        self.engine.dispose()
        self._move(back=True)

    def drop(self) -> None:
        if self.url.get_backend_name() == "postgresql":
            _sql(f'DROP DATABASE "{self.url.database}_kept" WITH (FORCE)')

    def _move(self, *, back: bool) -> None:
        name = str(self.url.database)
        if self.url.get_backend_name() == "sqlite":
            if back:
                for beside in ("-wal", "-shm"):
                    Path(name + beside).unlink(missing_ok=True)
            shutil.copyfile(*((self.kept, name) if back else (name, self.kept)))
            return
        source, target = (f"{name}_kept", name) if back else (name, f"{name}_kept")
        if back:
            _sql(f'DROP DATABASE "{name}" WITH (FORCE)')
        _sql(f'CREATE DATABASE "{target}" TEMPLATE "{source}" OWNER {ROLE}')


def _sql(words: str) -> None:
    with require_postgres().connect() as connection:
        connection.execute(text(words))


@contextmanager
def reading(app: Flask) -> Iterator[set[tuple[str, str]]]:
    """The names of parameters that views ask for while this is open, as ("query" or "form", name)."""
    names: set[tuple[str, str]] = set()
    plain = app.request_class

    class Noted(plain):  # type: ignore[misc,valid-type]
        @property
        def args(self) -> Any:
            return _Noting(super().args, lambda name: names.add(("query", name)))

        @property
        def form(self) -> Any:
            return _Noting(super().form, lambda name: names.add(("form", name)))

    app.request_class = Noted
    try:
        yield names
    finally:
        app.request_class = plain


class _Noting(ImmutableMultiDict[str, str]):
    note: Callable[[str], object]

    def __init__(self, inner: Any, note: Callable[[str], object]) -> None:
        super().__init__(inner)
        object.__setattr__(self, "note", note)

    def __getitem__(self, key: str) -> str:
        self.note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.note(str(key))
        return super().__contains__(key)

    def getlist(self, key: str, *more: Any) -> Any:
        self.note(key)
        return super().getlist(key, *more)
