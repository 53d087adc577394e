"""A file that is text goes as its words where no other file can go."""

from base64 import b64encode

import pytest

from providers.catalog import DIALECTS
from providers.neutral.chat import ChatRequest, Document, Message, Role, Text, ToolCall, ToolResult
from providers.neutral.media import Data
from tests.e2e.clients.backends import CHAT
from tests.providers.matrix.test_random import ask
from tests.providers.matrix.world import MODEL, World

WORDS = "notes about teal"
FILE = Document(
    source=Data(base64=b64encode(WORDS.encode()).decode(), media_type="text/plain"), name="a.txt"
)
USER = Message(role=Role.USER, parts=(Text(text="read"), FILE))
CALLED = Message(role=Role.ASSISTANT, parts=(ToolCall(id="c", name="f", arguments="{}"),))
RESULT = Message(role=Role.TOOL, parts=(ToolResult(call_id="c", name="f", parts=(FILE,)),))


@pytest.mark.parametrize("messages", [(USER,), (USER, CALLED, RESULT)])
@pytest.mark.parametrize("target", CHAT)
@pytest.mark.parametrize("client", ["bedrock.converse", "openai.responses"])
def test_a_text_file_is_carried(client: str, target: str, messages: tuple[Message, ...]) -> None:
    world = World(target, validate=False)
    request = ChatRequest(model=MODEL, messages=messages, max_tokens=100)
    answer = ask(world, DIALECTS[client], request)
    assert answer.status == 200, answer.body
    body = world.sent[-1].body
    assert WORDS.encode() in body or b64encode(WORDS.encode()) in body


@pytest.mark.parametrize("target", ["cohere.chat", "ollama.chat"])
def test_a_file_of_another_kind_is_refused_by_name(target: str) -> None:
    pdf = Document(source=Data(base64="AAAA", media_type="application/pdf"), name="a.pdf")
    message = Message(role=Role.USER, parts=(Text(text="read"), pdf))
    request = ChatRequest(model=MODEL, messages=(message,), max_tokens=100)
    answer = ask(World(target), DIALECTS["bedrock.converse"], request)
    assert answer.status == 400
    assert b"document" in answer.body
