"""The AI SDK refers to items of earlier answers; what they held comes back with it."""

from typing import Any

import msgspec
import orjson
import pytest

from providers.bridging.dialect import Context
from providers.dialects.openai.responses import DIALECT
from providers.dialects.openai.responses.kept import KEPT
from providers.neutral.chat import (
    ChatResponse,
    Choice,
    Finish,
    Part,
    Role,
    Signature,
    Text,
    Thinking,
    ToolCall,
)
from providers.neutral.deltas import replay
from tests.providers.dialects.openai.responses.wire import EVENT

AGENT = "ai/6.0.326 ai-sdk/provider-utils/4.0.66 runtime/node.js/v20.20.2"
STREAMING = "ai-sdk/openai/3.0.141 ai-sdk/provider-utils/4.0.66 runtime/node.js/v20.20.2"
CONTEXT = Context(model="m", id="made", now=1, agent=AGENT)
SIGNED = Signature(origin="anthropic", value="c2ln")
PARTS: tuple[Part, ...] = (
    Thinking(text="hm", signature=SIGNED),
    Text(text="I look \u2028 äöü"),
    ToolCall(id="c", name="f", arguments='{"a":1}'),
)
ANSWER = ChatResponse(
    id="resp_1", model="m", choices=(Choice(parts=PARTS, finish=Finish.TOOL_CALLS),)
)


def whole(context: Context) -> list[dict[str, Any]]:
    output: list[dict[str, Any]] = DIALECT.render_response(ANSWER, context)["output"]
    return output


def streamed(context: Context) -> list[dict[str, Any]]:
    renderer = DIALECT.renderer(context)
    data = renderer.feed(replay(ANSWER)) + renderer.flush()
    events = [orjson.loads(line[6:]) for line in data.split(b"\n") if line.startswith(b"data: ")]
    for event in events:
        EVENT.validate_python(event)
    output: list[dict[str, Any]] = events[-1]["response"]["output"]
    done = [each["item"] for each in events if each["type"] == "response.output_item.done"]
    assert done == output
    return output


def referring(output: list[dict[str, Any]]) -> dict[str, Any]:
    """What the AI SDK sends in the next step."""
    items = [
        item if item["type"] == "function_call" else {"type": "item_reference", "id": item["id"]}
        for item in output
    ]
    result = {"type": "function_call_output", "call_id": "c", "output": "1"}
    return {"model": "m", "input": [{"role": "user", "content": "hi"}, *items, result]}


@pytest.mark.parametrize("agent", [AGENT, STREAMING])
@pytest.mark.parametrize("told", [whole, streamed])
def test_what_is_referred_to_is_what_was_said(told: Any, agent: str) -> None:
    context = msgspec.structs.replace(CONTEXT, agent=agent)
    request = DIALECT.parse_request(referring(told(context)), "", False)
    assert [message.role for message in request.messages] == [Role.USER, Role.ASSISTANT, Role.TOOL]
    assert request.messages[1].parts == PARTS


@pytest.mark.parametrize("told", [whole, streamed])
def test_nobody_else_gets_an_item_more(told: Any) -> None:
    for context in (
        msgspec.structs.replace(CONTEXT, agent="OpenAI/Python 3.54"),
        msgspec.structs.replace(CONTEXT, echo={"store": False}),
    ):
        assert [item["type"] for item in told(context)] == ["reasoning", "message", "function_call"]


def test_an_id_that_holds_nothing_readable_is_left_alone() -> None:
    for rest in ("", "!!", "AAAA", "eJw"):
        turns = [{"type": "item_reference", "id": KEPT + rest}, {"role": "user", "content": "hi"}]
        request = DIALECT.parse_request({"model": "m", "input": turns}, "", False)
        assert request.messages[-1].role is Role.USER
