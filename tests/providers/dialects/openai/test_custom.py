"""Custom tools, whose input is free text, between OpenAI's two formats of a conversation."""

from typing import Any

import orjson
import pytest
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Bridge, Call, Context, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.errors import Unsupported
from tests.providers.dialects.openai.responses.wire import EVENT, STREAMED, WHOLE

CHAT, RESPONSES = "openai.chat", "openai.responses"
CONTEXT = Context(model="m", id="made", now=1_700_000_000)
GRAMMAR = {"syntax": "lark", "definition": "start: /[0-9]+/"}
TOOL = {"name": "sum", "description": "adds"}
CHAT_TOOL = {
    "type": "custom",
    "custom": {**TOOL, "format": {"type": "grammar", "grammar": GRAMMAR}},
}
RESPONSES_TOOL = {"type": "custom", **TOOL, "format": {"type": "grammar", **GRAMMAR}}
CHAT_CALL = {"id": "call_1", "type": "custom", "custom": {"name": "sum", "input": "1+1\n"}}
ITEM = {"type": "custom_tool_call", "call_id": "call_1", "name": "sum", "input": "1+1\n"}
ANSWERED = {**ITEM, "id": "ctc_1", "status": "completed"}
USAGE = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
CHAT_BODY = {
    "model": "m",
    "tools": [CHAT_TOOL],
    "tool_choice": {"type": "custom", "custom": {"name": "sum"}},
    "messages": [
        {"role": "user", "content": "add"},
        {"role": "assistant", "content": None, "tool_calls": [CHAT_CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "2"},
    ],
}
RESPONSES_BODY = {
    "model": "m",
    "tools": [RESPONSES_TOOL],
    "tool_choice": {"type": "custom", "name": "sum"},
    "input": [
        {"type": "message", "role": "user", "content": "add"},
        ITEM,
        {"type": "custom_tool_call_output", "call_id": "call_1", "output": "2"},
    ],
}


def between(client: str, target: str) -> Bridge:
    return bridge(DIALECTS[client], DIALECTS[target], Quirks())


def sent(client: str, target: str, body: dict[str, Any]) -> dict[str, Any]:
    call = Call(data=orjson.dumps(body), body=body, model="m", stream=False)
    found = between(client, target).request(call)
    assert isinstance(found, Sent)
    assert found.dropped == ()
    made: dict[str, Any] = orjson.loads(found.body or b"")
    return made


def test_chat_asks_the_responses_api() -> None:
    made = sent(CHAT, RESPONSES, CHAT_BODY)
    WHOLE.check(made)
    assert {name: made[name] for name in RESPONSES_BODY} == RESPONSES_BODY


def test_the_responses_api_asks_chat() -> None:
    made = sent(RESPONSES, CHAT, RESPONSES_BODY)
    assert {name: made[name] for name in CHAT_BODY} == CHAT_BODY


def test_allowed_tools_keep_their_kinds() -> None:
    named = [{"type": "custom", "name": "sum"}]
    choice = {"type": "allowed_tools", "mode": "auto", "tools": named}
    made = sent(RESPONSES, CHAT, {**RESPONSES_BODY, "tool_choice": choice})
    allowed = [{"type": "custom", "custom": {"name": "sum"}}]
    assert made["tool_choice"]["allowed_tools"] == {"mode": "auto", "tools": allowed}
    again = sent(CHAT, RESPONSES, {**CHAT_BODY, "tool_choice": made["tool_choice"]})
    STREAMED.check({**again, "stream": True})
    assert again["tool_choice"] == choice


def test_what_chat_cannot_say_of_a_custom_tool_is_said_of_a_function() -> None:
    tools = [{**RESPONSES_TOOL, "defer_loading": True}]
    made = sent(RESPONSES, CHAT, {**RESPONSES_BODY, "tools": tools})
    assert [tool["function"]["name"] for tool in made["tools"]] == ["sum"]
    turns = [*RESPONSES_BODY["input"][:1], {**ITEM, "namespace": "n"}]
    made = sent(RESPONSES, CHAT, {**RESPONSES_BODY, "input": turns})
    (call,) = made["messages"][1]["tool_calls"]
    assert call["function"] == {"name": "n__sum", "arguments": '{"input":"1+1\\n"}'}


def test_a_tool_that_only_the_responses_api_runs_is_refused_by_its_name() -> None:
    tools = [{"type": "web_search"}]
    with pytest.raises(Unsupported, match="web_search"):
        sent(RESPONSES, CHAT, {"model": "m", "input": "hi", "tools": tools})
    reference = [{"type": "item_reference", "id": "msg_1"}]
    with pytest.raises(Unsupported, match="item_reference"):
        sent(RESPONSES, CHAT, {"model": "m", "input": reference})


def answered(**members: Any) -> dict[str, Any]:
    response = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m"}
    return {**response, "status": "completed", "usage": USAGE, **members}


def test_a_call_of_the_responses_api_reaches_chat() -> None:
    data = orjson.dumps(answered(output=[ANSWERED]))
    body, _ = between(CHAT, RESPONSES).whole(data, CONTEXT)
    choice = ChatCompletion.model_validate_json(body or b"").choices[0]
    assert choice.finish_reason == "tool_calls"
    assert [call.model_dump() for call in choice.message.tool_calls or ()] == [CHAT_CALL]


def test_a_call_of_chat_reaches_the_responses_api() -> None:
    message = {"role": "assistant", "content": None, "tool_calls": [CHAT_CALL]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    data = orjson.dumps({"id": "c", "model": "m", "choices": [choice]})
    body, _ = between(RESPONSES, CHAT).whole(data, CONTEXT)
    response = Response.model_validate_json(body or b"", strict=False)
    assert response.status == "completed"
    (item,) = response.output
    assert item.to_dict() == {**ANSWERED, "id": item.id}


def events(data: bytes) -> list[dict[str, Any]]:
    found = [line[6:] for line in data.split(b"\n") if line.startswith(b"data: {")]
    return [orjson.loads(each) for each in found]


def test_a_streamed_call_of_the_responses_api_reaches_chat() -> None:
    told = [
        {"type": "response.created", "response": answered(status="in_progress", output=[])},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": {**ANSWERED, "input": ""},
        },
        {"type": "response.custom_tool_call_input.delta", "output_index": 0, "delta": "1+1\n"},
        {"type": "response.output_item.done", "output_index": 0, "item": ANSWERED},
        {"type": "response.completed", "response": answered(output=[ANSWERED])},
    ]
    wire = b"".join(b"data: " + orjson.dumps(each) + b"\n\n" for each in told)
    stream = between(CHAT, RESPONSES).stream(CONTEXT)
    chunks = events((stream.feed(wire) or b"") + stream.flush())
    calls = [call for each in chunks for call in _calls(each)]
    assert calls == [{"index": 0, **CHAT_CALL}]
    ends = [choice["finish_reason"] for each in chunks for choice in each["choices"]]
    assert ends[-1] == "tool_calls"


def _calls(chunk: dict[str, Any]) -> list[dict[str, Any]]:
    return [call for each in chunk["choices"] for call in each["delta"].get("tool_calls", ())]


def test_a_streamed_call_of_chat_reaches_the_responses_api() -> None:
    calls = [
        {"index": 0, "id": "call_1", "type": "custom", "custom": {"name": "sum", "input": ""}},
        {"index": 0, "custom": {"input": "1+"}},
        {"index": 0, "custom": {"input": "1\n"}},
    ]
    deltas: list[Any] = [({"tool_calls": [call]}, None) for call in calls] + [({}, "tool_calls")]
    wire = b"".join(
        b"data: "
        + orjson.dumps(
            {"id": "c", "model": "m", "choices": [{"index": 0, "delta": d, "finish_reason": end}]}
        )
        + b"\n\n"
        for d, end in deltas
    )
    stream = between(RESPONSES, CHAT).stream(CONTEXT)
    found = events((stream.feed(wire) or b"") + stream.flush())
    kinds = [EVENT.validate_python(each).type for each in found]
    assert kinds == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.custom_tool_call_input.delta",
        "response.custom_tool_call_input.done",
        "response.output_item.done",
        "response.completed",
    ]
    (item,) = found[-1]["response"]["output"]
    assert item == {**ANSWERED, "id": item["id"]}
    assert found[3]["delta"] == found[4]["input"] == "1+1\n"
