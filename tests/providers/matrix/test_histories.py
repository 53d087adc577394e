"""Conversations as clients keep them, broken and mended, through every pair."""

import msgspec
import pytest

from providers.catalog import DIALECTS
from providers.neutral.chat import (
    ChatRequest,
    Message,
    Part,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from tests.e2e.clients.backends import CHAT
from tests.providers.matrix.test_random import ask
from tests.providers.matrix.world import MODEL, World

HI, GO = (Message(role=Role.USER, parts=(Text(text=text),)) for text in ("hi", "go"))
SO = Message(role=Role.ASSISTANT, parts=(Text(text="so"),))
SCHEMA = {"type": "object", "properties": {}}


def called(*ids: str) -> Message:
    parts = tuple(ToolCall(id=id, name="look", arguments="{}") for id in ids)
    return Message(role=Role.ASSISTANT, parts=parts)


def result(id: str, text: str = "r") -> Message:
    parts: tuple[Part, ...] = (ToolResult(call_id=id, name="look", parts=(Text(text=text),)),)
    return Message(role=Role.TOOL, parts=parts)


HISTORIES = {
    "late": (HI, called("a"), GO, result("a")),
    "a turn late": (HI, called("a"), GO, SO, result("a"), GO),
    "one missing": (HI, called("a", "b"), result("b"), GO),
    "all missing": (HI, called("a"), GO),
    "no call": (HI, result("a"), GO),
    "twice": (HI, called("a"), result("a"), result("a"), result("a", "other"), GO),
    "in two turns": (HI, called("a"), called("b"), result("a"), result("b"), GO),
    "said twice": (HI, SO, SO, GO),
    "ids that repeat": (HI, called("l:0"), result("l:0"), SO, GO, called("l:0"), result("l:0")),
    "one id for all": (HI, called("l:0", "l:0"), result("l:0", "1"), result("l:0", "2")),
    "syntax of Google's": (HI, called("a"), result("a", '{"$ref": "b"}')),
}


@pytest.mark.parametrize("target", CHAT)
@pytest.mark.parametrize("client", CHAT)
def test_no_provider_refuses_what_a_client_kept(client: str, target: str) -> None:
    if client == target:
        return  # the bytes pass, and the client's own mistakes are its own
    world = World(target)
    for name, messages in HISTORIES.items():
        request = ChatRequest(
            model=MODEL,
            messages=messages,
            max_tokens=100,
            tools=(Tool(name="look", schema=SCHEMA),),
        )
        answer = ask(world, DIALECTS[client], request)
        assert (answer.status, name) == (200, name), answer.body


ORDER = '[[sim: {"call_tool": ["look", "see"], "arguments": {"a": 1}, %s}]] go'


def calls_in(client: str, body: bytes) -> list[tuple[str, str, str]]:
    """(id, name, arguments) of each call in a stream, as a client puts them together."""
    parser = DIALECTS[client].parser()
    found: dict[int, list[str]] = {}
    for delta in parser.feed(body) + parser.flush():
        match type(delta).__name__:
            case "ToolCallBegin":
                found[delta.part] = [delta.id, delta.name, ""]
            case "ArgumentsDelta":
                found[delta.part][2] += delta.text
    return [(id, name, arguments.replace(" ", "")) for id, name, arguments in found.values()]


def asking(order: str) -> ChatRequest:
    history = (HI, called("call_x"), result("call_x"), SO)
    words = Message(role=Role.USER, parts=(Text(text=ORDER % order),))
    return ChatRequest(
        model=MODEL,
        messages=(*history, words),
        max_tokens=1000,
        stream=True,
        tools=(Tool(name="look", schema=SCHEMA), Tool(name="see", schema=SCHEMA)),
    )


@pytest.mark.parametrize("cut", [None, 3])
@pytest.mark.parametrize("client", CHAT)
def test_calls_that_are_told_side_by_side_are_told_apart(client: str, cut: int | None) -> None:
    world = World("openai.chat", cut=cut)
    answer = ask(world, DIALECTS[client], asking('"interleaved": true'))
    assert answer.status == 200, answer.body
    assert [each[1:] for each in calls_in(client, answer.body)] == [
        ("look", '{"a":1}'),
        ("see", '{"a":1}'),
    ]


@pytest.mark.parametrize("target", ["openai.chat", "anthropic.messages"])
@pytest.mark.parametrize("client", CHAT)
def test_no_id_of_an_answer_is_one_that_the_client_has(client: str, target: str) -> None:
    if client == target:
        return
    world = World(target)
    id = "x" if target == "openai.chat" else "call_x"
    streamed = ask(world, DIALECTS[client], asking(f'"call_id": "{id}"'))
    assert streamed.status == 200, streamed.body
    ids = [each[0] for each in calls_in(client, streamed.body)]
    assert len({*ids, "call_x"}) == 3
    whole = msgspec.structs.replace(asking(f'"call_id": "{id}"'), stream=False)
    body = msgspec.json.decode(ask(world, DIALECTS[client], whole).body)
    (choice,) = DIALECTS[client].parse_response(body).choices
    kept = {part.id for part in choice.parts if isinstance(part, ToolCall)}
    assert len(kept | {"call_x"}) == 3
