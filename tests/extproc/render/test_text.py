"""YAML with comments and anchors."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from extproc.render.text import Notes, Writer

SILENT = Notes({}, {})

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
scalars = st.none() | st.booleans() | st.integers() | texts
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(scalars | st.dictionaries(texts, inner), max_size=4)
        | st.dictionaries(texts, inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(texts, values, min_size=1, max_size=4))
def test_what_is_written_is_what_is_read(document: dict[str, Any]) -> None:
    written = Writer(SILENT, {}).write(document)
    assert yaml.safe_load(written) == document


@pytest.mark.parametrize(
    "word", ["yes", "No", "ON", "null", "~", "1", "1e3", "0x1f", "1:30", "a: b", "- a", "# a", ""]
)
def test_text_that_looks_like_something_else_stays_text(word: str) -> None:
    assert yaml.safe_load(Writer(SILENT, {}).write({word: word})) == {word: word}


def test_a_thing_begins_with_its_name_and_has_its_comment_above() -> None:
    notes = Notes({"one": "first line\nsecond"}, {"limit": "how much"})
    document = {"things": [{"limit": 1, "name": "one"}, {"limit": 2, "name": "two"}]}
    assert Writer(notes, {}).write(document) == (
        "things:\n"
        "# first line\n"
        "# second\n"
        "- name: one\n"
        "  # how much\n"
        "  limit: 1\n"
        "- name: two\n"
        "  limit: 2\n"
    )


def test_a_comment_above_a_field_stands_once() -> None:
    notes = Notes({}, {"a": "about a"})
    written = Writer(notes, {}).write({"x": {"a": 1}, "y": {"a": 2}})
    assert written.count("# about a") == 1


def test_what_stands_in_several_places_is_written_once() -> None:
    shared = {"a": {"b": 1}}
    written = Writer(SILENT, {id(shared): "s"}).write({"one": shared, "two": shared})
    assert written == "one: &s\n  a:\n    b: 1\ntwo: *s\n"
    assert yaml.safe_load(written) == {"one": shared, "two": shared}


def test_lines_of_text_stand_as_a_block() -> None:
    assert Writer(SILENT, {}).write({"x": {"code": "a\n  b\n\nc\n"}}) == (
        "x:\n  code: |\n    a\n      b\n\n    c\n"
    )


def test_a_whole_number_has_no_point() -> None:
    written = Writer(SILENT, {}).write({"a": 429.0, "b": 0.0, "c": 0.5})
    assert written == "a: 429\nb: 0\nc: 0.5\n"


def test_what_stands_in_several_lists_is_written_once() -> None:
    shared = {"x": [{"z": 1}]}
    document = {"first": [{"name": "other"}, shared], "second": [shared], "third": shared}
    written = Writer(SILENT, {id(shared): "one"}).write(document)
    assert yaml.safe_load(written) == document
    assert written.count("z: 1") == 1
