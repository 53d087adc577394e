"""The ollama.chat dialect: Ollama's own chat API, with streams of newline-delimited JSON.

https://docs.ollama.com/api/chat
"""

from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Endpoint
from providers.bridging.fidelity import Feature
from providers.dialects.ollama.chat.known import TOP
from providers.dialects.ollama.chat.parser import OllamaStreamParser
from providers.dialects.ollama.chat.relay import OllamaRelay
from providers.dialects.ollama.chat.renderer import OllamaStreamRenderer
from providers.dialects.ollama.chat.request import parse_request, render_request
from providers.dialects.ollama.chat.response import parse_response, render_response, watch
from providers.dialects.ollama.chat.told import ANSWERS
from providers.dialects.ollama.errors import parse_error, render_error
from providers.dialects.ollama.names import NAME
from providers.neutral import listing
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
        Feature.PRESENCE_PENALTY,
        Feature.FREQUENCY_PENALTY,
        Feature.REPETITION_PENALTY,
        Feature.LOGPROBS,
        Feature.TOP_LOGPROBS,
        Feature.TOOLS,
        # Said by what is offered.
        Feature.TOOL_CHOICE_NONE,
        Feature.TOOL_CHOICE_ALLOWED,
        Feature.JSON_MODE,
        Feature.JSON_SCHEMA,
        Feature.REASONING_OFF,
        Feature.REASONING_EFFORT,
        Feature.REASONING_BUDGET,
        Feature.REASONING_SHOW,
        Feature.SYSTEM,
        Feature.IMAGE_DATA,
        Feature.DOCUMENT_TEXT,
        Feature.TOOL_RESULT_MEDIA,
        Feature.THINKING,
        Feature.REFUSAL,
    }
)

NAMES = {
    Feature.MAX_TOKENS: "options.num_predict",
    Feature.TEMPERATURE: "options.temperature",
    Feature.TOP_P: "options.top_p",
    Feature.TOP_K: "options.top_k",
    Feature.MIN_P: "options.min_p",
    Feature.STOP: "options.stop",
    Feature.SEED: "options.seed",
    Feature.PRESENCE_PENALTY: "options.presence_penalty",
    Feature.FREQUENCY_PENALTY: "options.frequency_penalty",
    Feature.REPETITION_PENALTY: "options.repeat_penalty",
    Feature.JSON_MODE: "format",
    Feature.JSON_SCHEMA: "format",
    Feature.REASONING_OFF: "think",
    Feature.REASONING_EFFORT: "think",
    Feature.REASONING_SHOW: "think",
    Feature.IMAGE_DATA: "messages.images",
    Feature.THINKING: "messages.thinking",
}

DIALECT = ChatDialect(
    name=NAME,
    operation=Operation.CHAT,
    client=(Endpoint(path="/api/chat", stream_default=True),),
    upstream=(Endpoint(path="/chat"),),
    stream_type="application/x-ndjson",
    members=TOP,
    answers=ANSWERS,
    carries=CARRIES,
    names=NAMES,
    opened=frozenset({"options"}),
    schemas=lambda request: OF_OLLAMA,
    listing=listing.OLLAMA,
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    parser=OllamaStreamParser,
    renderer=OllamaStreamRenderer,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    relay=OllamaRelay,
    edits=model_edit,
)

DIALECTS = (DIALECT,)
