"""An answer that ends in a failure is an error for every client, whole and streamed."""

import orjson
import pytest

from providers.catalog import DIALECTS
from providers.neutral.chat import ChatRequest, Message, Role, Text
from providers.neutral.deltas import Failed
from tests.e2e.clients.backends import CHAT
from tests.providers.matrix.test_random import ask
from tests.providers.matrix.world import MODEL, World

ENDS = {
    "openai.chat": "error",
    "gemini.generate_content": "OTHER",
    "bedrock.converse": "malformed_model_output",
    "cohere.chat": "ERROR",
    "ollama.chat": "error",
}
"""Provider → its word for an answer that broke off."""

PAIRS = [(client, target) for client in CHAT for target in ENDS if client != target]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("client", "target"), PAIRS)
def test_a_failure_is_an_error(client: str, target: str, stream: bool) -> None:
    order = f'[[sim: {{"text": "half an", "finish": "{ENDS[target]}"}}]]'
    request = ChatRequest(
        model=MODEL,
        messages=(Message(role=Role.USER, parts=(Text(text=order),)),),
        max_tokens=100,
        stream=stream,
    )
    world, dialect = World(target), DIALECTS[client]
    answer = ask(world, dialect, request)
    assert world.metadata["error_type"]
    if not stream:
        assert answer.status >= 500
        assert dialect.parse_error(answer.status, {}, answer.body).message
        return
    parser = dialect.parser()
    deltas = parser.feed(answer.body) + parser.flush()
    assert isinstance(deltas[-1], Failed)


def test_what_openrouter_says_of_a_failure_is_told() -> None:
    said = {"code": 502, "message": "no luck upstream"}
    choice = {"index": 0, "finish_reason": "error", "error": said}
    whole = {"choices": [{**choice, "message": {"role": "assistant", "content": "half"}}]}
    parse = DIALECTS["openai.chat"]
    (found,) = parse.parse_response(whole).choices
    assert found.error is not None
    assert (found.error.status, found.error.message) == (502, "no luck upstream")
    parser = parse.parser()
    chunk = {"id": "i", "choices": [{**choice, "delta": {"content": "half"}}]}
    *_, end = parser.feed(b"data: %b\n\n" % orjson.dumps(chunk)) + parser.flush()
    assert getattr(end, "error", None) == found.error
