"""What of an answer the client's format has no place for: in a header, and in the metadata."""

from typing import Any

import orjson
import pytest

from extproc.exchange.changes import LOST
from extproc.exchange.plan import Plan
from extproc.exchange.policy import Policy
from extproc.exchange.served import Route
from providers.operations import Operation
from tests.e2e.clients.backends import CHAT, provider_of
from tests.e2e.tapes.clients import CLIENTS
from tests.extproc.exchange.test_gathered import Keys
from tests.plans import (
    exchange,
    request_body,
    request_headers,
    response_body,
    response_headers,
    served,
)

WITHOUT_PICTURES = ("anthropic.messages", "cohere.chat", "ollama.chat")
PICTURE = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}
USAGE = {"promptTokenCount": 3, "candidatesTokenCount": 4, "totalTokenCount": 7}


def asked(provider: str, client: str, *, stream: bool = False, gathers: bool = False) -> Any:
    """An exchange whose request has left."""
    up = served(provider=provider_of(provider), dialects={Operation.CHAT: provider})
    route = Route(models=("m",), upstream={"up": "m"}, policy=Policy(gathers=gathers))
    path, body = CLIENTS[client].request("m", stream)
    begun = exchange(Plan({"up": up}, [route]), Keys())
    begun.handle(request_headers(path, "m", source="path" if "/m" in path else "body"))
    begun.handle(request_body(orjson.loads(body)))
    return begun


def whole(provider: str, client: str, answer: Any) -> Any:
    begun = asked(provider, client)
    begun.handle(response_headers())
    return begun.handle(response_body(orjson.dumps(answer)))


def drawn(*parts: Any) -> Any:
    content = {"role": "model", "parts": [{"text": "Here:"}, *parts]}
    return {"candidates": [{"content": content, "finishReason": "STOP"}], "usageMetadata": USAGE}


def said(**members: Any) -> Any:
    message = {"role": "assistant", "content": "hi"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    used = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    return {"id": "i", "model": "m", "created": 5, "choices": [choice], "usage": used, **members}


def chunks(**members: Any) -> bytes:
    head = {"id": "i", "object": "chat.completion.chunk", "created": 5, "model": "m", **members}
    choices: list[Any] = [
        [{"index": 0, "delta": {"role": "assistant", "content": "hi"}, "finish_reason": None}],
        [{"index": 0, "delta": {}, "finish_reason": "stop"}],
    ]
    told = [b"data: %b\n\n" % orjson.dumps({**head, "choices": each}) for each in choices]
    return b"".join([*told, b"data: [DONE]\n\n"])


@pytest.mark.parametrize("client", WITHOUT_PICTURES)
def test_who_can_have_no_picture_reads_that_there_was_one(client: str):
    action = whole("gemini.generate_content", client, drawn(PICTURE))
    words = f"[image (image/png) left out: {client} has no place for it]"
    assert words in CLIENTS[client].whole(orjson.loads(action.body)).text
    assert dict(action.set_headers)[LOST] == "image"
    assert action.metadata["lost_members"] == "image"


@pytest.mark.parametrize("client", WITHOUT_PICTURES)
def test_in_a_stream_too(client: str):
    begun = asked("gemini.generate_content", client, stream=True)
    begun.handle(response_headers(content_type="text/event-stream"))
    data = b"data: %b\n\n" % orjson.dumps(drawn(PICTURE))
    action = begun.handle(response_body(data))
    assert b"[image (image/png) left out" in action.body
    assert action.metadata["lost_members"] == "image"


@pytest.mark.parametrize("client", [name for name in CHAT if not name.startswith("gemini")])
def test_what_a_provider_has_run_itself_is_named(client: str):
    ran = ({"executableCode": {"code": "1"}}, {"codeExecutionResult": {"outcome": "OUTCOME_OK"}})
    action = whole("gemini.generate_content", client, drawn(*ran))
    assert dict(action.set_headers)[LOST] == "executableCode, codeExecutionResult"


def test_a_stream_says_at_its_end_what_was_lost_of_it():
    begun = asked("openai.chat", "anthropic.messages", stream=True)
    opened = begun.handle(response_headers(content_type="text/event-stream"))
    action = begun.handle(response_body(chunks(system_fingerprint="fp", some_member="so")))
    assert LOST not in dict(opened.set_headers)
    assert action.metadata["lost_members"] == "some_member"


def test_a_gathered_answer_keeps_what_its_own_format_knows():
    begun = asked("openai.chat", "openai.chat", gathers=True)
    begun.handle(response_headers(content_type="text/event-stream"))
    action = begun.handle(response_body(chunks(system_fingerprint="fp", service_tier="flex")))
    answer = orjson.loads(action.body)
    assert (answer["system_fingerprint"], answer["service_tier"]) == ("fp", "flex")
    assert LOST not in dict(action.set_headers)


@pytest.mark.parametrize("client", [name for name in CHAT if name != "openai.chat"])
def test_of_an_answer_of_which_nothing_is_lost_nothing_is_named(client: str):
    action = whole("openai.chat", client, said())
    assert LOST not in dict(action.set_headers)
    assert "lost_members" not in action.metadata
