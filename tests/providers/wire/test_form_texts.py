"""What a form says as text is what was meant, or an error that names it."""

import pytest

from providers.errors import InvalidRequest
from providers.wire import form_texts


@pytest.mark.parametrize(
    ("value", "meant"), [("0.5", 0.5), ("7", 7.0), (1, 1.0), (None, None), ("-1e3", -1000.0)]
)
def test_a_number(value: object, meant: float | None):
    assert form_texts.number({"a": value}, "a") == meant
    assert form_texts.number({}, "a") is None


@pytest.mark.parametrize("value", ["", "x", "nan", "inf", "1e999", ["1"], {}])
def test_what_is_no_number_is_named(value: object):
    with pytest.raises(InvalidRequest, match="a must be a number") as caught:
        form_texts.number({"a": value}, "a")
    assert caught.value.param == "a"


def test_one_text_or_several():
    assert form_texts.several({"a": "x"}, "a") == ["x"]
    assert form_texts.several({"a": ["x", 1, "y"]}, "a") == ["x", "y"]
    assert form_texts.several({}, "a") == []


@pytest.mark.parametrize(("value", "meant"), [("true", True), ("TRUE", True), ("1", False)])
def test_yes(value: str, meant: bool):
    assert form_texts.yes({"a": value}, "a") is meant
    assert not form_texts.yes({}, "a")
