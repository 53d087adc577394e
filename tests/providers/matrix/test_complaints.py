"""A provider's answer of status 200 that only says what went wrong is an error to every client."""

import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Context, Dialect
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.errors import ApiError, BadAnswer, Cause
from providers.operations import Operation

KINDS = (Operation.CHAT, Operation.COMPLETIONS)
TARGETS = [
    one for one in DIALECTS.values() if isinstance(one, ChatDialect) and one.operation in KINDS
]
CLIENTS = [one for one in TARGETS if one.client]
CONTEXT = Context(model="m", id="x", now=1)


def pairs() -> list[tuple[Dialect, Dialect]]:
    return [(c, t) for c in CLIENTS for t in TARGETS if c.operation is t.operation]


@pytest.mark.parametrize(
    "body", [{"message": "no room"}, {"error": "no room"}, {"error": {"message": "no room"}}, {}]
)
@pytest.mark.parametrize(("client", "target"), pairs(), ids=lambda one: one.name)
def test_an_answer_that_is_none_is_a_failure(client, target, body) -> None:
    try:
        _, seen = bridge(client, target, Quirks()).whole(orjson.dumps(body), CONTEXT)
    except BadAnswer as error:
        told: ApiError | None = error.as_api_error()
    else:
        told = seen.error
    assert told is not None
    assert told.status >= 500


# In each vendor's own words, as its documentation or its server's source has them.
TOO_LONG = {
    "anthropic.messages": "prompt is too long: 210000 tokens > 200000 maximum",
    "bedrock.converse": "Input is too long for requested model.",
    "cohere.chat": "too many tokens: the prompt cannot exceed 200000 - received 210000",
    "gemini.generate_content": "The input token count (210000) exceeds the maximum number of tokens"
    " allowed (200000).",
    "ollama.chat": "the input length exceeds the context length",
    "openai.chat": "This model's maximum context length is 200000 tokens. However, your messages"
    " resulted in 210000 tokens.",
    "openai.responses": "Your input exceeds the context window of this model.",
}
# By what SDKs and agents of each dialect know it.
KNOWN = {
    "anthropic.messages": "prompt is too long",
    "bedrock.converse": "too long",
    "cohere.chat": "too many tokens",
    "gemini.generate_content": "input token count",
    "ollama.chat": "context length",
    "openai.chat": "context_length_exceeded",
    "openai.responses": "context_length_exceeded",
}


@pytest.mark.parametrize("client", KNOWN)
@pytest.mark.parametrize("target", TOO_LONG)
def test_a_prompt_that_is_too_long_is_told_as_the_client_knows_it(client, target) -> None:
    theirs = DIALECTS[target]
    said = ApiError(status=400, cause=Cause.INVALID_REQUEST, message=TOO_LONG[target])
    status, headers, body = theirs.render_error(said)
    lower = {name.lower(): value for name, value in headers.items()}
    _, shown, _, told = bridge(DIALECTS[client], theirs, Quirks()).error(status, lower, body)
    assert shown == 400
    assert KNOWN[client].encode().lower() in told.lower()
