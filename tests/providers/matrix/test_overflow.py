"""A prompt that is too long: whoever says it, each client hears it in its own vendor's words."""

import re
from typing import Any

import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.dialects.openai.responses.errors import error_event, failure
from providers.errors import ApiError, Cause
from providers.wire import overflow

SAID: dict[str, tuple[int, dict[str, str], Any]] = {
    "openai.chat": (
        400,
        {},
        {
            "error": {
                "message": "This model's maximum context length is 200000 tokens. However, your "
                "messages resulted in 210000 tokens.",
                "type": "invalid_request_error",
                "param": "messages",
                "code": "context_length_exceeded",
            }
        },
    ),
    "openai.responses": (
        400,
        {},
        {
            "error": {
                "message": "Your input exceeds the context window of this model. Please adjust it.",
                "type": "invalid_request_error",
                "param": "input",
                "code": "context_length_exceeded",
            }
        },
    ),
    "anthropic.messages": (
        400,
        {},
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "prompt is too long: 210000 tokens > 200000 maximum",
            },
        },
    ),
    "bedrock.converse": (
        400,
        {"x-amzn-errortype": "ValidationException"},
        {"message": "Input is too long for requested model."},
    ),
    "gemini.generate_content": (
        400,
        {},
        {
            "error": {
                "code": 400,
                "message": "The input token count (210000) exceeds the maximum number of tokens "
                "allowed (200000).",
                "status": "INVALID_ARGUMENT",
            }
        },
    ),
    "cohere.chat": (
        400,
        {},
        {
            "message": "too many tokens: total number of tokens in the prompt cannot exceed 200000"
            " - received 210000. Try using a shorter prompt."
        },
    ),
    "ollama.chat": (400, {}, {"error": "the input length exceeds the context length"}),
    "huggingface.generate": (
        422,
        {},
        {
            "error": "Input validation error: `inputs` must have less than 200000 tokens. "
            "Given: 210000",
            "error_type": "validation",
        },
    ),
}
"""Target → how it says so: status, headers, body."""

HEARD = {
    "openai.chat": r'"code":"context_length_exceeded"',
    "openai.responses": r'"code":"context_length_exceeded"',
    "openai.completions": r'"code":"context_length_exceeded"',
    "anthropic.messages": r'"invalid_request_error","message":"prompt is too long\b',
    "anthropic.complete": r'"invalid_request_error","message":"prompt is too long\b',
    "bedrock.converse": r'"message":"(?:Input|prompt) is too long\b',
    "gemini.generate_content": r"exceeds the maximum number of tokens\b",
    "cohere.chat": r'"message":"too many tokens:',
    "cohere.generate": r'"message":"too many tokens:',
    "ollama.chat": r"input length exceeds the context length\b",
    "huggingface.generate": r"`inputs` must have less than\b",
}
"""Client → what its SDK or agent looks for."""

PAIRS = [(client, target) for client in HEARD for target in SAID]


@pytest.mark.parametrize(("client", "target"), PAIRS)
def test_every_client_hears_it_in_its_own_words(client: str, target: str) -> None:
    status, headers, body = SAID[target]
    crossing = bridge(DIALECTS[client], DIALECTS[target], Quirks())
    error, told, _, said = crossing.error(status, headers, orjson.dumps(body))
    assert error.cause is Cause.CONTEXT
    assert told == 400
    assert re.search(HEARD[client], said.decode()), said


COUNTED = [target for target, (*_, body) in SAID.items() if "210000" in str(body)]


@pytest.mark.parametrize("target", COUNTED)
def test_claude_code_learns_both_numbers(target: str) -> None:
    status, headers, body = SAID[target]
    error = DIALECTS[target].parse_error(status, headers, orjson.dumps(body))
    said = orjson.loads(DIALECTS["anthropic.messages"].render_error(error)[2])
    assert said["error"]["message"] == "prompt is too long: 210000 tokens > 200000 maximum"


WORDS = [
    "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens"
    " (4000 in the messages, 1000 in the completion).",
    "This endpoint's maximum context length is 4096 tokens. However, you requested about 5000.",
    "This model's maximum prompt length is 4096 but the request contains 5000 tokens.",
    "prompt token count of 5000 exceeds the limit of 4096",
    "Invalid request: Your request exceeded model token limit: 4096 (requested: 5000)",
    "Prompt contains 5000 tokens and 0 draft tokens, too large for model with 4096 maximum"
    " context length",
    "Too many input tokens. Max input tokens: 4096, request input token count: 5000",
    "The input (5000 tokens) is longer than the model's context length (4096 tokens).",
    "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 20",
]


@pytest.mark.parametrize("message", WORDS)
def test_the_numbers_of_many_servers_are_understood(message: str) -> None:
    body = orjson.dumps({"error": {"message": message, "type": "BadRequestError", "code": 400}})
    error = DIALECTS["openai.chat"].parse_error(400, {}, body)
    said = orjson.loads(DIALECTS["anthropic.messages"].render_error(error)[2])
    assert said["error"]["message"] == "prompt is too long: 5000 tokens > 4096 maximum"


@pytest.mark.parametrize(
    "message",
    [
        "Please reduce the length of the messages or completion.",
        "the request exceeds the available context size, try increasing it",
        "The number of tokens to keep from the initial prompt is greater than the context length",
        "invalid params, context window exceeds limit (2013)",
    ],
)
def test_without_numbers_the_servers_own_words_follow(message: str) -> None:
    body = orjson.dumps({"error": {"message": message, "code": 400}})
    error = DIALECTS["openai.chat"].parse_error(400, {}, body)
    said = orjson.loads(DIALECTS["anthropic.messages"].render_error(error)[2])
    assert said["error"]["message"] == f"prompt is too long: {message}"


def test_a_compatible_servers_refusal_gets_openais_code_in_passing() -> None:
    inner = {"message": WORDS[0], "type": "BadRequestError", "param": None, "code": 400}
    chat = DIALECTS["openai.chat"]
    body = bridge(chat, chat, Quirks()).error(400, {}, orjson.dumps({"error": inner}))[3]
    said = orjson.loads(body)["error"]
    assert (said["code"], said["message"]) == ("context_length_exceeded", WORDS[0])


@pytest.mark.parametrize(
    ("status", "cause"), [(429, Cause.RATE_LIMIT), (500, Cause.SERVER), (401, Cause.AUTHENTICATION)]
)
def test_what_only_sounds_like_it_is_something_else(status: int, cause: Cause) -> None:
    message = "too many tokens: Too many tokens, please wait before trying again."
    error = ApiError(status=status, cause=cause, message=message)
    assert overflow.named(error) is error


def test_codex_hears_it_in_a_stream_that_failed() -> None:
    body = orjson.dumps(SAID["anthropic.messages"][2])
    error = DIALECTS["anthropic.messages"].parse_error(400, {}, body)
    assert failure(error)["code"] == "context_length_exceeded"
    assert b'"code":"context_length_exceeded"' in error_event(error, 3)
