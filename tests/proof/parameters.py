"""Every parameter that the portal takes, and which of them name something of a customer.

A parameter that is found and not listed here fails the tests: whoever adds one says what it is.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from wtforms import Form as AnyForm
from wtforms.fields.core import UnboundField

from portal.kernel.forms import Form

CODE = Path(__file__).parents[2] / "portal"
Place = tuple[str, str]  # ("path", "query" or "form", name)

# what names something of a customer, and the value that the world keeps of it
IDS: dict[Place, str] = {
    **{("path", name): name for name in (
        "organisation_id", "venue_id", "member_id", "upload_id", "export_id", "delivery_id", "line_id", "user_id",
        "link_id", "session_id", "passkey_id",
    )},
    ("query", "vestiging"): "venue_id",
    ("query", "teamlid"): "member_id",
    ("query", "levering"): "delivery_id",
    ("query", "code"): "receipt_code",
    ("form", "venue"): "venue_id",
    ("form", "not_double"): "member_id",
    ("form", "kenmerk"): "remote_ref",
}  # fmt: skip

OTHERS: dict[Place, str] = {
    ("path", "code"): "who holds the code of a receipt may see that it is real; or the code of a message",
    ("path", "extension"): "csv, xlsx, pdf",
    ("path", "key"): "a provider or a help page, the same for everybody",
    ("path", "miss_id"): "of all readers, for support",
    ("path", "outcome"): "a word",
    ("form", "wat"): "a word",
    ("path", "path"): "a file of the site itself",
    ("path", "remark_id"): "of all readers, for support",
    ("path", "request_id"): "for support, that sees those of all customers",
    ("path", "token"): "the secret of a link: who holds it may use it, signed in or not",
    ("query", "alleen"): "a word",
    ("query", "doel"): "a provider",
    ("query", "gevraagd"): "a count, so that a browser loads the page again",
    ("query", "id"): "an address of the help pages of old",
    ("query", "jaar"): "of a period",
    ("query", "klant"): "for support, that sees those of all customers",
    ("query", "next"): "a page of this site",
    ("query", "nummer"): "of a period",
    ("query", "over"): "a help page",
    ("query", "pagina"): "a number of a page",
    ("query", "periode"): "a period",
    ("query", "q"): "words to search for",
    ("query", "soort"): "a kind of period, or of acts in the trail",
    ("query", "stand"): "a word",
    ("query", "tot"): "a day",
    ("query", "v"): "the version of a file of the site",
    ("query", "van"): "a day",
    ("query", "volgende"): "a flag",
    ("query", "voor"): "where the page before ended: own rows below a number, whoever's row has it",
    ("query", "wie"): "a name to search for in the own trail",
    ("form", "after_export"): "a choice",
    ("form", "answer"): "ja or nee",
    ("form", "back"): "a page of this site",
    ("form", "bsn"): "of the person that the address names",
    ("form", "code"): "of an app, or to recover",
    ("form", "company"): "payroll's own, out of what the customer's own token reads",
    ("form", "csrf_token"): "of the session",
    ("form", "current"): "a password",
    ("form", "done"): "a tick",
    ("form", "email"): "an address that is typed",
    ("form", "employee"): "payroll's own, out of what the customer's own token reads",
    ("form", "file"): "a file",
    ("form", "fingerprint"): "what was seen, compared with what is there now",
    ("form", "leave_out"): "a tick",
    ("form", "name"): "a text",
    ("form", "not_loaded"): "a tick",
    ("form", "not_sent"): "a tick",
    ("form", "passkey"): "signed by a passkey; whose it is, is asked in tests/accounts/test_passkeys_forged.py",
    ("form", "password"): "a password",
    ("form", "personnel_number"): "a text",
    ("form", "question"): "a text",
    ("form", "reason"): "a text",
    ("form", "role"): "a choice",
    ("form", "same_day"): "a choice",
    ("form", "seen"): "what was seen, compared with what is there now; nothing is looked up by it",
    ("form", "sure"): "a tick",
    ("form", "text"): "a text",
    ("form", "token"): "a secret that is handed over",
    ("form", "username"): "for password managers; nobody reads it",
    ("form", "way"): "a choice",
    ("form", "website"): "for robots",
}


def known(place: str, name: str) -> bool:
    return (place, name) in IDS or (place, name) in OTHERS or (place == "form" and name.startswith("kind_"))


def in_code() -> Iterator[Place]:
    """What the code asks of a query or form by name."""
    for file in sorted(CODE.rglob("*.py")):
        if "sandbox" in str(file.relative_to(CODE)):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            yield from _asked(node)


def _asked(node: ast.AST) -> Iterator[Place]:
    place = name = ""
    match node:
        case ast.Call(func=ast.Name(id="number_asked"), args=[ast.Constant(value=str(name))]):
            place = "query"
        case ast.Call(
            func=ast.Attribute(value=source, attr="get" | "getlist"), args=[ast.Constant(value=str(name)), *_]
        ):
            place = _place(source)
        case ast.Subscript(value=source, slice=ast.Constant(value=str(name))):
            place = _place(source)
        case ast.Compare(left=ast.Constant(value=str(name)), comparators=[source]):
            place = _place(source)
    if place:
        yield place, name


def _place(source: ast.expr) -> str:
    return {"request.args": "query", "request.form": "form", "request.files": "form", "request.values": "form"}.get(
        ast.unparse(source), ""
    )


def in_forms(kind: type[AnyForm] = Form) -> Iterator[tuple[str, str]]:
    """The form and the name of each field of every form class of the portal that was made."""
    for form in kind.__subclasses__():
        for name in dir(form) if form.__module__.startswith("portal.") else ():
            if isinstance(getattr(form, name), UnboundField):
                yield form.__name__, name
        yield from in_forms(form)
