"""Tools that OpenAI's clients run are functions to everybody else, and come back as themselves."""

from typing import Any

import orjson
import pytest
from openai.types.responses import Response

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Bridge, Call, Context, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS, PROVIDERS
from providers.errors import Unsupported
from tests.providers.dialects.openai.responses.wire import EVENT

CHAT, RESPONSES, CLAUDE = "openai.chat", "openai.responses", "anthropic.messages"
ONLY = Quirks(functions_only=True)
SCHEMA = {"type": "object", "properties": {"target": {"type": "string"}}}
PICTURE = "data:image/png;base64,AAAA"
FUNCTION = {"type": "function", "name": "close", "description": "Ends one.", "parameters": SCHEMA}
NAMESPACE = {
    "type": "namespace",
    "name": "agents",
    "description": "Sub-agents.",
    "tools": [FUNCTION, {"type": "custom", "name": "tell"}],
}
GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: /x+/"}
CUSTOM = {"type": "custom", "name": "edit", "description": "Edits.", "format": GRAMMAR}
SHELL = {"type": "shell", "environment": {"type": "local"}}
SCREEN = {
    "type": "computer_use_preview",
    "environment": "mac",
    "display_width": 8,
    "display_height": 6,
}
TOOLS = [
    {**FUNCTION, "name": "plain"},
    NAMESPACE,
    CUSTOM,
    {"type": "local_shell"},
    SHELL,
    {"type": "apply_patch"},
    SCREEN,
    {"type": "tool_search"},
]
NAMES = [
    "plain",
    "agents__close",
    "agents__tell",
    "edit",
    "local_shell",
    "shell",
    "apply_patch",
    "computer",
]
RUN = {"type": "exec", "command": ["ls"], "env": {}}
RUN_HERE = {**RUN, "env": {"A": "1"}, "timeout_ms": 9}
PATCH = {"type": "update_file", "path": "a", "diff": "@@\n-x\n+y"}
CLICK = {"type": "click", "x": 1, "y": 2, "button": "left"}
CALLS: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    (
        {"type": "function_call", "name": "close", "namespace": "agents", "arguments": '{"a":1}'},
        "agents__close",
        {"a": 1},
    ),
    (
        {"type": "custom_tool_call", "name": "tell", "namespace": "agents", "input": "hi"},
        "agents__tell",
        {"input": "hi"},
    ),
    ({"type": "custom_tool_call", "name": "edit", "input": "x\n"}, "edit", {"input": "x\n"}),
    ({"type": "local_shell_call", "action": RUN}, "local_shell", {"command": ["ls"]}),
    (
        {"type": "local_shell_call", "action": RUN_HERE},
        "local_shell",
        {"command": ["ls"], "env": {"A": "1"}, "timeout_ms": 9},
    ),
    ({"type": "shell_call", "action": {"commands": ["ls"]}}, "shell", {"commands": ["ls"]}),
    ({"type": "apply_patch_call", "operation": PATCH}, "apply_patch", PATCH),
    (
        {"type": "computer_call", "action": CLICK, "pending_safety_checks": []},
        "computer",
        CLICK,
    ),
]
"""(item that is a call, function that stands for it, its arguments)"""


def between(target: str, quirks: Quirks = ONLY, client: str = RESPONSES) -> Bridge:
    return bridge(DIALECTS[client], DIALECTS[target], quirks)


def sent(body: dict[str, Any], target: str, quirks: Quirks = ONLY, client: str = RESPONSES) -> Sent:
    whole = {"model": "m", **body}
    call = Call(data=orjson.dumps(whole), body=whole, model="m", stream=False)
    found = between(target, quirks, client).request(call)
    assert isinstance(found, Sent)
    return found


def made(body: dict[str, Any], target: str, quirks: Quirks = ONLY) -> dict[str, Any]:
    value: dict[str, Any] = orjson.loads(sent(body, target, quirks).body or b"{}")
    return value


def context(found: Sent) -> Context:
    return Context(model="m", id="made", now=1, renamed=found.renamed, stand_ins=found.stand_ins)


def test_every_tool_is_a_function() -> None:
    body = {"input": "hi", "tools": TOOLS}
    assert [tool["name"] for tool in made(body, CLAUDE)["tools"]] == NAMES
    for dialect in (CHAT, RESPONSES):
        tools = made(body, dialect)["tools"]
        assert {tool["type"] for tool in tools} == {"function"}
        assert [tool.get("function", tool)["name"] for tool in tools] == NAMES


def test_a_function_says_what_its_tool_said() -> None:
    tools = {tool["name"]: tool for tool in made({"input": "hi", "tools": TOOLS}, CLAUDE)["tools"]}
    assert tools["agents__close"]["description"] == "Sub-agents.\n\nEnds one."
    assert tools["agents__close"]["input_schema"] == SCHEMA
    assert "lark" in tools["edit"]["description"]
    assert GRAMMAR["definition"] in tools["edit"]["description"]
    assert tools["edit"]["input_schema"]["required"] == ["input"]
    assert "display_width 8" in tools["computer"]["description"]


def test_openai_knows_them_itself() -> None:
    body = {"model": "m", "input": "hi", "tools": TOOLS}
    assert sent(body, RESPONSES, Quirks()).body is None
    tools = made({"input": "hi", "tools": [CUSTOM]}, CHAT, Quirks())["tools"]
    assert [tool["type"] for tool in tools] == ["custom"]
    assert not PROVIDERS["openai"].functions_only
    assert not PROVIDERS["azure"].functions_only
    assert PROVIDERS["vllm"].functions_only == PROVIDERS["groq"].functions_only == {CHAT, RESPONSES}


def test_where_functions_are_known_only_plain_bodies_pass_still() -> None:
    assert sent({"input": "hi", "tools": [FUNCTION]}, RESPONSES).body is None


def test_names_that_are_taken_are_told_apart() -> None:
    tools = [{**FUNCTION, "name": "agents__close"}, {**FUNCTION, "name": "shell"}, NAMESPACE, SHELL]
    found = sent({"input": "hi", "tools": tools}, CLAUDE)
    names = [tool["name"] for tool in orjson.loads(found.body or b"")["tools"]]
    assert len(set(names)) == 5
    whole, _ = between(CLAUDE).whole(claude_says(names[0], {}), context(found))
    assert Response.model_validate_json(whole or b"").output[0].type == "function_call"
    whole, _ = between(CLAUDE).whole(claude_says(names[4], {"commands": []}), context(found))
    assert orjson.loads(whole or b"")["output"][0]["type"] == "shell_call"


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        ({"type": "custom", "name": "edit"}, "edit"),
        ({"type": "function", "name": "close"}, "agents__close"),
        ({"type": "apply_patch"}, "apply_patch"),
        ({"type": "shell"}, "shell"),
    ],
)
def test_a_choice_names_the_function(choice: dict[str, str], name: str) -> None:
    body = {"input": "hi", "tools": TOOLS, "tool_choice": choice}
    assert made(body, CLAUDE)["tool_choice"] == {"type": "tool", "name": name}


@pytest.mark.parametrize(("item", "name", "arguments"), CALLS)
def test_earlier_calls_are_those_of_functions(
    item: dict[str, Any], name: str, arguments: dict[str, Any]
) -> None:
    call = {**item, "call_id": "c"}
    kind = item["type"]
    output: Any = {"output": "done"}
    if kind == "computer_call":
        output = {"output": {"type": "computer_screenshot", "image_url": PICTURE}}
    turns = [
        {"role": "user", "content": "hi"},
        call,
        {"type": f"{kind}_output", "call_id": "c", **output},
    ]
    for tools in ({"tools": TOOLS}, {}):
        messages = made({"input": turns, **tools}, CLAUDE)["messages"]
        (use,) = messages[1]["content"]
        assert (use["name"], use["input"]) == (name, arguments)
        (result,) = messages[2]["content"]
        assert result["tool_use_id"] == "c"
        assert kind == "computer_call" or result["content"] == "done"
    (_, answer) = made({"input": turns, "tools": TOOLS}, "gemini.generate_content")["contents"][1:]
    assert answer["parts"][0]["functionResponse"]["name"] == name


def test_what_shells_and_editors_say_is_told() -> None:
    printed = [{"stdout": "a", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}]
    turns = [
        {"role": "user", "content": "hi"},
        {"type": "shell_call", "call_id": "1", "action": {"commands": ["ls"]}},
        {"type": "apply_patch_call", "call_id": "2", "operation": PATCH, "status": "completed"},
        {"type": "shell_call_output", "call_id": "1", "output": printed},
        {"type": "apply_patch_call_output", "call_id": "2", "status": "failed"},
    ]
    first, second = made({"input": turns}, CLAUDE)["messages"][2]["content"]
    assert orjson.loads(first["content"]) == printed
    assert (second["content"], second["is_error"]) == ("failed", True)


def claude_says(name: str, arguments: dict[str, Any]) -> bytes:
    use = {"type": "tool_use", "id": "c", "name": name, "input": arguments}
    usage = {"input_tokens": 1, "output_tokens": 1}
    answer = {"id": "a", "type": "message", "role": "assistant", "model": "m", "content": [use]}
    return orjson.dumps({**answer, "stop_reason": "tool_use", "usage": usage})


@pytest.mark.parametrize(("item", "name", "arguments"), CALLS)
def test_a_call_comes_back_as_the_clients_own(
    item: dict[str, Any], name: str, arguments: dict[str, Any]
) -> None:
    found = sent({"input": "hi", "tools": TOOLS}, CLAUDE)
    body, seen = between(CLAUDE).whole(claude_says(name, arguments), context(found))
    (told,) = orjson.loads(body or b"")["output"]
    Response.model_validate_json(body or b"")
    assert told["call_id"] == "c"
    assert {key: told.get(key) for key in item} == item
    assert seen.finish == "tool_calls"


def chunk(delta: dict[str, Any], end: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": end}
    return b"data: " + orjson.dumps({"id": "c", "model": "m", "choices": [choice]}) + b"\n\n"


def piece(index: int, text: str, **more: Any) -> bytes:
    function = {"arguments": text, **({"name": more.pop("name")} if more else {})}
    return chunk({"tool_calls": [{"index": index, "function": function, **more}]})


def streamed(name: str, arguments: dict[str, Any]) -> bytes:
    text = orjson.dumps(arguments).decode()
    half = len(text) // 2
    return b"".join(
        [
            piece(0, "", name=name, id="c"),
            piece(0, text[:half]),
            piece(0, text[half:]),
            piece(1, '{"b":2}', name="plain", id="d"),
            chunk({}, "tool_calls"),
            b"data: [DONE]\n\n",
        ]
    )


def events(data: bytes) -> list[dict[str, Any]]:
    found = [line[6:] for line in data.split(b"\n") if line.startswith(b"data: {")]
    return [orjson.loads(each) for each in found]


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(("item", "name", "arguments"), CALLS)
def test_a_streamed_call_comes_back_as_the_clients_own(
    item: dict[str, Any], name: str, arguments: dict[str, Any], size: int
) -> None:
    found = sent({"input": "hi", "tools": TOOLS}, CHAT)
    relay, wire = between(CHAT).stream(context(found)), streamed(name, arguments)
    pieces = [wire[at : at + size] for at in range(0, len(wire), size)]
    told = events(b"".join(relay.feed(each) or b"" for each in pieces) + relay.flush())
    for event in told:
        EVENT.validate_python(event)
    done = [each["item"] for each in told if each["type"] == "response.output_item.done"]
    own = next(each for each in done if each["call_id"] == "c")
    assert {key: own.get(key) for key in item} == item
    other = next(each for each in done if each["call_id"] == "d")
    assert (other["type"], other["name"], other["arguments"]) == (
        "function_call",
        "plain",
        '{"b":2}',
    )
    assert len(told[-1]["response"]["output"]) == len(done) == 2
    ids = {each["item"]["id"] for each in told if each["type"] == "response.output_item.added"}
    assert ids == {each["id"] for each in done}


def test_arguments_that_are_no_json_are_the_input_of_a_custom_tool() -> None:
    found = sent({"input": "hi", "tools": [CUSTOM, SHELL]}, CHAT)
    for name, kind in (("edit", "custom_tool_call"), ("shell", "function_call")):
        relay = between(CHAT).stream(context(found))
        wire = piece(0, "*** not json", name=name, id="c") + chunk({}, "tool_calls")
        told = events((relay.feed(wire + b"data: [DONE]\n\n") or b"") + relay.flush())
        (item,) = told[-1]["response"]["output"]
        assert item["type"] == kind
        assert item.get("input", item.get("arguments")) == "*** not json"


def test_chat_clients_have_custom_tools_everywhere() -> None:
    custom = {"type": "custom", "custom": {"name": "edit", "format": {"type": "text"}}}
    call = {"id": "c", "type": "custom", "custom": {"name": "edit", "input": "x"}}
    messages = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "done"},
    ]
    found = sent({"messages": messages, "tools": [custom]}, CHAT, client=CHAT)
    body = orjson.loads(found.body or b"")
    assert body["tools"][0]["function"]["name"] == "edit"
    earlier = body["messages"][1]["tool_calls"][0]
    assert earlier["function"] == {"name": "edit", "arguments": '{"input":"x"}'}
    relay = between(CHAT, client=CHAT).stream(context(found))
    told = events((relay.feed(streamed("edit", {"input": "x"})) or b"") + relay.flush())
    calls = [c for each in told for c in each["choices"][0]["delta"].get("tool_calls", ())]
    assert calls[0] == {"index": 0, **call}
    found = sent({"messages": messages, "tools": [custom]}, CLAUDE, client=CHAT)
    data = claude_says("edit", {"input": "x"})
    whole, _ = between(CLAUDE, client=CHAT).whole(data, context(found))
    assert orjson.loads(whole or b"")["choices"][0]["message"]["tool_calls"] == [call]


@pytest.mark.parametrize("target", [CHAT, CLAUDE, "gemini.generate_content", "ollama.chat"])
def test_what_nobody_keeps_is_refused_in_words(target: str) -> None:
    turns = [{"role": "user", "content": "hi"}, {"type": "item_reference", "id": "msg_1"}]
    for body in ({"input": turns}, {"input": "hi", "previous_response_id": "resp_1"}):
        with pytest.raises(Unsupported, match="`store: false`"):
            sent(body, target)
