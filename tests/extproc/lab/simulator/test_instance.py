"""The instance that is made of a schema is one that the schema accepts."""

import pytest

from extproc.lab.simulator.instance import instance


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "sim"),
        ({"type": "string", "minLength": 5}, "simxx"),
        ({"type": "string", "maxLength": 1}, "s"),
        ({"type": "string", "format": "date"}, "2023-11-14"),
        ({"type": "integer"}, 1),
        ({"type": "integer", "minimum": 7}, 7),
        ({"type": "integer", "exclusiveMinimum": 7}, 8),
        ({"type": "integer", "maximum": -3}, -3),
        ({"type": "integer", "minimum": 7, "multipleOf": 5}, 10),
        ({"type": "number", "minimum": 0.5}, 0.5),
        ({"type": "boolean"}, True),
        ({"type": ["null", "integer"]}, 1),
        ({"type": "null"}, None),
        ({"enum": ["b", "a"]}, "b"),
        ({"const": 3}, 3),
        ({"type": "array", "items": {"type": "integer"}}, []),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, 1),
        (
            {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}, "required": ["a"]},
            {"a": "sim"},
        ),
        ({"properties": {"a": {}, "b": {}}, "required": ["b"]}, {"b": "sim"}),
        ({"$ref": "#/$defs/x", "$defs": {"x": {"type": "integer"}}}, 1),
        (
            {
                "allOf": [
                    {"$ref": "#/$defs/x"},
                    {"type": "object", "properties": {"b": {"const": 2}}, "required": ["b"]},
                ],
                "$defs": {"x": {"properties": {"a": {"const": 1}}, "required": ["a"]}},
            },
            {"a": 1, "b": 2},
        ),
    ],
)
def test_the_smallest_instance(schema, expected):
    assert instance(schema) == expected


def test_a_schema_that_needs_itself_ends():
    node = {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]}
    assert "next" in instance(node)
