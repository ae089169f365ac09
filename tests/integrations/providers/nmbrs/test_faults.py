"""What each fault of Nmbrs becomes: which error, which Dutch text, and never a secret."""

from __future__ import annotations

import pytest

from portal.integrations.providers.nmbrs.faults import MEANINGS, code_in
from portal.kernel.errors import AccessRefused, Refused, RemoteError, Unavailable, Unclear
from tests.integrations.providers.nmbrs.soap_stub import EMAIL, LOGIN, OCTOBER, TOKEN, fault, line, nmbrs, xml

ARROW = "Server was unable to process request. ---&gt; "


def on_insert(answer: bytes) -> RemoteError:
    with nmbrs(answer) as (provider, _), pytest.raises(RemoteError) as caught:
        provider.insert(line(), OCTOBER, LOGIN)
    return caught.value


def on_read(answer: bytes) -> RemoteError:
    with nmbrs(answer) as (provider, _), pytest.raises(RemoteError) as caught:
        provider.booked("50101", OCTOBER, LOGIN)
    return caught.value


@pytest.mark.parametrize("code", ["1001", "1002", "1003", "1004", "1006"])
@pytest.mark.parametrize("ask", [on_insert, on_read])
def test_a_refused_login_or_right_stops_everything(code, ask):
    error = ask(fault(f"{ARROW}{code}: Invalid"))
    assert type(error) is AccessRefused
    assert error.remote_code == code


@pytest.mark.parametrize(
    "code",
    ["2001", "2002", "2003", "2004", "2005", "2006", "2009", "2011", "2012", "2013", "2030", "2037", "2038"],
)
@pytest.mark.parametrize("ask", [on_insert, on_read])
def test_a_wrong_line_is_refused(code, ask):
    error = ask(fault(f"{ARROW}{code}: Invalid"))
    assert type(error) is Refused
    assert error.remote_code == code
    assert error.remedy


@pytest.mark.parametrize("code", ["2011", "2012"])
def test_a_closed_period_is_explained(code):
    error = on_insert(fault(f"{ARROW}{code}: Protected Mode"))
    assert error.message.startswith("De periode is in Nmbrs al afgesloten")


def test_9999_with_twk_is_a_closed_period():
    error = on_insert(fault(f"{ARROW}9999: Unkown ---&gt; TWK niet toegestaan"))
    assert type(error) is Refused
    assert (error.remote_code, error.facts["their_code"]) == ("2011", "9999")


UNKNOWN = [
    f"{ARROW}9999: Unkown",
    f"{ARROW}1234: Something new",
    f"{ARROW}Object reference not set to an instance of an object.",
    "Er is iets misgegaan bij het verwerken",
    "De server kon dit niet verwerken ---&gt; Onbekende fout",
    "",
]


@pytest.mark.parametrize("text", UNKNOWN)
def test_g4_an_unknown_fault_on_an_insert_is_unclear(text):
    error = on_insert(fault(text))
    assert type(error) is Unclear
    assert error.message.startswith("Nmbrs gaf een melding die wij niet kennen: ")
    assert "niet opnieuw" in error.remedy


@pytest.mark.parametrize("text", UNKNOWN)
def test_an_unknown_fault_on_a_read_is_unavailable(text):
    assert type(on_read(fault(text))) is Unavailable


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("De server kan de aanvraag niet verwerken. ---> 1001: Ongeldige aanmelding", "1001"),
        ("2006: Ongeldige periode", "2006"),
        ("  2006 : Ongeldige periode", "2006"),
        ("a --->2001:b ---> 2002: c", "2001"),
        ("a ---> System.Exception: b ---> 2012: c", "2012"),
        ("in 2026: fout", ""),
        ("---> 12345: x", ""),
        ("---> ١٢٣٤: x", ""),
        ("", ""),
    ],
)
def test_the_code_is_found_in_any_language(text, code):
    assert code_in(text) == code


def test_a_fault_in_dutch_with_a_code():
    error = on_insert(fault("De server kan de aanvraag niet verwerken. ---&gt; 2001: Ongeldige urencode"))
    assert type(error) is Refused
    assert error.message == "Nmbrs kent deze urencode niet bij dit bedrijf."


def test_a_fault_with_status_200_is_still_a_fault():
    whole = fault(f"{ARROW}2001: Invalid").replace(b"HTTP/1.1 500", b"HTTP/1.1 200")
    assert type(on_insert(whole)) is Refused


def test_a_soap_12_fault_is_understood():
    body = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>'
        's:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang="nl">x ---&gt; 1001: y</s:Text></s:Reason>'
        "</s:Fault></s:Body></s:Envelope>"
    )
    assert on_insert(xml(body.encode(), 500, "application/soap+xml")).remote_code == "1001"


@pytest.mark.parametrize("code", ["soap:Client", "Client", "s:Sender"])
def test_a_request_they_cannot_read_is_refused(code):
    error = on_insert(fault("Server was unable to read request.", code))
    assert type(error) is Refused
    assert error.message == "Nmbrs kon ons verzoek niet lezen."


def test_c8_a_fault_that_echoes_token_and_email_shows_neither():
    error = on_insert(fault(f"Wrong {TOKEN.upper()} for {EMAIL}, &#9;bsn 123456782 {'x' * 900}"))
    shown = f"{error} {error.message} {error.remedy} {error.facts} {error.__cause__} {error.__context__}"
    assert TOKEN not in shown.lower()
    assert EMAIL not in shown.lower()
    assert "123456782" not in shown
    assert len(error.message) < 400


def test_every_text_says_what_to_do():
    for meaning in MEANINGS.values():
        assert meaning.message.endswith(".")
        assert meaning.remedy.endswith(".")
