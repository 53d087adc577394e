"""Schemas at random, as clients' libraries write them, and as they ought not to."""

from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]
Schemas = st.SearchStrategy[Json]

names = st.sampled_from(["a", "b", "c", "type", "properties"])
words = st.fixed_dictionaries(
    {},
    optional={
        "title": st.just("A title"),
        "description": st.just("Some words."),
        "default": st.sampled_from([None, 1, "x"]),
        "x-odd": st.just(1),
    },
)


def keywords(**more: st.SearchStrategy[Any]) -> Schemas:
    return st.fixed_dictionaries({}, optional=more)


def typed(kind: str, more: Schemas) -> Schemas:
    kinds = st.sampled_from([kind, [kind, "null"]])
    return st.builds(lambda k, said, m: {"type": k, **said, **m}, kinds, words, more)


small = st.integers(0, 3)
scalars = st.one_of(
    typed(
        "string",
        keywords(
            minLength=small,
            maxLength=st.integers(4, 9),
            format=st.sampled_from(["date", "uri", "int32", "email"]),
            pattern=st.sampled_from(["^a", "^[a-z]*$", "(?=x)y", "b"]),
        ),
    ),
    typed("integer", keywords(minimum=small, maximum=st.integers(4, 9), multipleOf=st.just(1))),
    typed("number", keywords(exclusiveMinimum=small, maximum=st.just(9.5))),
    typed("boolean", st.just({})),
    st.just({"enum": ["a", "b", None]}),
    st.just({"type": "string", "enum": ["a", "b"]}),
    st.just({"const": "only"}),
    st.just({"const": 3}),
    st.just({"type": "string", "nullable": True}),
)
odd = st.sampled_from([{}, True, {"type": "object"}, {"type": "array"}, {"not": {}}])


def objects(inner: Schemas, more: Schemas) -> Schemas:
    def build(properties: Json, required: list[str], more: Json, said: Json) -> Json:
        known = [name for name in required if name in properties] or required
        return {"type": "object", "properties": properties, "required": known, **said, **more}

    fields = st.dictionaries(names, inner, max_size=3)
    return st.builds(build, fields, st.lists(names, max_size=2, unique=True), more, words)


def containers(inner: Schemas) -> Schemas:
    beyond = st.one_of(st.booleans(), inner)
    some = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        objects(inner, keywords(additionalProperties=beyond, minProperties=small)),
        st.builds(
            lambda items, more: {"type": "array", "items": items, **more},
            inner,
            keywords(minItems=small, maxItems=st.integers(4, 9), uniqueItems=st.booleans()),
        ),
        st.builds(lambda places: {"type": "array", "prefixItems": places}, some),
        st.builds(
            lambda name, branches: {name: branches}, st.sampled_from(["anyOf", "oneOf"]), some
        ),
        st.builds(lambda branches: {"allOf": branches}, st.lists(inner, min_size=1, max_size=2)),
        st.builds(
            lambda whole, branches: {**whole, "anyOf": branches},
            objects(inner, st.just({})),
            st.lists(st.builds(lambda n: {"required": [n]}, names), min_size=1, max_size=2),
        ),
    )


plain = st.recursive(st.one_of(scalars, odd), containers, max_leaves=8)


def referring(inner: Json, name: str) -> Json:
    return {"type": "object", "properties": {"one": inner, "two": {"$ref": f"#/$defs/{name}"}}}


def with_definitions(root: Any, defined: Any, loops: bool, said: bool) -> Json:
    """`root` beside a reference to `defined`, which may refer to itself."""
    whole = referring(root, "D")
    if said:
        whole["properties"]["two"]["description"] = "beside"
    definition = referring(defined, "D") if loops else defined
    return {**whole, "$defs": {"D": definition}}


schemas: Schemas = st.one_of(
    plain.filter(lambda one: isinstance(one, dict)),
    st.builds(with_definitions, plain, plain, st.booleans(), st.booleans()),
    st.builds(lambda one: {"$ref": "#/$defs/D", "$defs": {"D": one}}, objects(plain, st.just({}))),
)


def closed(properties: Json) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


def usual_containers(inner: Schemas) -> Schemas:
    return st.one_of(
        st.builds(closed, st.dictionaries(names, inner, min_size=1, max_size=3)),
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(lambda branches: {"anyOf": branches}, st.lists(inner, min_size=2, max_size=2)),
    )


usual: Schemas = st.recursive(
    st.one_of(
        st.sampled_from(["string", "integer", "number", "boolean"]).map(
            lambda kind: {"type": kind}
        ),
        st.just({"type": "string", "enum": ["a", "b"]}),
        st.just({"type": ["string", "null"]}),
        st.just({"const": "only"}),
    ),
    usual_containers,
    max_leaves=6,
)
"""What most vendors can hold an answer to as it is."""
