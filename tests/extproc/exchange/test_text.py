"""Metadata in protobuf's text form, held against the library that prints it."""

from typing import Any

import pytest
from envoy.config.core.v3.base_pb2 import Metadata
from google.protobuf import text_format
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.wrappers_pb2 import StringValue
from hypothesis import given, settings
from hypothesis import strategies as st

from extproc.exchange.wire import WireError, metadata
from extproc.exchange.wire.text import DEEPEST

NAMESPACE = "ai.extproc"

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
scalars = st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    scalars, lambda one: st.lists(one, max_size=3) | st.dictionaries(texts, one, max_size=3)
)


def printed(said: dict[str, Any], **options: bool) -> str:
    made = Metadata()
    made.filter_metadata["other"].update({"}": "{ filter_metadata"})
    made.filter_metadata[NAMESPACE].update(said)
    packed = Packed()
    packed.Pack(StringValue(value="of a type that only Envoy knows"))
    made.typed_filter_metadata["typed"].CopyFrom(packed)
    text: str = text_format.MessageToString(made, **options)
    return text


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(texts, values, max_size=4), st.booleans(), st.booleans())
def test_what_is_printed_is_read(said: dict[str, Any], one_line: bool, utf8: bool):
    assert metadata(printed(said, as_one_line=one_line, as_utf8=utf8), NAMESPACE) == said


def test_what_envoy_1_40_has_said_is_read():
    text = (
        'filter_metadata { key: "ai.extproc" value { fields { key: "b" value { bool_value: true } }'
        ' fields { key: "n" value { null_value: NULL_VALUE } } fields { key: "od\\"d\\n\\303\\251"'
        ' value { string_value: "a\\\\b\\001\\360\\237\\230\\200" } } fields { key: "c" value {'
        ' struct_value { fields { key: "k" value { list_value { values { number_value: 5 } values {'
        ' string_value: "env:K" } } } } } } } } } '
    )
    assert metadata(text, NAMESPACE) == {
        "b": True,
        "n": None,
        'od"d\né': "a\\b\x01😀",
        "c": {"k": [5, "env:K"]},
    }
    assert metadata(text, "another") == metadata("", NAMESPACE) == {}


@pytest.mark.parametrize(
    "text",
    ["{", "a {", "a: }", '"x"', 'a: "', "a }", 'a: "\\377"', "a: \x00", "a {" * (DEEPEST + 2)],
)
def test_what_is_no_text_form_is_refused(text: str):
    with pytest.raises(WireError):
        metadata(text, NAMESPACE)
