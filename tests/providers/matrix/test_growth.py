"""Between any two dialects a request takes time in proportion to its size, whatever its shape."""

import gc
import time
from collections.abc import Callable

import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Bridge, Call
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.errors import GatewayError
from providers.neutral.chat import (
    ChatRequest,
    Document,
    Message,
    Part,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
)
from providers.neutral.media import Data
from providers.operations import Operation

CHAT = [
    each
    for each in DIALECTS.values()
    if isinstance(each, ChatDialect) and each.operation is Operation.CHAT
]
FEW, MANY = 200, 3_200
TRIES = 5
PDF = Data(base64="AAAA", media_type="application/pdf")
LONGER = 16 * 4
"""Linear time is sixteen times as long; quadratic, 256 times."""


def said(*messages: tuple[Role, list[Part]], **more) -> ChatRequest:
    turns = tuple(Message(role=role, parts=tuple(parts)) for role, parts in messages)
    return ChatRequest(model="m", messages=turns, max_tokens=9, **more)


def tools(count: int) -> tuple[Tool, ...]:
    return tuple(Tool(name=f"f{n}", schema={"type": "object"}) for n in range(count))


def results_in_reverse(count: int) -> ChatRequest:
    calls: list[Part] = [ToolCall(id=f"c{n}", name="f0", arguments="{}") for n in range(count)]
    results: list[Part] = [
        ToolResult(call_id=f"c{n}", name="f0", parts=(Text(text="r"),)) for n in range(count)
    ]
    turns = ((Role.USER, [Text(text="q")]), (Role.ASSISTANT, calls), (Role.TOOL, results[::-1]))
    return said(*turns, tools=tools(1))


def parts_of_both(count: int) -> ChatRequest:
    texts: list[Part] = [Text(text=f"t{n}") for n in range(count)]
    return said((Role.USER, texts), (Role.ASSISTANT, texts), (Role.USER, texts))


def documents_of_one_name(count: int) -> ChatRequest:
    documents = [Document(source=PDF, name="a.pdf") for _ in range(count)]
    return said((Role.USER, [Text(text="read"), *documents]))


def many_allowed_tools(count: int) -> ChatRequest:
    allowed = tuple(f"f{n}" for n in reversed(range(count)))
    choice = ToolChoice(mode=ToolMode.AUTO, allowed=allowed)
    return said((Role.USER, [Text(text="q")]), tools=tools(count), tool_choice=choice)


SHAPES = (results_in_reverse, parts_of_both, documents_of_one_name, many_allowed_tools)


def said_by(client: ChatDialect, request: ChatRequest) -> bytes | None:
    """The client's body; None where its dialect cannot say it."""
    try:
        return orjson.dumps(client.render_request(request, []))
    except GatewayError:
        return None


def spent(between: Bridge, data: bytes) -> float | None:
    """Seconds of CPU, without what the collector does for all other tests; None where refused."""
    body = orjson.loads(data)
    call = Call(data=data, body=body, model="m", stream=False, path_model="m")
    gc.disable()
    begun = time.process_time()
    try:
        between.request(call)
    except GatewayError:
        return None
    finally:
        took = time.process_time() - begun
        gc.enable()
    return took


def growth(between: Bridge, few: bytes, many: bytes) -> float:
    """How many times as long the longer one takes; the least of a few tries."""
    found = 0.0
    short = min((spent(between, few) or 0.0) for _ in range(TRIES))
    for _ in range(TRIES if short else 0):
        found = (spent(between, many) or 0.0) / short
        if found < LONGER:
            break
    return found


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
@pytest.mark.parametrize("client", CHAT, ids=lambda dialect: dialect.name)
def test_time_is_linear(client: ChatDialect, shape: Callable[[int], ChatRequest]) -> None:
    few, many = said_by(client, shape(FEW)), said_by(client, shape(MANY))
    if few is None or many is None:
        return
    found = {
        target.name: growth(bridge(client, target, Quirks()), few, many)
        for target in CHAT
        if target is not client
    }
    assert {name: times for name, times in found.items() if times >= LONGER} == {}
