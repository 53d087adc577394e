"""What a client of the Messages API says."""

from typing import Any

import orjson
import pytest

from providers.dialects.anthropic.messages import DIALECT
from providers.errors import NotFound
from providers.neutral.chat import (
    Cache,
    ChatRequest,
    Citation,
    Document,
    Image,
    JsonOutput,
    Message,
    Native,
    NativeTool,
    Place,
    Reasoning,
    Role,
    Signature,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from providers.neutral.media import Data, FileId, PlainText, Url
from providers.neutral.web_search import Searched, WebSearch
from tests.providers.dialects.anthropic.messages.talk import (
    ISSUED,
    PNG,
    WEATHER,
    ask,
    assistant,
    content,
    parse,
    render,
    tool,
    user,
)


def test_every_plain_member_is_read() -> None:
    request = parse(
        system="be brief",
        messages=[{"role": "user", "content": "hi"}],
        temperature=0.5,
        top_p=0.9,
        top_k=7,
        stop_sequences=["END"],
        stream=True,
        metadata={"user_id": "u-1"},
        service_tier="standard_only",
        cache_control={"type": "ephemeral", "ttl": "1h"},
        container="c-1",
        mcp_servers=[],
    )
    assert request == ChatRequest(
        model="claude-sonnet-4-5",
        messages=(Message(role=Role.SYSTEM, parts=(Text(text="be brief"),)), user("hi")),
        stream=True,
        max_tokens=9,
        temperature=0.5,
        top_p=0.9,
        top_k=7,
        stop=("END",),
        user="u-1",
        service_tier="default",
        cache=Cache(ttl="1h"),
        extras={"container": "c-1", "mcp_servers": []},
        binding=frozenset({"container"}),
    )


def test_every_kind_of_block_is_read() -> None:
    pdf = {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="}
    mark = {"cache_control": {"type": "ephemeral"}}
    search = {"type": "search_result", "source": "s", "title": "t", "content": []}
    assert content(
        {"type": "text", "text": "a", **mark},
        {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": PNG.base64},
        },
        {"type": "image", "source": {"type": "url", "url": "https://x.test/a.png"}},
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        {"type": "document", "source": pdf, "title": "T", "context": "C", **mark},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "d"}},
        {"type": "document", "source": {"type": "url", "url": "https://x.test/a.pdf"}},
        {
            "type": "document",
            "source": {"type": "content", "content": [{"type": "text", "text": "one"}]},
            "citations": {"enabled": True},
        },
        search,
    ) == (
        Text(text="a", cache=Cache()),
        Image(source=PNG),
        Image(source=Url(url="https://x.test/a.png")),
        Image(source=FileId(id="file_1")),
        Document(
            source=Data(base64="JVBERg==", media_type="application/pdf"),
            name="T",
            context="C",
            cache=Cache(),
        ),
        Document(source=PlainText(text="d")),
        Document(source=Url(url="https://x.test/a.pdf")),
        Document(source=PlainText(text="one", blocks=("one",)), cite=True),
        Native(dialect="anthropic.messages", value=search),
    )


def test_a_tool_loop_is_read_with_names_and_results_apart() -> None:
    server = {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {}}
    request = parse(
        messages=[
            {"role": "user", "content": "weather?"},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "EqQBCg=="},
                    {"type": "redacted_thinking", "data": "xyz"},
                    server,
                    {
                        "type": "tool_use",
                        "id": "t_1",
                        "name": "weather",
                        "input": {"city": "Ghent"},
                    },
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t_1", "content": "rain"},
                    {"type": "tool_result", "tool_use_id": "t_2", "is_error": True},
                    {"type": "text", "text": "and now?"},
                ],
            },
        ]
    )
    assert request.messages == (
        user("weather?"),
        assistant(
            Thinking(text="hm", signature=ISSUED),
            Thinking(redacted=Signature(origin="anthropic", value="xyz")),
            Searched(dialect="anthropic.messages", value=server),
            ToolCall(id="t_1", name="weather", arguments='{"city":"Ghent"}'),
        ),
        tool(
            ToolResult(call_id="t_1", name="weather", parts=(Text(text="rain"),)),
            ToolResult(call_id="t_2", is_error=True),
        ),
        user("and now?"),
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, (True, None, 2000, None)),
        ({"thinking": {"type": "adaptive", "display": "omitted"}}, (True, None, -1, False)),
        ({"thinking": {"type": "disabled"}}, (False, None, None, None)),
        ({"thinking": {"type": "between_tools"}}, (False, None, None, None)),
        ({"output_config": {"effort": "max"}}, (None, "max", None, None)),
        (
            {
                "thinking": {"type": "adaptive", "display": "summarized"},
                "output_config": {"effort": "low"},
            },
            (True, "low", -1, True),
        ),
    ],
)
def test_every_form_of_thinking_is_read(body: Any, expected: tuple[Any, ...]) -> None:
    enabled, effort, budget, show = expected
    assert parse(**body).reasoning == Reasoning(
        enabled=enabled, effort=effort, budget=budget, show=show
    )


@pytest.mark.parametrize("form", ["output_config", "output_format"])
def test_a_schema_is_read_in_its_old_and_new_place(form: str) -> None:
    value = {"type": "json_schema", "schema": {"type": "object"}}
    body = {"output_config": {"format": value}} if form == "output_config" else {form: value}
    assert parse(**body).output == JsonOutput(schema={"type": "object"})


@pytest.mark.parametrize(
    ("choice", "expected", "parallel"),
    [
        ({"type": "auto"}, ToolChoice(mode=ToolMode.AUTO), None),
        (
            {"type": "any", "disable_parallel_tool_use": True},
            ToolChoice(mode=ToolMode.REQUIRED),
            False,
        ),
        ({"type": "tool", "name": "w"}, ToolChoice(mode=ToolMode.NAMED, name="w"), None),
        ({"type": "none"}, ToolChoice(mode=ToolMode.NONE), None),
    ],
)
def test_every_tool_choice_is_read(choice: Any, expected: ToolChoice, parallel: Any) -> None:
    request = parse(tool_choice=choice)
    assert (request.tool_choice, request.parallel_tool_calls) == (expected, parallel)


def test_tools_are_read_with_what_only_this_api_knows() -> None:
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 2}
    own = {
        "name": "weather",
        "description": "Says the weather",
        "input_schema": dict(WEATHER.schema or {}),
        "strict": True,
        "defer_loading": True,
        "cache_control": {"type": "ephemeral", "ttl": "5m"},
    }
    request = parse(tools=[own, search])
    assert request.tools == (
        Tool(
            name="weather",
            description="Says the weather",
            schema=WEATHER.schema,
            strict=True,
            cache=Cache(ttl="5m"),
        ),
        NativeTool(dialect="anthropic.messages", value=search, search=WebSearch(max_uses=2)),
    )
    assert request.extras == {"tools.defer_loading": True}


def test_a_document_of_blocks_with_pictures_stays_as_it_is() -> None:
    picture = {"type": "image", "source": {"type": "url", "url": "https://x.test/a"}}
    mixed = {"type": "document", "source": {"type": "content", "content": [picture]}}
    plain = {"type": "document", "source": {"type": "content", "content": "words"}}
    parts = content(mixed, plain)
    assert parts == (
        Native(dialect="anthropic.messages", value=mixed),
        Document(source=PlainText(text="words")),
    )
    body, _ = render(ask(user(*parts)))
    assert body["messages"][0]["content"][0] == mixed


def test_members_of_blocks_that_only_this_api_knows_are_kept_by_name() -> None:
    image = {
        "type": "image",
        "source": {"type": "url", "url": "https://x.test/a"},
        "transformations": {"oversized_image": "error"},
    }
    request = parse(
        messages=[{"role": "user", "content": [image]}],
        output_config={"task_budget": {"total": 9}},
    )
    assert request.extras == {
        "messages.content.image.transformations": {"oversized_image": "error"},
        "output_config": {"task_budget": {"total": 9}},
    }


def test_a_search_results_citation_names_its_source() -> None:
    raw = {
        "type": "search_result_location",
        "source": "https://x.test",
        "title": "T",
        "cited_text": "q",
        "search_result_index": 0,
        "start_block_index": 0,
        "end_block_index": 1,
    }
    (part,) = content({"type": "text", "text": "a", "citations": [raw]})
    assert part.citations == (
        Citation(
            url="https://x.test",
            title="T",
            quote="q",
            place=Place(unit="result", index=0, start=0, end=1),
            native=raw,
            dialect="anthropic.messages",
        ),
    )


def test_a_turn_without_content_is_a_turn() -> None:
    assert parse(messages=[{"role": "user", "content": []}]).messages == (user(),)


def test_members_that_decide_the_answer_are_bound_to_this_format():
    bound = {"mcp_servers": [{"type": "url"}], "inference_geo": "us", "container": "c"}
    body = {"model": "m", "messages": [], "speed": "fast", "thread": {"type": "create"}, **bound}
    assert DIALECT.parse_request(body, "", False).binding == bound.keys()


def test_members_that_no_other_dialect_has_are_kept_by_their_place() -> None:
    texts = [{"type": "text", "text": "x", "mood": "glad", "parsed_output": None}]
    result = {"type": "tool_result", "tool_use_id": "1", "toolset_name": "browser"}
    request = parse(
        messages=[
            {"role": "user", "content": [*texts, result]},
            {"role": "system", "content": "s", "output_config": {"effort": "low"}},
        ]
    )
    assert request.extras == {
        "messages.content.text.mood": "glad",
        "messages.content.tool_result.toolset_name": "browser",
        "messages.output_config": {"effort": "low"},
    }


def test_a_turn_that_goes_on_with_a_thread_is_told_to_come_whole() -> None:
    thread = {"type": "continue", "previous_message_id": "msg_1"}
    with pytest.raises(NotFound) as caught:
        parse(thread=thread, messages=[])
    status, _, body = DIALECT.render_error(caught.value.as_api_error())
    assert status == 404
    assert orjson.loads(body)["error"]["details"] == {"error_code": "thread_not_found"}
