"""Function calls whose arguments Vertex AI streams value by value."""

from typing import Any

import orjson
import pytest
from google.genai import types

from providers.dialects.gemini.generate_content import DIALECT
from providers.neutral.chat import Finish, Signature
from providers.neutral.deltas import (
    ArgumentsDelta,
    End,
    Failed,
    PartEnd,
    ToolCallBegin,
)
from tests.providers.dialects.gemini.wire import answer, events


def piece(**call: Any) -> dict[str, Any]:
    types.FunctionCall.model_validate(call)
    return {"functionCall": call}


def part(path: str, goes_on: bool = False, **value: Any) -> dict[str, Any]:
    return {"jsonPath": path, **value, **({"willContinue": True} if goes_on else {})}


def chunk(held: dict[str, Any], last: bool = False) -> dict[str, Any]:
    whole = answer(held)
    if not last:
        del whole["candidates"][0]["finishReason"]
    return whole


def streamed(*held: dict[str, Any]) -> list[Any]:
    chunks = [chunk(each, last=each is held[-1]) for each in held]
    parser = DIALECT.parser()
    return parser.feed(events(*chunks)) + parser.flush()


def calls(deltas: list[Any]) -> list[tuple[str, Any]]:
    begun = [each for each in deltas if isinstance(each, ToolCallBegin)]
    told = {each.part: each.text for each in deltas if isinstance(each, ArgumentsDelta)}
    return [(each.name, orjson.loads(told[each.part])) for each in begun]


def test_arguments_are_put_together():
    first = piece(name="f", id="a", willContinue=True) | {"thoughtSignature": "c2ln"}
    deltas = streamed(
        first,
        piece(partialArgs=[part("$.city", True, stringValue="New ")], willContinue=True),
        piece(partialArgs=[part("$.city", True, stringValue="Del")], willContinue=True),
        piece(
            partialArgs=[
                part("$.city", stringValue="hi"),
                part("$.days", numberValue=3),
                part("$.rain", boolValue=False),
                part("$.wind", nullValue="NULL_VALUE"),
                part("$.at[0].name", stringValue="x"),
                part("$.at[1].name", stringValue="y"),
                part("$['a b'][\"c\"]", stringValue="z"),
            ],
            willContinue=True,
        ),
        piece(),
        piece(name="g", willContinue=True),
        piece(),
        piece(name="h", args={"x": 1}),
    )
    assert calls(deltas) == [
        (
            "f",
            {
                "city": "New Delhi",
                "days": 3,
                "rain": False,
                "wind": None,
                "at": [{"name": "x"}, {"name": "y"}],
                "a b": {"c": "z"},
            },
        ),
        ("g", {}),
        ("h", {"x": 1}),
    ]
    assert [each.part for each in deltas if isinstance(each, PartEnd)] == [0, 1, 2]
    signed, *others = [each.signature for each in deltas if isinstance(each, ToolCallBegin)]
    assert signed == Signature(origin="gemini", value="c2ln")
    assert others == [None, None]
    assert deltas[-1] == End(finish=Finish.TOOL_CALLS)


def test_a_text_is_begun_anew_where_it_was_complete():
    deltas = streamed(
        piece(name="f", partialArgs=[part("$.a", stringValue="x")], willContinue=True),
        piece(partialArgs=[part("$.a", stringValue="y")]),
    )
    assert calls(deltas) == [("f", {"a": "y"})]


def test_a_call_that_never_ends_ends_with_the_stream():
    deltas = streamed(
        piece(name="f", partialArgs=[part("$.a", stringValue="x")], willContinue=True),
        {"text": ""},
    )
    assert calls(deltas) == [("f", {"a": "x"})]
    assert isinstance(deltas[-1], End)


@pytest.mark.parametrize(
    "held",
    [
        [{"functionCall": {"partialArgs": [{"jsonPath": "$.a", "stringValue": "x"}]}}],
        [piece(name="f", willContinue=True), {"functionCall": {"partialArgs": [{}]}}],
        [piece(name="f", partialArgs=[part("a", stringValue="x")])],
        [piece(name="f", partialArgs=[part("$", stringValue="x")])],
        [piece(name="f", partialArgs=[part("$.a[*]", stringValue="x")])],
        [piece(name="f", partialArgs=[part("$.a[5]", stringValue="x")])],
        [piece(name="f", partialArgs=[part("$.a", stringValue="x"), part("$.a.b", numberValue=1)])],
    ],
)
def test_pieces_that_cannot_be_put_together_fail_the_stream(held):
    assert isinstance(streamed(*held)[-1], Failed)
