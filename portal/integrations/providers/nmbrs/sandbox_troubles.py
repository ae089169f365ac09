"""Troubles that only a SOAP server can have: odd faults, and answers that differ from what is documented."""

from __future__ import annotations

from lxml import etree
from lxml.etree import _Element as Element

from portal.integrations.providers.nmbrs.sandbox_soap import (
    SoapFault,
    elements,
    nmbrs_fault,
    space,
    text_fault,
)


def trouble_fault(kind: str) -> SoapFault | None:
    """The fault of `fault:<code>`, `fault_text:<text>` (no code) or `fault_dutch`; None for other kinds."""
    name, _, detail = kind.partition(":")
    if name == "fault" and detail.isascii() and detail.isdigit():
        return nmbrs_fault(int(detail))
    if name == "fault_text" and detail:
        return text_fault(detail)
    if kind == "fault_dutch":
        return nmbrs_fault(2001, "Ongeldige urencomponent: de urencode hoort niet bij het uurmodel")
    return None


def twist(kind: str, envelope: Element) -> Element:
    """Add unknown elements to every record (`extra_elements`) or turn its order round (`moved_elements`)."""
    if kind in {"extra_elements", "moved_elements"}:
        for record in [element for element in envelope.iter() if isinstance(element.tag, str)]:
            if _is_record(record):
                _twist_record(kind, record)
    return envelope


def _is_record(element: Element) -> bool:
    children = elements(element)
    in_service = space(element).startswith("https://api.nmbrs.nl/")
    return in_service and bool(children) and not any(elements(child) for child in children)


def _twist_record(kind: str, record: Element) -> None:
    if kind == "moved_elements":
        record[:] = list(reversed(record))
        return
    for position, name in ((0, "NewAtTheStart"), (1, "NewInBetween"), (len(record) + 2, "NewAtTheEnd")):
        extra = etree.Element(f"{{{space(record)}}}{name}")
        extra.text = "unknown"
        record.insert(position, extra)
