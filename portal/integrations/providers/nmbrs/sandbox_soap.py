"""SOAP 1.1 and 1.2 on the wire, for the Nmbrs stand-in: read an envelope, write an answer or a fault.

Source: reference nmbrs-soap-v3 sections 2, 11.1 and 16. Shares no code with our client.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from lxml import etree
from lxml.etree import _Element as Element

ENVELOPES = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
MEDIA_TYPES = {"1.1": "text/xml", "1.2": "application/soap+xml"}
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XSD = "http://www.w3.org/2001/XMLSchema"
SERVICES = "https://api.nmbrs.nl/soap/v3/"


class Nil:
    """Written as xsi:nil="true"; None and empty text are left out altogether."""


NIL = Nil()
# An answer: text, int, bool, Decimal, datetime, NIL, None, or children in order.
Value = Any
Children = Sequence[tuple[str, Value]]

TITLES = {
    1001: "Invalid Authentication",
    1002: "Unauthorized Access",
    1003: "Unauthorized Access",
    1004: "No valid subscription",
    2001: "Invalid Hour component",
    2002: "Invalid Wage Component",
    2003: "Unauthorized Access",
    2004: "Unauthorized Access",
    2006: "Invalid Period",
    2009: "Unauthorized Access",
    2011: "Protected Mode",
    2012: "Wage tax return already sent",
    2030: "Invalid set of values",
    2037: "Invalid cost center id",
    2040: "File name without extension",
    9999: "Unkown",
}


class SoapFault(Exception):
    """An answer that is a fault. `who` is "Client" or "Server" (SOAP 1.1 words)."""

    def __init__(self, text: str, who: str = "Server", code: int | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.who = who
        self.code = code


def nmbrs_fault(code: int, title: str = "") -> SoapFault:
    text = f"Server was unable to process request. ---> {code}: {title or TITLES.get(code, 'Unkown')}"
    return SoapFault(text, "Server", code)


def text_fault(reason: str) -> SoapFault:
    """A fault of theirs without a code."""
    return SoapFault(f"Server was unable to process request. ---> {reason}")


def unreadable(reason: str) -> SoapFault:
    """The request itself is wrong."""
    return SoapFault(f"Server was unable to read request. ---> {reason}", "Client")


@dataclass(frozen=True)
class Message:
    version: str
    headers: tuple[Element, ...]
    body: Element


def local(element: Element) -> str:
    return etree.QName(element).localname


def space(element: Element) -> str:
    return etree.QName(element).namespace or ""


def elements(parent: Element) -> list[Element]:
    """Child elements, without comments and processing instructions."""
    return [child for child in parent if isinstance(child.tag, str)]


def parse(data: bytes) -> Message:
    """Read an envelope. Raises SoapFault (Client) for anything that is not one, a DOCTYPE included."""
    root = _root(data)
    versions = [version for version, name in ENVELOPES.items() if name == space(root)]
    if local(root) != "Envelope" or not versions:
        raise unreadable("Root element is not a SOAP Envelope")
    parts = {local(part): part for part in elements(root) if space(part) == space(root)}
    body = elements(parts["Body"]) if "Body" in parts else []
    if len(body) != 1:
        raise unreadable("Body must hold exactly one element")
    headers = elements(parts["Header"]) if "Header" in parts else []
    return Message(versions[0], tuple(headers), body[0])


def _root(data: bytes) -> Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise unreadable("There is an error in XML document") from error
    document: Any = root.getroottree().docinfo
    if document.doctype or document.internalDTD is not None:
        raise unreadable("For security reasons DTD is prohibited")
    return root


def answer(version: str, service: str, operation: str, result: Value) -> Element:
    """The envelope of an answer. `result` None makes an empty response element (a void call)."""
    envelope, body = _envelope(version)
    namespace = SERVICES + service
    own: Any = {None: namespace}
    response = etree.SubElement(body, f"{{{namespace}}}{operation}Response", nsmap=own)
    _append(response, namespace, f"{operation}Result", result)
    return envelope


def fault(version: str, error: SoapFault) -> Element:
    envelope, body = _envelope(version)
    name = ENVELOPES[version]
    item = etree.SubElement(body, f"{{{name}}}Fault")
    if version == "1.1":
        etree.SubElement(item, "faultcode").text = f"soap:{error.who}"
        etree.SubElement(item, "faultstring").text = error.text
        etree.SubElement(item, "detail")
        return envelope
    code = etree.SubElement(item, f"{{{name}}}Code")
    word = {"Client": "Sender", "Server": "Receiver"}[error.who]
    etree.SubElement(code, f"{{{name}}}Value").text = f"soap:{word}"
    reason = etree.SubElement(etree.SubElement(item, f"{{{name}}}Reason"), f"{{{name}}}Text")
    reason.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    reason.text = error.text
    etree.SubElement(item, f"{{{name}}}Detail")
    return envelope


def write(envelope: Element) -> bytes:
    return bytes(etree.tostring(envelope, xml_declaration=True, encoding="utf-8"))


def _envelope(version: str) -> tuple[Element, Element]:
    name = ENVELOPES[version]
    envelope = etree.Element(f"{{{name}}}Envelope", nsmap={"soap": name, "xsi": XSI, "xsd": XSD})
    return envelope, etree.SubElement(envelope, f"{{{name}}}Body")


def _append(parent: Element, namespace: str, name: str, value: Value) -> None:
    if value is None or value == "":
        return
    child = etree.SubElement(parent, f"{{{namespace}}}{name}")
    if isinstance(value, Nil):
        child.set(f"{{{XSI}}}nil", "true")
    elif isinstance(value, list | tuple):
        for inner, content in value:
            _append(child, namespace, inner, content)
    else:
        child.text = _text(value)


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S")
    return str(value)
