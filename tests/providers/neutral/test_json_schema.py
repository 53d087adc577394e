"""Schemas go to Google's subset of OpenAPI and back, and references are replaced within bounds."""

import json
from typing import Any

import pytest
from google.genai import types
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import TooLarge, Unsupported
from providers.neutral import json_schema
from providers.wire.budget import Bounds, Budget

names = st.text("abcXYZ_", min_size=1, max_size=6)
notes = st.fixed_dictionaries({}, optional={"description": st.text(max_size=8), "title": names})


def scalar(kind: str, **more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    kinds = st.sampled_from([kind, [kind, "null"]])
    return st.builds(
        lambda kind, said, limits: {"type": kind, **said, **limits},
        kinds,
        notes,
        st.fixed_dictionaries({}, optional=more),
    )


scalars = st.one_of(
    scalar("string", minLength=st.integers(0, 9), pattern=st.just("^a")),
    scalar("integer", minimum=st.integers(0, 9)),
    scalar("number", maximum=st.floats(0, 9)),
    scalar("boolean"),
    st.builds(lambda words: {"type": "string", "enum": words}, st.lists(names, min_size=1)),
)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    fields = st.dictionaries(names, inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(
            lambda properties: {
                "type": "object",
                "properties": properties,
                "required": sorted(properties),
            },
            fields,
        ),
        st.builds(lambda one, two: {"anyOf": [one, two]}, inner, inner),
    )


schemas = st.recursive(scalars, containers, max_leaves=8)


@given(schemas)
def test_a_schema_of_the_subset_survives_and_google_takes_it(schema: dict[str, Any]) -> None:
    rendered, lost = json_schema.to_openapi(schema)
    types.Schema.model_validate(rendered)
    assert lost == []
    assert json_schema.from_openapi(rendered) == schema


def test_types_are_upper_case_there_and_lower_case_here():
    schema = {"type": "object", "properties": {"type": {"type": "string"}}}
    rendered = {"type": "OBJECT", "properties": {"type": {"type": "STRING"}}}
    assert json_schema.to_openapi(schema) == (rendered, [])
    assert json_schema.from_openapi(rendered) == schema


def test_both_spellings_and_numbers_as_strings_are_understood():
    given = {"type": "ARRAY", "min_items": "2", "items": {"any_of": [{"type": "STRING"}]}}
    assert json_schema.from_openapi(given) == {
        "type": "array",
        "minItems": 2,
        "items": {"anyOf": [{"type": "string"}]},
    }


@pytest.mark.parametrize(
    ("schema", "rendered", "lost"),
    [
        ({"const": "a"}, {"type": "STRING", "enum": ["a"]}, []),
        ({"type": "integer", "enum": [1, 2]}, {"type": "INTEGER", "enum": ["1", "2"]}, []),
        ({"type": ["string", "integer"]}, {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}]}, []),
        (
            {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "d"},
            {"type": "STRING", "nullable": True, "description": "d"},
            [],
        ),
        (
            {"oneOf": [{"type": "string"}, {"type": "integer"}]},
            {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}]},
            [],
        ),
        (
            {"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}, "required": ["b"]}]},
            {"type": "OBJECT", "properties": {"a": {}, "b": {}}, "required": ["b"]},
            [],
        ),
        ({"type": "object", "additionalProperties": False}, {"type": "OBJECT"}, None),
        ({"$schema": "x", "type": "null"}, {"type": "NULL"}, []),
    ],
)
def test_what_the_subset_lacks_becomes_the_nearest_or_is_named(schema, rendered, lost):
    found, names = json_schema.to_openapi(schema)
    types.Schema.model_validate(found)
    assert {**found, "format": None} == {**rendered, "format": None}
    assert names == (["additionalProperties"] if lost is None else lost)


def test_references_are_replaced_and_what_stands_beside_them_wins():
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/x~1y", "description": "mine"}, "$ref": {}},
        "$defs": {"x/y": {"type": "string", "description": "theirs"}},
    }
    assert json_schema.inline(schema) == {
        "type": "object",
        "properties": {"a": {"type": "string", "description": "mine"}, "$ref": {}},
    }


def test_a_schema_that_holds_itself_is_unrolled_and_then_open():
    schema = {
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}},
        },
    }
    found = json_schema.inline(schema)
    depth = 0
    while "properties" in found:
        found = found["properties"]["next"]
        depth += 1
    assert (depth, found) == (json_schema.MAX_UNROLLED, {})


@pytest.mark.parametrize("reference", ["https://a.test/x", "#/$defs/no", "#/anyOf/7", "other.json"])
def test_a_reference_to_nowhere_is_refused(reference):
    with pytest.raises(Unsupported, match="refers to"):
        json_schema.inline({"$ref": reference, "anyOf": []})


def test_a_small_schema_that_stands_for_an_enormous_one_is_refused():
    definitions = {
        f"d{level}": {"properties": {str(n): {"$ref": f"#/$defs/d{level + 1}"} for n in range(9)}}
        for level in range(12)
    }
    definitions["d12"] = {"properties": {}}
    with pytest.raises(TooLarge, match="more than 200000 values"):
        json_schema.inline({"$ref": "#/$defs/d0", "$defs": definitions})


def test_what_unfolds_to_more_bytes_than_may_leave_is_refused():
    text = {"long": {"description": "x" * 100_000}}
    named = {f"p{n}": {"$ref": "#/$defs/long"} for n in range(100)}
    schema = {"$defs": text, "properties": named}
    assert len(json_schema.inline(schema, Budget(Bounds(size=11_000_000)))["properties"]) == 100
    with pytest.raises(TooLarge, match=r"envoy\.max_body_bytes"):
        json_schema.inline(schema, Budget(Bounds(size=9_000_000)))


@pytest.mark.parametrize(
    "long",
    [
        {"enum": ["x" * 100_000]},
        {"required": ["x" * 1_000] * 100},
        {"properties": {"x" * 100_000: {}}},
        {"default": {"a": ["x" * 100_000]}},
        {"x" * 100_000: True},
    ],
)
def test_whatever_is_long_counts_each_time_that_it_stands_there(long):
    schema = {"$defs": {"long": long}, "anyOf": [{"$ref": "#/$defs/long"}] * 100}
    with pytest.raises(TooLarge, match=r"envoy\.max_body_bytes"):
        json_schema.inline(schema, Budget(Bounds(size=9_000_000)))


def test_schemas_of_one_request_share_its_budget():
    budget = Budget(Bounds(values=1_000))
    schema = {"properties": {f"p{n}": {} for n in range(100)}}
    for _ in range(4):
        json_schema.inline(schema, budget)
    with pytest.raises(TooLarge):
        json_schema.inline(schema, budget)


def test_choices_of_types_within_each_other_take_no_time_that_doubles():
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(30):
        schema = {"type": ["object", "array"], "properties": {"p": schema}}
    with pytest.raises(TooLarge, match="more than 200000 values"):
        json_schema.to_openapi(schema)


def test_many_branches_are_joined_in_linear_time():
    branches = [{"properties": {f"p{n}": {}}, "required": [f"p{n}"]} for n in range(10_000)]
    found, _ = json_schema.to_openapi({"allOf": branches})
    assert len(found["properties"]) == len(found["required"]) == 10_000


def test_the_client_keeps_its_schema_as_it_was():
    schema = {"properties": {"a": {}}, "allOf": [{"properties": {"b": {}}, "required": ["b"]}]}
    before = json.dumps(schema)
    found, _ = json_schema.to_openapi(schema)
    assert found == {"type": "OBJECT", "properties": {"a": {}, "b": {}}, "required": ["b"]}
    assert json.dumps(schema) == before


def test_an_endless_nest_is_cut_off():
    schema: dict[str, Any] = {}
    for _ in range(400):
        schema = {"items": schema}
    assert json_schema.inline(schema)
    assert json_schema.from_openapi(schema)


def test_what_json_schema_says_otherwise_is_said_so():
    found = json_schema.from_openapi(
        {
            "type": "OBJECT",
            "property_ordering": ["b", "c", "a"],
            "properties": {
                "a": {"type": "INTEGER", "enum": ["1", "20"], "nullable": True},
                "b": {"type": "NUMBER", "enum": ["0.5", "half"]},
                "c": {"type": "TYPE_UNSPECIFIED", "example": {"x": 1}},
                "d": {"type": "STRING", "enum": ["1"]},
            },
        }
    )
    assert found == {
        "type": "object",
        "properties": {
            "b": {"type": "number", "enum": [0.5, "half"]},
            "c": {"examples": [{"x": 1}]},
            "a": {"type": ["integer", "null"], "enum": [1, 20, None]},
            "d": {"type": "string", "enum": ["1"]},
        },
    }
    assert [*found["properties"]] == [*"bcad"]


def test_a_property_may_have_the_name_of_a_keyword():
    schema = {"type": "OBJECT", "properties": {"propertyOrdering": {"type": "STRING"}}}
    assert json_schema.from_openapi(schema)["properties"] == {
        "propertyOrdering": {"type": "string"}
    }
