"""The ollama.generate dialect: a prompt and the model's answer, in one turn.

https://docs.ollama.com/api/generate
"""

from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Endpoint
from providers.bridging.fidelity import Feature
from providers.dialects.ollama import chat
from providers.dialects.ollama.errors import parse_error, render_error
from providers.dialects.ollama.generate.request import NAME, parse_request, render_request
from providers.dialects.ollama.generate.response import parse_response, render_response
from providers.dialects.ollama.generate.stream import (
    GenerateParser,
    GenerateRelay,
    GenerateRenderer,
)
from providers.dialects.ollama.generate.told import ANSWERS
from providers.neutral.schemas.subsets import OF_OLLAMA
from providers.operations import Operation
from providers.wire.splice import model_edit

CARRIES = frozenset(
    {
        Feature.MAX_TOKENS,
        Feature.TEMPERATURE,
        Feature.TOP_P,
        Feature.TOP_K,
        Feature.MIN_P,
        Feature.STOP,
        Feature.SEED,
        Feature.SUFFIX,
        Feature.PRESENCE_PENALTY,
        Feature.FREQUENCY_PENALTY,
        Feature.REPETITION_PENALTY,
        Feature.LOGPROBS,
        Feature.TOP_LOGPROBS,
        Feature.JSON_MODE,
        Feature.JSON_SCHEMA,
        Feature.REASONING_OFF,
        Feature.REASONING_EFFORT,
        Feature.REASONING_BUDGET,
        Feature.SYSTEM,
        Feature.IMAGE_DATA,
        Feature.DOCUMENT_TEXT,
    }
)

NAMES = {**chat.NAMES, Feature.SYSTEM: "system", Feature.IMAGE_DATA: "images"}

DIALECT = ChatDialect(
    name=NAME,
    operation=Operation.COMPLETIONS,
    # The model's template makes a chat of it, with a system prompt, pictures and thoughts.
    served_by=(Operation.CHAT, Operation.COMPLETIONS),
    client=(Endpoint(path="/api/generate", stream_default=True),),
    upstream=(Endpoint(path="/generate"),),
    stream_type="application/x-ndjson",
    carries=CARRIES,
    names=NAMES,
    opened=frozenset({"options"}),
    schemas=lambda request: OF_OLLAMA,
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    parser=GenerateParser,
    renderer=GenerateRenderer,
    parse_error=parse_error,
    render_error=render_error,
    watch=chat.DIALECT.watch,
    relay=GenerateRelay,
    edits=model_edit,
    answers=ANSWERS,
)

DIALECTS = (DIALECT,)
