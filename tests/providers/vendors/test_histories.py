"""What single vendors demand of the turns of a conversation."""

from typing import Any

import orjson
import pytest

from providers.catalog import DIALECTS, PROVIDERS
from providers.neutral.chat import (
    ChatRequest,
    Image,
    Message,
    Role,
    Signature,
    Text,
    Thinking,
    Tool,
    ToolResult,
)
from providers.neutral.media import Data
from tests.providers.matrix.test_histories import GO, HI, SO, called, result
from tests.providers.matrix.test_random import ask
from tests.providers.matrix.world import MODEL, World

TOOLS = (Tool(name="look", schema={"type": "object", "properties": {}}),)
LATE = Message(role=Role.SYSTEM, parts=(Text(text="be brief"),))
PNG = Image(source=Data(base64="iVBORw0KGgo=", media_type="image/png"))
SHOWN = Message(
    role=Role.TOOL, parts=(ToolResult(call_id="a", name="look", parts=(Text(text="r"), PNG)),)
)
MISTRAL = {
    "a user after a tool": (HI, called("a"), result("a"), GO),
    "a system after a tool": (HI, called("a"), result("a"), LATE),
    "a system after an answer": (HI, SO, LATE, GO),
    "a picture of a tool's": (HI, called("a"), SHOWN),
}


@pytest.mark.parametrize("client", ["anthropic.messages", "openai.chat", "ollama.chat"])
@pytest.mark.parametrize("name", MISTRAL)
def test_mistral_takes_its_turns(client: str, name: str) -> None:
    world = World("openai.chat", provider=PROVIDERS["mistral"], model="mistral-medium")
    world.desk.settings = world.desk.settings.__class__(strict=False)
    request = ChatRequest(model=MODEL, messages=MISTRAL[name], max_tokens=100, tools=TOOLS)
    answer = ask(world, DIALECTS[client], request)
    assert answer.status == 200, answer.body


def test_mistral_is_sent_what_is_in_order_as_it_came() -> None:
    edits = PROVIDERS["mistral"].forms["openai.chat"].edits
    messages: list[Any] = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "so"},
    ]
    assert "messages" not in edits({"model": "m", "messages": messages}, "m", False)


def thinking(signature: Signature | None) -> Message:
    call = called("a").parts
    return Message(role=Role.ASSISTANT, parts=(Thinking(text="hm", signature=signature), *call))


@pytest.mark.parametrize(
    ("client", "family"), [("ollama.chat", "ollama"), ("cohere.chat", "cohere")]
)
def test_plain_thoughts_go_back_to_deepseek(client: str, family: str) -> None:
    world = World("openai.chat", provider=PROVIDERS["deepseek"], model="deepseek-v4-pro")
    plain = thinking(Signature(origin=family, value="thinking"))
    request = ChatRequest(model=MODEL, messages=(HI, plain, result("a")), max_tokens=9, tools=TOOLS)
    answer = ask(world, DIALECTS[client], request)
    assert answer.status == 200, answer.body
    assert world.sent[-1].json["messages"][1]["reasoning_content"] == "hm"


@pytest.mark.parametrize("vendor", ["deepseek", "openai-compatible"])
@pytest.mark.parametrize("client", ["anthropic.messages", "openai.chat"])
def test_a_turn_without_thoughts_says_so_to_who_wants_them(client: str, vendor: str) -> None:
    model = "deepseek-v4-pro" if vendor == "deepseek" else "kimi-k3"
    world = World("openai.chat", provider=PROVIDERS[vendor], model=model)
    messages = (HI, called("a"), result("a"))
    request = ChatRequest(model=MODEL, messages=messages, max_tokens=9, tools=TOOLS)
    answer = ask(world, DIALECTS[client], request)
    assert answer.status == 200, answer.body
    assert world.sent[-1].json["messages"][1]["reasoning_content"] == ""


def test_others_are_not_told_of_thoughts_that_there_are_not() -> None:
    edits = PROVIDERS["openai-compatible"].forms["openai.chat"].edits
    body = orjson.loads(orjson.dumps({"model": "qwen3", "messages": [{"role": "assistant"}]}))
    assert "messages" not in edits(body, "qwen3", False)
