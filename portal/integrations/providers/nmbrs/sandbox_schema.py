"""What each request of the Nmbrs stand-in holds, and how it is read.

Source: reference nmbrs-soap-v3 sections 5 to 9. Lenient is what the real server seems to do (elements by
name, unknown ones dropped, missing numbers 0); strict refuses what the real server would hide.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from lxml.etree import _Element as Element

from portal.integrations.providers.nmbrs.sandbox_soap import XSI, elements, local, space, unreadable

Fields = tuple["Field", ...]
Values = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """`kind`: int, decimal, boolean, string, base64, record (one) or array (of one `children` item)."""

    name: str
    kind: str = "int"
    required: bool = True
    nillable: bool = False
    children: Fields = ()


def ints(*names: str) -> Fields:
    return tuple(Field(name) for name in names)


_ATTACHED = tuple(
    Field(name, kind, required=False)
    for name, kind in (("Comment", "string"), ("DocumentName", "string"), ("Attachment", "base64"))
)
_COSTS = (Field("CostCenterId", nillable=True), Field("CostUnitId", nillable=True))
_HOURS = Field("Hours", "decimal")
UNPROTECTED = Field("UnprotectedMode", "boolean")
HOUR_COMPONENT = Field(
    "Hourcomponent", "record", required=False, children=(*ints("Id", "HourCode"), _HOURS, *_COSTS, *_ATTACHED)
)
# In the batch the hours come after the cost fields (reference section 9.1).
_BATCH_ITEM = Field(
    "EmployeeHourComponent",
    "record",
    required=False,
    nillable=True,
    children=(*ints("EmployeeId", "Id", "HourCode"), *_COSTS, _HOURS, *_ATTACHED),
)
HOUR_COMPONENTS = Field("HourComponents", "array", required=False, children=(_BATCH_ITEM,))
LOGIN = tuple(Field(name, "string") for name in ("Username", "Token"))
LOGIN_WITH_DOMAIN = (*LOGIN, Field("Domain", "string"))


def read(element: Element, fields: Fields, *, strict: bool) -> Values:
    """The values of a request element. Raises SoapFault (Client) naming the element that is wrong."""
    if strict:
        _check_order(element, fields)
    children = [child for child in elements(element) if space(child) == space(element)]
    by_name = {local(child): child for child in reversed(children)}
    return {field.name: _value(by_name.get(field.name), field, strict=strict) for field in fields}


def _check_order(element: Element, fields: Fields) -> None:
    names = [field.name for field in fields]
    position = 0
    children = elements(element)
    for child in children:
        name = local(child)
        if set(child.attrib) - {f"{{{XSI}}}nil", f"{{{XSI}}}type"}:
            raise unreadable(f"strict: unknown attribute on {name}")
        if space(child) != space(element) or name not in names:
            raise unreadable(f"strict: unknown element {name} in {local(element)}")
        if names.index(name) < position:
            raise unreadable(f"strict: element {name} in {local(element)} is misordered or repeated")
        position = names.index(name) + 1
    _check_present(element, fields, {local(child) for child in children})
    if any(text.strip() for text in [element.text or "", *(child.tail or "" for child in children)]):
        raise unreadable(f"strict: loose text in {local(element)}")


def _check_present(element: Element, fields: Fields, present: set[str]) -> None:
    for field in fields:
        if field.required and field.name not in present:
            raise unreadable(f"strict: missing element {field.name} in {local(element)}")


def _value(element: Element | None, field: Field, *, strict: bool) -> Any:
    if element is None or element.get(f"{{{XSI}}}nil") in {"true", "1"}:
        if element is not None and strict and not field.nillable:
            raise unreadable(f"strict: element {field.name} cannot be nil")
        return None if field.nillable else _EMPTY[field.kind]
    if field.kind == "record":
        return read(element, field.children, strict=strict)
    if field.kind == "array":
        return _array(element, field.children[0], strict=strict)
    if elements(element):
        raise unreadable(f"element {field.name} must hold text")
    return _simple(element.text or "", field)


def _array(element: Element, item: Field, *, strict: bool) -> list[Values]:
    found = []
    for child in elements(element):
        if local(child) == item.name and space(child) == space(element):
            found.append(_value(child, item, strict=strict))
        elif strict:
            raise unreadable(f"strict: unknown element {local(child)} in {local(element)}")
    return [values for values in found if values is not None]


def _simple(text: str, field: Field) -> Any:
    try:
        return _READERS[field.kind](text)
    except ValueError as error:
        raise unreadable(f"element {field.name}: Input string was not in a correct format") from error


def _int(text: str) -> int:
    if not re.fullmatch(r"\s*[+-]?[0-9]+\s*", text) or not -(2**31) <= int(text) < 2**31:
        raise ValueError
    return int(text)


def _decimal(text: str) -> Decimal:
    if not re.fullmatch(r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)\s*", text):
        raise ValueError
    return Decimal(text.strip())


def _boolean(text: str) -> bool:
    words = {"true": True, "1": True, "false": False, "0": False}
    if text.strip() not in words:
        raise ValueError
    return words[text.strip()]


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ValueError from error


_READERS: dict[str, Callable[[str], Any]] = {
    "int": _int,
    "decimal": _decimal,
    "boolean": _boolean,
    "base64": _base64,
    "string": str,
}
_EMPTY: dict[str, Any] = {
    "int": 0,
    "decimal": Decimal(0),
    "boolean": False,
    "string": None,
    "base64": None,
    "record": None,
    "array": (),
}
