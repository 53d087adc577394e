"""Text Generation Inference: huggingface.generate, and llama.generate, which is the same server
asked with a conversation as a raw prompt.

https://huggingface.github.io/text-generation-inference/
"""

import msgspec

from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Endpoint
from providers.bridging.fidelity import Feature
from providers.dialects.huggingface.generate import llama
from providers.dialects.huggingface.generate.errors import parse_error, render_error
from providers.dialects.huggingface.generate.relay import GenerateRelay
from providers.dialects.huggingface.generate.request import (
    NAME,
    echo,
    parse_request,
    render_request,
)
from providers.dialects.huggingface.generate.response import (
    edits,
    parse_response,
    render_response,
    watch,
)
from providers.dialects.huggingface.generate.stream import GenerateParser, GenerateRenderer
from providers.dialects.huggingface.generate.told import ANSWERS
from providers.operations import Operation

SAMPLING = frozenset(
    {
        Feature.MAX_TOKENS,
        Feature.TEMPERATURE,
        Feature.TOP_P,
        Feature.TOP_K,
        Feature.STOP,
        Feature.SEED,
        Feature.FREQUENCY_PENALTY,
        Feature.REPETITION_PENALTY,
        Feature.DOCUMENT_TEXT,
    }
)

NAMES = {
    Feature.MAX_TOKENS: "parameters.max_new_tokens",
    Feature.TEMPERATURE: "parameters.temperature",
    Feature.TOP_P: "parameters.top_p",
    Feature.TOP_K: "parameters.top_k",
    Feature.STOP: "parameters.stop",
    Feature.SEED: "parameters.seed",
    Feature.FREQUENCY_PENALTY: "parameters.frequency_penalty",
    Feature.REPETITION_PENALTY: "parameters.repetition_penalty",
    Feature.LOGPROBS: "parameters.top_n_tokens",
    Feature.TOP_LOGPROBS: "parameters.top_n_tokens",
    Feature.JSON_SCHEMA: "parameters.grammar",
}

DIALECT = ChatDialect(
    name=NAME,
    operation=Operation.COMPLETIONS,
    ends=True,
    # Its own client sends `stream` to whichever URL it is given.
    client=(Endpoint(path="/generate"), Endpoint(path="/generate_stream", stream=True)),
    upstream=(
        Endpoint(path="/generate", stream=False),
        Endpoint(path="/generate_stream", stream=True),
    ),
    carries=SAMPLING | {Feature.LOGPROBS, Feature.TOP_LOGPROBS, Feature.JSON_SCHEMA},
    names=NAMES,
    opened=frozenset({"parameters"}),
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
    arrays=True,
    answers=ANSWERS,
)

LLAMA = msgspec.structs.replace(
    DIALECT,
    name=llama.NAME,
    operation=Operation.CHAT,
    client=(),
    carries=SAMPLING | {Feature.SYSTEM, Feature.REFUSAL},
    names={},
    render_request=llama.render_request,
)
"""For providers alone."""

DIALECTS = (DIALECT, LLAMA)
