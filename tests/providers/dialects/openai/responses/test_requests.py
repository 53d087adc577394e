"""Responses requests: what clients write, and what providers get."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.bridging.features import used
from providers.bridging.fidelity import Feature, settle
from providers.dialects.openai.chat import DIALECT as CHAT
from providers.dialects.openai.responses import DIALECT
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import (
    ChatRequest,
    JsonOutput,
    Reasoning,
    Signature,
    Text,
    Thinking,
    Tool,
)
from tests.providers.dialects.openai.responses.talk import HELLO, turn
from tests.providers.dialects.openai.responses.wire import CLOSED, WHOLE, asked, sent
from tests.strategies import chat_requests, opaque, words


def test_everything_else_of_a_request_survives() -> None:
    wire = {
        "model": "m",
        "input": "hi, json",
        "temperature": 0.5,
        "top_p": 0.5,
        "top_logprobs": 3,
        "max_output_tokens": 100,
        "include": ["file_search_call.results", "message.output_text.logprobs"],
        "text": {"format": {"type": "json_object"}, "verbosity": "low"},
        "reasoning": {"effort": "high", "summary": "auto", "context": "all_turns"},
        "metadata": {"a": "b"},
        "service_tier": "flex",
        "store": True,
        "user": "u",
        "safety_identifier": "s",
        "prompt_cache_key": "k",
        "previous_response_id": "resp_0",
        "truncation": "auto",
        "max_tool_calls": 3,
        "context_management": [{"type": "compaction", "compact_threshold": 1000}],
        "prompt_cache_retention": "24h",
        "stream": True,
        "stream_options": {"include_obfuscation": False},
    }
    request = DIALECT.parse_request(wire, "", False)
    assert (request.logprobs, request.verbosity, request.stream) == (True, "low", True)
    assert request.reasoning == Reasoning(effort="high", summary="auto", show=True)
    assert request.output == JsonOutput()
    body, dropped = sent(request)
    assert dropped == []
    assert body.pop("input")[0]["content"] == wire.pop("input")
    assert sorted(body.pop("include")) == sorted(wire.pop("include"))
    assert body == wire


def test_a_schema_survives() -> None:
    form = {
        "type": "json_schema",
        "name": "city",
        "description": "d",
        "strict": True,
        "schema": CLOSED,
    }
    request = asked(text={"format": form})
    assert request.output == JsonOutput(schema=CLOSED, name="city", description="d", strict=True)
    assert sent(request)[0]["text"] == {"format": form}


def test_the_older_name_of_a_summary_is_known() -> None:
    assert asked(reasoning={"generate_summary": "concise"}).reasoning == Reasoning(
        summary="concise", show=True
    )


@pytest.mark.parametrize(
    "members",
    [{"conversation": "conv_1"}, {"prompt": {"id": "pmpt_1"}}, {"background": True}],
)
def test_what_the_provider_must_keep_is_refused_by_name(members: dict[str, Any]) -> None:
    with pytest.raises(Unsupported) as refused:
        asked(**members)
    assert refused.value.param == next(iter(members))


def test_a_previous_response_is_refused_where_nobody_keeps_it() -> None:
    with pytest.raises(Unsupported) as refused:
        settle(used(asked(previous_response_id="r")), CHAT.carries, DIALECT.names, CHAT.name)
    assert refused.value.param == "previous_response_id"


def test_nulls_ask_for_nothing() -> None:
    nulls = dict.fromkeys(
        ["instructions", "background", "conversation", "prompt", "tools", "tool_choice", "text"]
    )
    more = dict.fromkeys(["reasoning", "include", "metadata", "temperature", "stream", "store"])
    request = asked(**nulls, **more)
    assert request == ChatRequest(model="m", messages=(HELLO,))


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"model": None}, "model"),
    ({"input": 5}, "input"),
    ({"input": [5]}, "input[0]"),
    ({"input": [{"type": "message", "content": "x"}]}, "input[0].role"),
    ({"input": [{"role": "tool", "content": "x"}]}, "input[0].role"),
    ({"input": [{"role": "user", "content": 5}]}, "input[0].content"),
    ({"input": [{"role": "user", "content": [5]}]}, "input[0].content[0]"),
    ({"input": [{"role": "user", "content": [{}]}]}, "input[0].content[0].type"),
    (
        {"input": [{"role": "user", "content": [{"type": "input_image"}]}]},
        "input[0].content[0].image_url",
    ),
    (
        {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": {}}]}]},
        "input[0].content[0].image_url",
    ),
    (
        {"input": [{"role": "user", "content": [{"type": "input_file"}]}]},
        "input[0].content[0].file_data",
    ),
    ({"input": [{"type": 5}]}, "input[0].type"),
    ({"input": [{"type": "function_call", "call_id": "c"}]}, "input[0].name"),
    ({"input": [{"type": "function_call_output", "output": "x"}]}, "input[0].call_id"),
    ({"input": [{"type": "function_call_output", "call_id": "c"}]}, "input[0].output"),
    ({"instructions": []}, "instructions"),
    ({"tools": {}}, "tools"),
    ({"tools": [{}]}, "tools[0].type"),
    ({"tools": [{"type": "function"}]}, "tools[0].name"),
    ({"tools": [{"type": "function", "name": "f", "parameters": []}]}, "tools[0].parameters"),
    ({"tool_choice": 5}, "tool_choice"),
    ({"tool_choice": {"type": "function"}}, "tool_choice.name"),
    ({"text": "x"}, "text"),
    ({"text": {"format": "x"}}, "text.format"),
    ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
    ({"reasoning": "high"}, "reasoning"),
    ({"reasoning": {"effort": 5}}, "reasoning.effort"),
    ({"include": "x"}, "include"),
    ({"temperature": "hot"}, "temperature"),
    ({"max_output_tokens": "many"}, "max_output_tokens"),
    ({"stream": "yes"}, "stream"),
]


@pytest.mark.parametrize(("members", "place"), WRONG)
def test_a_wrong_member_is_named(members: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        asked(**members)
    assert refused.value.param == place


def test_what_openai_has_no_room_for_is_brought_near_and_named() -> None:
    request = turn(
        Text(text="hi"), temperature=3.0, top_p=2.0, max_tokens=5, metadata={"a": 1}, top_logprobs=0
    )
    body, dropped = sent(request)
    assert (body["temperature"], body["top_p"], body["max_output_tokens"]) == (2, 1, 16)
    assert body["metadata"] == {"a": "1"}
    assert sorted(dropped) == ["max_tokens", "metadata", "temperature", "top_p"]


def test_unknown_extras_are_named() -> None:
    body, dropped = sent(turn(Text(text="hi"), extras={"truncation": "auto", "guided_regex": "x"}))
    assert body["truncation"] == "auto"
    assert dropped == ["guided_regex"]


def test_anthropics_context_management_is_another_and_named() -> None:
    edits = {"edits": [{"type": "clear_tool_uses_20250919"}]}
    own = [{"type": "compaction", "compact_threshold": 1000}]
    foreign = ChatRequest(model="m", messages=(HELLO,), extras={"context_management": edits})
    body, dropped = sent(foreign)
    assert dropped == ["context_management"]
    assert "context_management" not in body
    body, dropped = sent(msgspec.structs.replace(foreign, extras={"context_management": own}))
    assert (body["context_management"], dropped) == (own, [])


def test_the_clients_of_other_dialects_are_not_stored() -> None:
    assert sent(turn(Text(text="hi")))[0]["store"] is False
    assert sent(turn(Text(text="hi"), store=True))[0]["store"] is True


def test_json_mode_speaks_of_json() -> None:
    body, _ = sent(turn(Text(text="hi"), output=JsonOutput()))
    assert "JSON" in body["input"][0]["content"]
    body, _ = sent(turn(Text(text="as json"), output=JsonOutput()))
    assert len(body["input"]) == 1


REASONINGS: list[tuple[Reasoning, dict[str, Any] | None, list[str]]] = [
    (Reasoning(enabled=False), {"effort": "none"}, []),
    (Reasoning(budget=0), {"effort": "none"}, []),
    (Reasoning(effort="low", budget=-1), {"effort": "low"}, []),
    (Reasoning(budget=500), {"effort": "low"}, ["reasoning.budget"]),
    (Reasoning(budget=5000), {"effort": "medium"}, ["reasoning.budget"]),
    (
        Reasoning(budget=50000, show=True),
        {"effort": "high", "summary": "auto"},
        ["reasoning.budget"],
    ),
    (Reasoning(enabled=True), {"effort": "medium"}, []),
]


@pytest.mark.parametrize(("reasoning", "wire", "named"), REASONINGS)
def test_a_wish_to_think_is_said_as_an_effort(
    reasoning: Reasoning, wire: dict[str, Any] | None, named: list[str]
) -> None:
    body, dropped = sent(turn(Text(text="hi"), reasoning=reasoning))
    assert body.get("reasoning") == wire
    assert dropped == named


def test_only_the_model_is_edited() -> None:
    assert DIALECT.edits({"model": "a", "stream": True}, "b", True) == {"model": "b"}
    assert DIALECT.edits({"model": "a", "stream": True}, "a", True) == {}


def test_what_other_providers_signed_never_reaches_openai_unchanged() -> None:
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    part = {"type": "output_text", "text": "x", "annotations": []}
    message = {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed"}
    own = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
    signed = {"extra_content": {"google": {"thought_signature": "ai.extproc/gemini/s"}}}
    body = {
        "model": "m",
        "input": [
            {"type": "reasoning", "id": "rs_extproc_1", "summary": []},
            {**own, "encrypted_content": "ai.extproc/anthropic/s"},
            own,
            {**call, **signed},
            {**message, "content": [{**part, **signed}]},
            {"role": "user", "content": "hi"},
        ],
    }
    assert DIALECT.edits(body, "m", True) == {
        "input": [own, call, {**message, "content": [part]}, {"role": "user", "content": "hi"}]
    }
    assert DIALECT.edits({**body, "input": [own, call]}, "m", True) == {}


THOUGHTS = st.builds(
    lambda id, value, text: Thinking(
        id=id, text=text, signature=Signature(origin="openai", value=f"{id}:{value}")
    ),
    st.from_regex(r"rs_[a-z0-9]{1,8}", fullmatch=True),
    opaque,
    words,
)


def known(request: ChatRequest, thoughts: list[Thinking]) -> ChatRequest:
    """The request with thoughts as OpenAI issues them, and what is default said."""
    left = iter(thoughts)
    messages = tuple(
        msgspec.structs.replace(
            message,
            parts=tuple(
                next(left, None) if isinstance(part, Thinking) else part for part in message.parts
            ),
        )
        for message in request.messages
    )
    kept = tuple(
        msgspec.structs.replace(
            message, parts=tuple(part for part in message.parts if part is not None)
        )
        for message in messages
    )
    return msgspec.structs.replace(request, messages=kept)


def canonical(request: ChatRequest) -> ChatRequest:
    """Without the differences that mean nothing: store and strict are false where not said."""
    tools = tuple(
        msgspec.structs.replace(tool, strict=bool(tool.strict)) if isinstance(tool, Tool) else tool
        for tool in request.tools
    )
    limit = None if request.max_tokens is None else max(request.max_tokens, 16)
    words_for_json = Text(text="Answer with a JSON object.")
    messages = tuple(each for each in request.messages if each.parts != (words_for_json,))
    reasoning = request.reasoning
    if reasoning is not None and reasoning.budget is not None:
        steps = ((1_024, "low"), (8_192, "medium"), (10**9, "high"))
        budget = reasoning.budget
        reasoning = Reasoning(effort=next(word for top, word in steps if budget <= top))
    return msgspec.structs.replace(
        request,
        store=bool(request.store),
        tools=tools,
        max_tokens=limit,
        messages=messages,
        reasoning=reasoning,
    )


# A document given as text is told as text.
SAID = DIALECT.carries - {Feature.DOCUMENT_TEXT}


@given(chat_requests(SAID), st.lists(THOUGHTS, max_size=12))
def test_a_request_survives_render_and_parse(
    request: ChatRequest, thoughts: list[Thinking]
) -> None:
    request = known(request, thoughts)
    body, _ = sent(request)
    assert canonical(DIALECT.parse_request(body, "", False)) == canonical(request)


@given(chat_requests(DIALECT.carries))
def test_nothing_that_is_sent_holds_a_null(request: ChatRequest) -> None:
    WHOLE.check({**sent(msgspec.structs.replace(request, stream=False))[0]})
    assert None not in sent(request)[0].values()
