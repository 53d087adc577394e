"""A client calls its tools as it likes, whatever the provider takes."""

import orjson
import pytest

from providers.catalog import DIALECTS
from providers.neutral.chat import ChatRequest, Message, Role, Text, Tool, ToolCall, ToolResult
from providers.neutral.deltas import ToolCallBegin, WholePart
from tests.e2e.clients.backends import CHAT
from tests.providers.matrix.test_random import ask
from tests.providers.matrix.world import MODEL, World

LONG = "mcp__a_server_with_a_long_name__" + "and_a_tool_with_a_longer_one_" * 2
NAMES = {
    "anthropic.messages": LONG,
    "gemini.generate_content": "weather.v2:now",
    "openai.chat": "get-weather",
}
"""Client → a name that it may give a tool and others may not."""
ORDER = Text(text='[[sim: {"call_tool": true}]]')


def conversation(name: str, *, stream: bool) -> ChatRequest:
    call = ToolCall(id="call_1", name=name, arguments='{"city":"Oslo"}')
    return ChatRequest(
        model=MODEL,
        stream=stream,
        max_tokens=1000,
        messages=(
            Message(role=Role.USER, parts=(Text(text="and in Oslo?"),)),
            Message(role=Role.ASSISTANT, parts=(call,)),
            Message(
                role=Role.TOOL,
                parts=(ToolResult(call_id="call_1", name=name, parts=(Text(text="snow"),)),),
            ),
            Message(role=Role.USER, parts=(ORDER,)),
        ),
        tools=(Tool(name=name, schema={"type": "object", "properties": {}}),),
    )


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("target", CHAT)
@pytest.mark.parametrize("client", NAMES)
def test_the_client_sees_the_name_that_it_gave(client: str, target: str, stream: bool) -> None:
    dialect, world = DIALECTS[client], World(target)
    answer = ask(world, dialect, conversation(NAMES[client], stream=stream))
    assert answer.status == 200, answer.body
    if stream:
        parser = dialect.parser()
        deltas = parser.feed(answer.body) + parser.flush()
        begun = [each for each in deltas if isinstance(each, ToolCallBegin)]
        whole = [each.value for each in deltas if isinstance(each, WholePart)]
        calls = [*begun, *(part for part in whole if isinstance(part, ToolCall))]
    else:
        (choice,) = dialect.parse_response(orjson.loads(answer.body)).choices
        calls = [part for part in choice.parts if isinstance(part, ToolCall)]
    assert [call.name for call in calls] == [NAMES[client]]
