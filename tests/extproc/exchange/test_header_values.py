"""Whatever is quoted in a header, Envoy takes it."""

from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from extproc.exchange.header_values import MAX_NAMES, listed, quoted


@given(st.text())
def test_a_quoted_value_is_one_bounded_line_of_ascii(text):
    shown = quoted(text)
    assert shown.isascii()
    assert shown.isprintable() or not shown
    assert len(shown) <= 12_000
    if len(text) <= 100 and "%" not in text and not any(map(str.isspace, text[:1] + text[-1:])):
        assert unquote(shown) == text.encode("utf-8", "replace").decode()


@given(st.lists(st.text(max_size=30)))
def test_a_list_can_be_taken_apart_again(names):
    shown = listed(names)
    assert len(shown) <= MAX_NAMES + 30
    found = [unquote(name) for name in shown.split(", ")] if names else []
    if not shown.endswith("more"):
        assert found == [name.encode("utf-8", "replace").decode() for name in names]


def test_plain_names_stay_as_they_are_and_many_are_cut():
    assert listed(["seed", "messages[0].name"]) == "seed, messages[0].name"
    many = listed(f"name{number}" for number in range(20_000))
    assert many.startswith("name0, name1, ")
    shown = many.count(",")
    assert many.endswith(f", ... and {20_000 - shown} more")
