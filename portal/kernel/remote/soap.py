"""SOAP by zeep over our own HTTP client.

zeep writes the envelope and reads the answer; everything in between is ours: the socket, what an
answer must look like before zeep sees it (F4), and what becomes of a fault. Two habits of zeep are
kept out. It logs whole envelopes, tokens included, in `Transport.post`: that method is replaced.
And it turns a bad number or boolean into None or False in silence: so our WSDLs declare every
leaf of an answer as text, and the caller reads the values.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, NoReturn

import zeep
import zeep.exceptions
import zeep.transports
from lxml import etree

from portal.kernel.errors import RemoteError
from portal.kernel.remote import wording
from portal.kernel.remote.answer import Answer
from portal.kernel.remote.http import Remote
from portal.kernel.remote.xml import XmlRefusedError, parse_untrusted
from portal.secret import Secret

# zeep has type hints on half of its functions; here it counts as a library without any.
Library: Any = zeep

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
XML_TYPES = ("", "text/xml", "application/xml", "application/soap+xml")
FAULT_LENGTH = 2000
UNREADABLE = (
    zeep.exceptions.Error,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RecursionError,
    etree.LxmlError,
)

Header = Mapping[str, Secret]


class SoapFault(Exception):
    """They answered with a fault. `code` is the last part of the SOAP code ("Server", "Client");
    `text` is one clean line without the secrets of the call, at most 2,000 characters."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text


def soap_outage(answer: Answer) -> bool:
    """Say whether the server itself is in trouble: a fault is an answer, a web page is not."""
    if answer.media_type not in XML_TYPES:
        return True
    return answer.status >= 500 and b"Fault" not in answer.content


class SoapService:
    """One service of a slim WSDL on disk, reached at `path` below the base URL of `remote`.

    The WSDL is read at the first call and once per object; safe for threads.
    """

    def __init__(self, remote: Remote, wsdl: Path, path: str) -> None:
        self._remote = remote
        self._wsdl = wsdl
        self._path = path
        self._lock = Lock()
        self._document: Any = None
        self._settings = Library.Settings(
            strict=False, forbid_dtd=True, forbid_entities=True, forbid_external=True, xml_huge_tree=False
        )

    def value(self, operation: str, header: tuple[str, Header], arguments: Mapping[str, object], *, write: bool) -> Any:
        """Call and return the one result: an object of texts, a text, or None when it is empty.

        `header` is the name of the header part and its fields. Raises SoapFault, Unavailable, and
        with `write` Unclear in place of Unavailable once something may have been processed.
        """
        return self._call(operation, header, arguments, write=write)[0]

    def rows(
        self, operation: str, header: tuple[str, Header], arguments: Mapping[str, object], item: str
    ) -> Sequence[Any]:
        """Call a reading operation and return its list; `item` is the element name of a row.

        An answer whose rows cannot be recognised raises Unavailable: it must not pass for an
        empty list, which would mean "nothing booked yet".
        """
        found, result = self._call(operation, header, arguments, write=False)
        elements = [] if result is None else [e for e in result if isinstance(e.tag, str)]
        named = [e for e in elements if etree.QName(e).localname == item]
        rows = found or []
        stray = result is not None and bool((result.text or "").strip())
        if len(rows) != len(named) or (elements and not named) or stray:
            raise unreadable(self._remote.name, "rows", write=False)
        return tuple(rows)

    def _call(
        self, operation: str, header: tuple[str, Header], arguments: Mapping[str, object], *, write: bool
    ) -> tuple[Any, etree._Element | None]:
        part, fields = header
        shown = {name: value.reveal() for name, value in fields.items()}
        document = self._parsed()
        post = _Post(self._remote, self._path, operation, tuple(shown.values()), write=write)
        client = Library.Client(document, transport=post, settings=self._settings)
        service = client.create_service(next(iter(document.bindings)), self._path)
        try:
            value = service[operation](**arguments, _soapheaders={part: shown})
        except UNREADABLE:
            if not post.answered:
                raise  # our own request is wrong: nothing left the house
            value = None
        else:
            return value, post.result
        raise unreadable(self._remote.name, "zeep", write=write)

    def _parsed(self) -> Any:
        with self._lock:
            if self._document is None:
                silence_zeep()
                with self._wsdl.open("rb") as file:
                    self._document = Library.wsdl.Document(file, _NoNetwork(), settings=self._settings)
            return self._document


def silence_zeep() -> None:
    """Cut the loggers of zeep off: its debug lines show values from messages."""
    logger = logging.getLogger("zeep")
    logger.propagate = False
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def unreadable(name: str, cause: str, *, write: bool, **facts: object) -> RemoteError:
    return wording.unusable(name, "een onleesbaar antwoord terug", cause, write=write, **facts)


class _NoNetwork(zeep.transports.Transport):
    """A zeep transport that loads nothing, and makes no session of requests."""

    def __init__(self) -> None:
        self._close_session = False
        self.cache = None

    def load(self, *_: object) -> NoReturn:
        raise RuntimeError("zeep sends through post_xml only, and a WSDL of ours imports nothing.")

    _load_remote_data = get = post = load


class _Post(_NoNetwork):
    """Sends one envelope and lets only a sound answer through to zeep."""

    def __init__(self, remote: Remote, path: str, operation: str, hidden: tuple[str, ...], *, write: bool) -> None:
        super().__init__()
        self._remote = remote
        self._path = path
        self._operation = operation
        self._hidden = hidden
        self._write = write
        self.answered = False
        self.result: etree._Element | None = None

    def post_xml(self, _address: str, envelope: etree._Element, headers: Mapping[str, str]) -> _Reply:
        content = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
        answer = self._remote.call("POST", self._path, write=self._write, headers=headers, content=content)
        self.answered = True
        root = self._root(answer)
        self._raise_fault(root)
        if answer.status != 200:
            raise self._unusable("een storing door", "status", status=answer.status)
        self.result = self._result(root, etree.QName(envelope[-1][0]).namespace or "")
        return _Reply(etree.tostring(root, encoding="utf-8"))

    def _root(self, answer: Answer) -> etree._Element:
        if answer.media_type not in XML_TYPES:
            what = "een webpagina terug in plaats van een antwoord"
            raise self._unusable(what, "html", status=answer.status)
        if not answer.content and answer.status != 200:
            raise self._unusable("een storing door", "status", status=answer.status)
        try:
            return parse_untrusted(answer.content)
        except XmlRefusedError as error:
            cause = str(error)
        raise unreadable(self._remote.name, cause, write=self._write, status=answer.status)

    def _raise_fault(self, root: etree._Element) -> None:
        for space in (SOAP_11, SOAP_12):
            fault = root.find(f"{{{space}}}Body/{{{space}}}Fault")
            if fault is not None:
                code = _text(fault, "faultcode") or _text(fault, "Code/Value")
                text = _text(fault, "faultstring") or _text(fault, "Reason/Text")
                short = wording.cleaned(code.rpartition(":")[2], self._hidden, 40)
                raise SoapFault(short, wording.cleaned(text, self._hidden, FAULT_LENGTH))

    def _result(self, root: etree._Element, space: str) -> etree._Element | None:
        """Return the result element; None when the response has none (an empty list).

        Takes other elements beside it out: they would make zeep read None.
        """
        body = root.find(f"{{{SOAP_11}}}Body")
        answers = [] if body is None else [e for e in body if isinstance(e.tag, str)]
        if len(answers) != 1 or answers[0].tag != f"{{{space}}}{self._operation}Response":
            raise unreadable(self._remote.name, "body", write=self._write)
        response = answers[0]
        results = response.findall(f"{{{space}}}{self._operation}Result")
        if len(results) > 1 or (not results and len(response)):
            raise unreadable(self._remote.name, "result", write=self._write)
        for child in list(response):
            if child not in results:
                response.remove(child)
        return results[0] if results else None

    def _unusable(self, what: str, cause: str, **facts: object) -> RemoteError:
        return wording.unusable(self._remote.name, what, cause, write=self._write, **facts)


class _Reply:
    """What zeep wants to see of an HTTP answer."""

    status_code = 200
    encoding = "utf-8"

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.headers = {"Content-Type": "text/xml"}


def _text(fault: etree._Element, path: str) -> str:
    """Return the text at a path of local names, whatever the namespace."""
    steps = "/".join(f"*[local-name()='{step}']" for step in path.split("/"))
    found = fault.xpath(f"string({steps})")
    return str(found)
