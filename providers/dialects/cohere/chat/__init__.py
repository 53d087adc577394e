"""The cohere.chat dialect: Cohere's Chat API, version 2.

https://docs.cohere.com/v2/reference/chat
"""

from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Endpoint
from providers.bridging.fidelity import Feature
from providers.bridging.tool_names import Rule
from providers.dialects.cohere.chat.content import NAME
from providers.dialects.cohere.chat.errors import parse_error, render_error
from providers.dialects.cohere.chat.known import TOP
from providers.dialects.cohere.chat.parser import CohereStreamParser
from providers.dialects.cohere.chat.relay import CohereRelay
from providers.dialects.cohere.chat.renderer import CohereStreamRenderer
from providers.dialects.cohere.chat.request import lacks, parse_request, render_request
from providers.dialects.cohere.chat.response import parse_response, render_response, watch
from providers.dialects.cohere.chat.told import ANSWERS
from providers.neutral import listing
from providers.neutral.schemas.subsets import OF_COHERE
from providers.operations import Operation
from providers.wire.splice import model_edit

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
        Feature.TOOLS,
        Feature.TOOL_STRICT,
        Feature.TOOL_CHOICE_NONE,
        Feature.TOOL_CHOICE_REQUIRED,
        # Named tools are the only ones that are offered then.
        Feature.TOOL_CHOICE_NAMED,
        Feature.TOOL_CHOICE_ALLOWED,
        Feature.JSON_MODE,
        Feature.JSON_SCHEMA,
        Feature.REASONING_OFF,
        Feature.REASONING_EFFORT,
        Feature.REASONING_BUDGET,
        # Cohere shows what it thinks.
        Feature.REASONING_SHOW,
        Feature.SYSTEM,
        Feature.IMAGE_DATA,
        Feature.IMAGE_URL,
        Feature.IMAGE_DETAIL,
        Feature.DOCUMENT_TEXT,
        Feature.DOCUMENT_NAME,
        Feature.DOCUMENT_CONTEXT,
        Feature.DOCUMENT_CITE,
        Feature.TOOL_RESULT_MEDIA,
        Feature.THINKING,
        Feature.REFUSAL,
        Feature.CITATIONS,
    }
)

NAMES = {
    Feature.TOP_P: "p",
    Feature.TOP_K: "k",
    Feature.STOP: "stop_sequences",
    Feature.TOOL_STRICT: "strict_tools",
    Feature.TOOL_CHOICE_NONE: "tool_choice",
    Feature.TOOL_CHOICE_REQUIRED: "tool_choice",
    Feature.JSON_MODE: "response_format",
    Feature.JSON_SCHEMA: "response_format",
    Feature.REASONING_OFF: "thinking",
    Feature.REASONING_EFFORT: "thinking",
    Feature.REASONING_BUDGET: "thinking.token_budget",
    Feature.IMAGE_DATA: "messages.image_url",
    Feature.IMAGE_URL: "messages.image_url",
    Feature.IMAGE_DETAIL: "messages.image_url.detail",
    Feature.THINKING: "messages.content.thinking",
    Feature.DOCUMENT_TEXT: "documents",
    Feature.DOCUMENT_NAME: "documents",
    Feature.DOCUMENT_CONTEXT: "documents.context",
    Feature.DOCUMENT_CITE: "citation_options",
}

DIALECT = ChatDialect(
    name=NAME,
    operation=Operation.CHAT,
    client=(Endpoint(path="/v2/chat"),),
    upstream=(Endpoint(path="/chat"),),
    members=TOP,
    answers=ANSWERS,
    carries=CARRIES,
    names=NAMES,
    # "tool names can only contain characters a-z, A-Z, 0-9 and _ and must not begin with a digit".
    tool_names=Rule(allowed="a-zA-Z0-9_", longest=64, first="a-zA-Z_"),
    lacks=lacks,
    schemas=lambda request: OF_COHERE,
    listing=listing.COHERE,
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    parser=CohereStreamParser,
    renderer=CohereStreamRenderer,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    relay=CohereRelay,
    edits=model_edit,
    own_headers=frozenset({"x-client-name"}),
)

DIALECTS = (DIALECT,)
