"""The same conversation in any dialect and of any size: plain text and tools.

Written by the dialects' own renderers, so a dialect that is added is measured without a word here.
"""

from collections.abc import Iterator, Mapping

import msgspec
import orjson

from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Context, Endpoint
from providers.catalog import DIALECTS
from providers.neutral.chat import (
    ChatRequest,
    ChatResponse,
    Choice,
    Finish,
    Message,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from providers.neutral.deltas import AnyDelta, Begin, End, PartEnd, TextDelta, Used
from providers.operations import Operation
from providers.usage import Usage

CHATS: Mapping[str, ChatDialect] = {
    name: dialect
    for name, dialect in DIALECTS.items()
    if isinstance(dialect, ChatDialect) and dialect.operation is Operation.CHAT and dialect.client
}
"""Those that hold a conversation with clients."""
CONTEXT = Context(model="model", id="bench", now=1_700_000_000)
SENTENCE = "The gateway turns one wire format into another, and \u201cnothing\u201d is lost.\n"
TURN = 12
"""Sentences in one message: about 1 KB."""
TURN_BYTES = 2_400
"""No question with its answer takes more, in any dialect."""
TOOL = Tool(
    name="get_weather",
    description="The weather at a place.",
    schema={
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city"],
    },
)
ANSWER = SENTENCE * 10
USAGE = Usage(input=120, output=200)


def body(
    dialect: ChatDialect, model: str, size: int, *, order: str = "", stream: bool = False
) -> bytes:
    """A request of `size` bytes or few more, whose last message says `order` to the simulator."""
    turns = _turns()
    last = _said(Role.USER, order)

    def encoded(padding: int) -> bytes:
        first = _said(Role.SYSTEM, "s" * padding)
        return _encoded(dialect, model, [first, *messages, last], stream)

    messages: list[Message] = []
    room = size - len(encoded(1))
    while room > TURN_BYTES:
        messages += next(turns)
        room -= TURN_BYTES
    return encoded(max(1, 1 + size - len(encoded(1))))


def _said(role: Role, text: str) -> Message:
    return Message(role=role, parts=(Text(text=text or "Go on."),))


def _turns() -> Iterator[list[Message]]:
    """Questions and answers, every fourth with a tool call."""
    number = 0
    while True:
        number += 1
        turn = [_said(Role.USER, SENTENCE * TURN)]
        if number % 4 == 0:
            call = ToolCall(id=f"call_{number}", name=TOOL.name, arguments='{"city":"Oslo"}')
            result = ToolResult(call_id=call.id, parts=(Text(text="Snow."),), name=TOOL.name)
            turn += [
                Message(role=Role.ASSISTANT, parts=(call,)),
                Message(role=Role.TOOL, parts=(result,)),
            ]
        yield [*turn, _said(Role.ASSISTANT, SENTENCE * TURN)]


def _encoded(dialect: ChatDialect, model: str, messages: list[Message], stream: bool) -> bytes:
    request = ChatRequest(
        model=model,
        messages=tuple(messages),
        stream=stream,
        max_tokens=1024,
        temperature=0.5,
        tools=(TOOL,),
    )
    return orjson.dumps(dialect.render_request(request, []))


def answer(dialect: ChatDialect) -> bytes:
    """A whole answer of about 1 KB."""
    choice = Choice(parts=(Text(text=ANSWER),), finish=Finish.STOP)
    response = ChatResponse(id="bench", model="model", choices=(choice,), usage=USAGE)
    return orjson.dumps(dialect.render_response(response, CONTEXT))


def pieces(dialect: ChatDialect, count: int) -> list[bytes]:
    """A stream with `count` pieces of text, one element for each event of the source."""
    renderer = dialect.renderer(msgspec.structs.replace(CONTEXT, stream_usage=True))
    fed = [renderer.feed([delta]) for delta in _deltas(count)]
    return [piece for piece in (*fed, renderer.flush()) if piece]


def _deltas(count: int) -> Iterator[AnyDelta]:
    yield Begin(id="bench", model="model", created=CONTEXT.now)
    for number in range(count):
        yield TextDelta(text=f" word{number}", part=0)
    yield PartEnd(part=0)
    yield End(finish=Finish.STOP)
    yield Used(usage=USAGE)


def entrance(dialect: ChatDialect, model: str, *, stream: bool) -> str:
    """The path at which a client of this dialect asks."""

    def fits(endpoint: Endpoint) -> bool:
        return endpoint.stream in (None, stream)

    return next(filter(fits, dialect.client)).path.replace("{model}", model)
