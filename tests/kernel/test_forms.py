"""What every form does to what is typed."""

from __future__ import annotations

import unicodedata

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from wtforms.validators import InputRequired

from portal.kernel.forms import CONTROL, Form, Lines, Text, trimmed


class Example(Form):
    name = Text("Naam", [InputRequired("Vul een naam in.")])
    story = Lines("Verhaal", "Vertel iets.", limit=20)


def errors(**data: str) -> dict[str, list[str]]:
    app = Flask("forms")
    app.config.update(SECRET_KEY="x" * 32, WTF_CSRF_ENABLED=False)
    with app.test_request_context("/", method="POST", data=data):
        form = Example()
        form.validate()
        return {name: [str(error) for error in found] for name, found in form.errors.items()}


@given(st.text(max_size=30))
def test_trimming_is_final_and_keeps_the_middle(text: str) -> None:
    once = trimmed(text)
    assert trimmed(f" \u200b{once}\ufeff ") == trimmed(once)
    assert once == unicodedata.normalize("NFC", once)
    assert not once or not (once[0].isspace() or once[-1].isspace())


@pytest.mark.parametrize("sign", ["\0", "\n", "\r", "\x1b", "\x7f", "\x85", "\u202e", "\u2066", "\u2028"])
def test_d6_invisible_signs_are_refused_on_one_line(sign: str) -> None:
    assert "onzichtbare" in errors(name=f"a{sign}b", story="ok")["name"][0]


@pytest.mark.parametrize("sign", ["\0", "\x1b", "\x0b", "\u202e", "\u2069"])
def test_d6_and_in_a_longer_text(sign: str) -> None:
    assert "onzichtbare" in errors(name="ok", story=f"a{sign}b")["story"][0]


def test_an_enter_or_tab_in_a_longer_text_is_fine() -> None:
    assert errors(name="ok", story="a\r\n\tb") == {}
    assert errors(name="ok", story=" \r\n ")["story"] == ["Vertel iets."]
    assert errors(name="ok", story="x" * 21)["story"] == ["Hoogstens 20 tekens."]


@given(st.text(max_size=20))
def test_what_goes_back_into_the_page_is_fit_for_html(text: str) -> None:
    app = Flask("forms")
    app.config.update(SECRET_KEY="x" * 32, WTF_CSRF_ENABLED=False)
    with app.test_request_context("/", method="POST", data={"name": text}):
        assert not CONTROL.search(str(Example().name()))


def test_an_error_from_outside_lands_at_its_field_or_the_first() -> None:
    app = Flask("forms")
    app.config.update(SECRET_KEY="x" * 32)
    with app.test_request_context("/"):
        form = Example()
        form.fail("story", "Dit verhaal is er al.")
        form.fail("", "Er ging iets mis.")
        assert form.story.errors[-1] == "Dit verhaal is er al."
        assert form.name.errors[-1] == "Er ging iets mis."
