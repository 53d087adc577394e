"""The openai.completions dialect: a prompt and the text that follows it.

https://platform.openai.com/docs/api-reference/completions
"""

from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Endpoint
from providers.bridging.fidelity import Feature
from providers.dialects.openai.asking import edits, wants_usage
from providers.dialects.openai.completions.request import NAME, parse_request, render_request
from providers.dialects.openai.completions.response import parse_response, render_response, watch
from providers.dialects.openai.completions.stream import (
    CompletionsParser,
    CompletionsRelay,
    CompletionsRenderer,
)
from providers.dialects.openai.completions.told import ANSWERS
from providers.operations import Operation
from providers.wire.compatible_errors import parse_error, render_error

CARRIES = frozenset(
    {
        Feature.MAX_TOKENS,
        Feature.TEMPERATURE,
        Feature.TOP_P,
        Feature.TOP_K,
        Feature.MIN_P,
        Feature.STOP,
        Feature.SEED,
        Feature.PRESENCE_PENALTY,
        Feature.FREQUENCY_PENALTY,
        Feature.REPETITION_PENALTY,
        Feature.LOGIT_BIAS,
        Feature.LOGPROBS,
        Feature.TOP_LOGPROBS,
        Feature.N,
        Feature.SUFFIX,
        Feature.USER,
        Feature.DOCUMENT_TEXT,
    }
)
"""A prompt is text, and so is what follows."""

DIALECT = ChatDialect(
    name=NAME,
    operation=Operation.COMPLETIONS,
    ends=True,
    client=(
        Endpoint(path="/v1/completions"),
        Endpoint(path="/openai/v1/completions"),
        Endpoint(path="/openai/deployments/{model}/completions"),
    ),
    upstream=(Endpoint(path="/completions"),),
    carries=CARRIES,
    names={Feature.TOP_LOGPROBS: "logprobs"},
    request_id="x-request-id",
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    parser=CompletionsParser,
    renderer=CompletionsRenderer,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    relay=CompletionsRelay,
    edits=edits,
    wants_usage=wants_usage,
    answers=ANSWERS,
)

DIALECTS = (DIALECT,)
