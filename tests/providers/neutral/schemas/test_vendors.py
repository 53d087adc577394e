"""Whatever schema goes in, what comes out is taken by each vendor, and holds an answer to it."""

from collections.abc import Callable
from typing import Any

import jsonschema
import orjson
import pytest
from hypothesis import HealthCheck, given, settings

from extproc.lab.simulator import schemas as rules
from extproc.lab.simulator.instance import instance
from providers.errors import Unsupported
from providers.neutral.schemas import subsets
from providers.neutral.schemas.fitting import fitted
from providers.neutral.schemas.restoring import restored
from providers.neutral.schemas.subset import Subset, Unfit
from tests.providers.neutral.schemas.schemas import schemas, usual

Json = dict[str, Any]
Judge = Callable[[Json], None]


def gemini(root: Json) -> None:
    rules.gemini(root)
    assert all(node.keys() <= rules.GEMINI for _, node, _ in rules.nodes(root))


def gemini_tool(root: Json) -> None:
    gemini(root)
    assert root["type"] == "object"


def ollama_tool(root: Json) -> None:
    known = {"type", "$defs", "$ref", "items", "required", "properties", "anyOf", "enum"}
    assert root["type"] == "object"
    assert all(node.keys() <= known | {"description"} for _, node, _ in rules.nodes(root))


JUDGED: list[tuple[Subset, Judge]] = [
    (subsets.OBJECTS, rules.claude_tool),
    (subsets.OPENAI, rules.openai),
    (subsets.OPENAI_STRICT, rules.openai_strict),
    (subsets.CLAUDE_STRICT, rules.claude_strict),
    (subsets.NOVA_TOOLS, rules.nova_tool),
    (subsets.GEMINI, gemini),
    (subsets.GEMINI_TOOLS, gemini_tool),
    (subsets.COHERE, rules.cohere),
    (subsets.OLLAMA_TOOLS, ollama_tool),
    (subsets.GRAMMAR, rules.grammar),
]
EACH = pytest.mark.parametrize(("subset", "judge"), JUDGED, ids=[s.name for s, _ in JUDGED])
RANDOM = settings(max_examples=30, suppress_health_check=[*HealthCheck], deadline=None)


@EACH
@RANDOM
@given(schema=schemas)
def test_a_fitted_schema_is_taken(subset: Subset, judge: Judge, schema: Json) -> None:
    before = orjson.dumps(schema)
    for wraps in (False, True):
        try:
            found = fitted(schema, subset, wraps=wraps)
        except (Unfit, Unsupported):
            continue
        judge(dict(found.schema))
    assert orjson.dumps(schema) == before


HOLDING = [pair for pair in JUDGED if pair[0] not in (subsets.GEMINI_TOOLS, subsets.OLLAMA_TOOLS)]


@pytest.mark.parametrize(("subset", "judge"), HOLDING, ids=[s.name for s, _ in HOLDING])
@settings(RANDOM, max_examples=60)
@given(schema=usual | schemas)
def test_an_answer_by_it_is_one_by_the_clients_schema(
    subset: Subset, judge: Judge, schema: Json
) -> None:
    try:
        found = fitted(schema, subset, wraps=True)
    except (Unfit, Unsupported):
        return
    value = instance(dict(found.schema), "sim")
    # What is lost is named, and no longer held to; the simulator's writer does not know every
    # keyword.
    if found.lost or not valid(value, found.schema):
        return
    text = orjson.dumps(value).decode()
    told = restored(text, schema, nulls=found.nulls, wrapped=found.wrapped)
    assert valid(orjson.loads(told), schema)


def valid(value: Any, schema: Any) -> bool:
    return jsonschema.Draft202012Validator(closed(schema)).is_valid(value)


def closed(value: Any) -> Any:
    """The schema with `nullable` and `oneOf` in words that mean what vendors take them for."""
    if isinstance(value, list):
        return [closed(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {name: closed(inner) for name, inner in value.items()}
    if isinstance(found.get("oneOf"), list):
        # That only one may hold is what no vendor keeps to.
        found["allOf"] = [*found.get("allOf", ()), {"anyOf": found.pop("oneOf")}]
    if found.get("nullable") is True and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
    return found
