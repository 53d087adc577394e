"""The cohere.generate dialect: Cohere's Generate API, version 1, a prompt and what follows it.

https://docs.cohere.com/v1/reference/generate
"""

from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Endpoint
from providers.bridging.fidelity import Feature
from providers.dialects.cohere.generate.errors import parse_error, render_error
from providers.dialects.cohere.generate.request import (
    NAME,
    echo,
    edits,
    parse_request,
    render_request,
)
from providers.dialects.cohere.generate.response import parse_response, render_response, watch
from providers.dialects.cohere.generate.stream import (
    GenerateParser,
    GenerateRelay,
    GenerateRenderer,
)
from providers.dialects.cohere.generate.told import ANSWERS
from providers.operations import Operation

CARRIES = frozenset(
    {
        Feature.MAX_TOKENS,
        Feature.TEMPERATURE,
        Feature.TOP_P,
        Feature.TOP_K,
        Feature.STOP,
        Feature.SEED,
        Feature.PRESENCE_PENALTY,
        Feature.FREQUENCY_PENALTY,
        Feature.LOGPROBS,
        Feature.N,
        Feature.DOCUMENT_TEXT,
    }
)

NAMES = {
    Feature.TOP_P: "p",
    Feature.TOP_K: "k",
    Feature.STOP: "end_sequences",
    Feature.LOGPROBS: "return_likelihoods",
    Feature.N: "num_generations",
}

DIALECT = ChatDialect(
    name=NAME,
    operation=Operation.COMPLETIONS,
    ends=True,
    client=(Endpoint(path="/v1/generate"),),
    upstream=(Endpoint(path="/generate"),),
    stream_type="application/stream+json",
    carries=CARRIES,
    names=NAMES,
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    parser=GenerateParser,
    renderer=GenerateRenderer,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    relay=GenerateRelay,
    edits=edits,
    echo=echo,
    answers=ANSWERS,
)

DIALECTS = (DIALECT,)
