"""The anthropic.complete dialect: Anthropic's Text Completions API, turns in one prompt.

https://platform.claude.com/docs/en/api/complete
"""

from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Endpoint
from providers.bridging.fidelity import Feature
from providers.dialects.anthropic.complete.errors import render_error
from providers.dialects.anthropic.complete.request import NAME, edits, parse_request, render_request
from providers.dialects.anthropic.complete.response import parse_response, render_response, watch
from providers.dialects.anthropic.complete.stream import (
    CompleteParser,
    CompleteRelay,
    CompleteRenderer,
)
from providers.dialects.anthropic.complete.told import ANSWERS
from providers.operations import Operation
from providers.wire.error_bodies import parse_error

CARRIES = frozenset(
    {
        Feature.MAX_TOKENS,
        Feature.TEMPERATURE,
        Feature.TOP_P,
        Feature.TOP_K,
        Feature.STOP,
        Feature.USER,
        Feature.DOCUMENT_TEXT,
    }
)

NAMES = {
    Feature.MAX_TOKENS: "max_tokens_to_sample",
    Feature.STOP: "stop_sequences",
    Feature.USER: "metadata.user_id",
    Feature.SYSTEM: "prompt",
}

DIALECT = ChatDialect(
    name=NAME,
    operation=Operation.COMPLETIONS,
    client=(Endpoint(path="/v1/complete"),),
    upstream=(Endpoint(path="/complete"),),
    carries=CARRIES,
    names=NAMES,
    opened=frozenset({"metadata"}),
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    parser=CompleteParser,
    renderer=CompleteRenderer,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    relay=CompleteRelay,
    edits=edits,
    request_headers={"anthropic-version": "2023-06-01"},
    own_headers=frozenset(
        {
            "anthropic-version",
            "anthropic-beta",
            "anthropic-dangerous-direct-browser-access",
        }
    ),
    answers=ANSWERS,
)

DIALECTS = (DIALECT,)
