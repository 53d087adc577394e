"""Members change where they stand; everything else keeps its bytes."""

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.wire.splice import REMOVED, edit, members, model_edit

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)
names = st.sampled_from(["model", "stream", 'a"b', "ü", "x\\y", "{", "stream_options"])
objects = st.dictionaries(names | st.text(max_size=6), values, max_size=6)


def compact(body: object) -> bytes:
    return orjson.dumps(body)


def escaped(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=True).encode()


def spacious(body: object) -> bytes:
    return json.dumps(body, indent=2, ensure_ascii=False, separators=(" ,", " : ")).encode()


@given(
    body=objects,
    changes=st.dictionaries(names, values | st.just(REMOVED), max_size=4),
    write=st.sampled_from([compact, escaped, spacious]),
)
def test_an_edit_is_what_the_same_edit_of_the_object_would_be(body, changes, write):
    expected = dict(body)
    for name, value in changes.items():
        if value is REMOVED:
            expected.pop(name, None)
        else:
            expected[name] = value
    assert json.loads(edit(write(body), body, changes)) == expected


@given(body=objects, write=st.sampled_from([compact, escaped, spacious]))
def test_members_are_found_as_the_library_finds_them(body, write):
    data = write(body)
    assert {m.name: json.loads(data[m.value : m.end]) for m in members(data)} == body


def test_what_is_not_changed_keeps_its_bytes():
    data = b'{ "big": 123456789012345678901234567890, "f": 1.50, "model" : "a", "e": 1e400 }'
    body = {"big": 1, "f": 1.5, "model": "a", "e": 1}
    assert edit(data, body, {"model": "b"}) == data.replace(b'"a"', b'"b"')


def test_a_nested_member_of_the_same_name_is_left_alone():
    data = b'{"tools":[{"model":"x"}],"model":"a","note":"the \\"model\\": is"}'
    edited = edit(data, json.loads(data), {"model": "b"})
    assert edited == data.replace(b'"model":"a"', b'"model":"b"')


def test_a_key_written_with_escapes_is_found():
    data = b'{"x":{"model":"n"},"mod\\u0065l":"a"}'
    assert json.loads(edit(data, json.loads(data), {"model": "b"}))["model"] == "b"


def test_a_string_that_ends_like_the_key_is_no_key():
    data = b'{"say \\"model":"q","model":"a"}'
    assert json.loads(edit(data, json.loads(data), {"model": "b"})) == {
        'say "model': "q",
        "model": "b",
    }


def test_a_member_that_stands_twice_stands_once_afterwards():
    data = b'{"model":"a","x":1,"model":"a"}'
    assert edit(data, {"model": "a", "x": 1}, {"model": "b"}) == b'{"model":"b","x":1}'


@pytest.mark.parametrize("data", [b"{}", b" {\n} "])
def test_an_empty_object_takes_members(data):
    assert json.loads(edit(data, {}, {"a": 1, "b": REMOVED})) == {"a": 1}


@pytest.mark.parametrize(
    ("body", "changes"),
    [({"model": "a"}, {}), ({"model": "b"}, {"model": "a"}), ({}, {"model": "a"})],
)
def test_only_another_name_of_the_model_is_a_change(body, changes):
    assert model_edit(body, "a", True) == changes
