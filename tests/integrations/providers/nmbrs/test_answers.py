"""F4, G4: whatever Nmbrs answers, it is read right or not at all. Over real sockets."""

from __future__ import annotations

import logging
from decimal import Decimal

import pytest

from portal.integrations.contract import Component
from portal.kernel.errors import Unavailable, Unclear
from tests.integrations.providers.nmbrs.soap_stub import (
    EMAIL,
    LOGIN,
    OCTOBER,
    TOKEN,
    booked,
    envelope,
    inserted,
    line,
    nmbrs,
    reply,
    row,
    xml,
)
from tests.kernel.remote.stub import answer

GOOD = envelope("EmployeeService", "HourComponentVar_Insert", "700001")
READ = envelope("EmployeeService", "HourComponentVar_Get", row(Id="1", HourCode="2100", Hours="1.00"))
LAUGHS = (
    b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>'
    b"<l>&c;&c;&c;</l>"
)
XXE = b'<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><l>&x;</l>'


def doctype(content: bytes) -> bytes:
    return content.replace(b"?>", b"?><!DOCTYPE soap>", 1)


def recoded(content: bytes, encoding: str) -> bytes:
    _, _, rest = content.partition(b"?>")
    return f'<?xml version="1.0" encoding="{encoding}"?>{rest.decode()}'.encode(encoding)


PAGE = answer(200, b"<!doctype html><h1>Onderhoud</h1>", Content_Type="text/html")


def unusable(good: bytes) -> dict[str, bytes]:
    """Answers that are nearly `good`; each is wrong in one way."""
    return {
        "html": PAGE,
        "html with a status": answer(502, b"<html>", Content_Type="text/html"),
        "no xml": xml(b"this is no xml"),
        "empty": xml(b""),
        "empty 500": xml(b"", 500),
        "cut off": xml(good[:-20]),
        "another envelope": xml(b"<Envelope/>"),
        "another body": xml(good.replace(b"HourComponentVar_", b"Other_")),
        "another namespace": xml(good.replace(b"/soap/v3/", b"/soap/v2.1/")),
        "500 without a fault": xml(good, 500),
        "202": xml(good, 202),
        "doctype": xml(doctype(good)),
        "doctype in utf-16": xml(recoded(doctype(good), "utf-16")),
        "doctype in utf-16-le": xml(recoded(doctype(good), "utf-16-le")),
        "doctype in utf-32": xml(recoded(doctype(good), "utf-32")),
        "doctype in ebcdic": xml(recoded(doctype(good), "cp037")),
        "billion laughs": xml(LAUGHS),
        "external entity": xml(XXE),
        "deep": xml(b"<a>" * 5000),
        "deep and closed": xml(good.replace(b"</soap:Body>", b"<a>" * 2000 + b"</a>" * 2000 + b"</soap:Body>")),
        "multipart": answer(200, good, Content_Type="multipart/related; boundary=x"),
    }


CASES = sorted(unusable(GOOD))


@pytest.mark.parametrize("case", CASES)
def test_f4_an_unusable_answer_to_an_insert_is_unclear(case):
    with nmbrs(unusable(GOOD)[case]) as (provider, _), pytest.raises(Unclear) as caught:
        provider.insert(line(), OCTOBER, LOGIN)
    assert "niet opnieuw" in caught.value.remedy


@pytest.mark.parametrize("case", CASES)
def test_f4_an_unusable_answer_to_a_read_is_unavailable(case):
    with nmbrs(unusable(READ)[case]) as (provider, _), pytest.raises(Unavailable):
        provider.booked("50101", OCTOBER, LOGIN)


def test_html_is_called_a_web_page():
    with nmbrs(PAGE) as (provider, _), pytest.raises(Unavailable) as caught:
        provider.booked("50101", OCTOBER, LOGIN)
    assert caught.value.message == "Nmbrs gaf een webpagina terug in plaats van een antwoord."


@pytest.mark.parametrize("call", ["HourComponentFixed_Get", "HourComponentVar_GetCurrent"])
def test_g4_an_empty_answer_to_another_question_is_not_an_empty_list(call):
    with nmbrs(reply("EmployeeService", call, None)) as (provider, _), pytest.raises(Unavailable):
        provider.booked("50101", OCTOBER, LOGIN)


def test_utf_16_without_a_doctype_is_read():
    with nmbrs(xml(recoded(READ, "utf-16"))) as (provider, _):
        assert len(provider.booked("50101", OCTOBER, LOGIN)) == 1


@pytest.mark.parametrize("result", ["", None, "   ", "<!-- none -->"])
def test_g4_an_empty_list_is_empty(result):
    with nmbrs(booked(result)) as (provider, _):
        assert provider.booked("50101", OCTOBER, LOGIN) == ()


def test_extra_moved_and_blank_elements_do_no_harm():
    odd = (
        "<HourComponent><New/><Hours> 7.5\n</Hours><New><Deep>1</Deep></New><HourCode>\t2100 </HourCode>"
        "<Id>  12</Id><Last>x</Last></HourComponent>"
    )
    with nmbrs(booked(odd + row(Id="13", HourCode="2190", Hours="-0.25"))) as (provider, _):
        found = provider.booked("50101", OCTOBER, LOGIN)
    assert found == (Component("12", "2100", Decimal("7.5")), Component("13", "2190", Decimal("-0.25")))


@pytest.mark.parametrize(
    "result",
    [
        row(Id="1", HourCode="2100", Hours="zeven"),
        row(Id="1", HourCode="2100", Hours="7,5"),
        row(Id="1", HourCode="2100", Hours="1E3"),
        row(Id="1", HourCode="2100", Hours="NaN"),
        row(Id="1", HourCode="2100", Hours=""),
        row(Id="1", HourCode="2100"),
        row(Id="x", HourCode="2100", Hours="1"),
        row(Id="0", HourCode="2100", Hours="1"),
        row(HourCode="2100", Hours="1"),
        row(Id="1", Hours="1"),
        row(Id="1", HourCode="21.5", Hours="1"),
        row(Id="1", HourCode="2100", Hours="<Amount>1</Amount>"),
        row(Id="1", HourCode="2100", Hours="1") + row(Id="2", HourCode="2100", Hours="?"),
        '<HourComponent xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/>',
        "<Hourcomponent><Id>1</Id></Hourcomponent>",
        "<Items>" + row(Id="1", HourCode="2100", Hours="1") + "</Items>",
        row(Id="1", HourCode="2100", Hours="1").replace("<HourComponent>", '<HourComponent xmlns="">'),
        row(Id="1", HourCode="2100", Hours="1")
        + row(Id="2", HourCode="2100", Hours="1").replace("<HourComponent>", '<HourComponent xmlns="">'),
        "700001",
    ],
)
def test_g4_a_row_that_cannot_be_read_is_never_zero_or_nothing(result):
    """An empty list would mean "nothing booked yet", and the hours would be sent once more."""
    with nmbrs(booked(result)) as (provider, _), pytest.raises(Unavailable) as caught:
        provider.booked("50101", OCTOBER, LOGIN)
    assert caught.value.message == "Nmbrs gaf een onleesbaar antwoord terug."


@pytest.mark.parametrize("result", ["0", "-1", "", None, "abc", "7.5", "99999999999", "<Id>7</Id>"])
def test_g4_an_insert_without_an_id_is_unclear(result):
    with nmbrs(inserted(result)) as (provider, _), pytest.raises(Unclear):
        provider.insert(line(), OCTOBER, LOGIN)


def test_an_insert_gives_the_id_as_text():
    with nmbrs(inserted(" 700001 ")) as (provider, stub):
        assert provider.insert(line(), OCTOBER, LOGIN) == "700001"
    assert len(stub.requests) == 1


@pytest.mark.parametrize("hours", ["7.50", "7.5", "0.01", "-0.25", "1E+2", "100000.00"])
def test_hours_are_written_plainly(hours):
    with nmbrs(inserted("1")) as (provider, stub):
        provider.insert(line(hours), OCTOBER, LOGIN)
    assert f":Hours>{Decimal(hours):.2f}</".encode() in stub.requests[0]


def test_hours_with_three_decimals_are_not_sent():
    with nmbrs(inserted("1")) as (provider, stub), pytest.raises(ValueError):
        provider.insert(line("7.505"), OCTOBER, LOGIN)
    assert stub.requests == []


def test_c8_the_token_is_in_no_log_however_loud(caplog):
    """zeep prints whole envelopes when its loggers are set to DEBUG."""
    loud = [logging.getLogger(name) for name in ("", "zeep", "zeep.transports", "httpx", "httpcore")]
    before = [logger.level for logger in loud]
    for logger in loud:
        logger.setLevel(logging.DEBUG)
        logger.addHandler(caplog.handler)
    try:
        with nmbrs(inserted("1")) as (provider, stub):
            provider.insert(line(), OCTOBER, LOGIN)
    finally:
        for logger, level in zip(loud, before, strict=True):
            logger.removeHandler(caplog.handler)
            logger.setLevel(level)
    assert TOKEN.encode() in stub.requests[0]
    assert caplog.records
    assert TOKEN not in caplog.text
    assert EMAIL not in caplog.text
