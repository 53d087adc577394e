"""`anthropic.messages`: the Messages API (https://platform.claude.com/docs/en/api/messages).

Both versions of the API are spoken: what a client writes under 2026-10-21 is a subset of what it
may write under 2023-06-01, which is what is sent upstream, as it still knows temperature, top_p
and top_k for the models that take them (https://platform.claude.com/docs/en/api/versioning).
"""

from providers.bridging.chat import ChatDialect
from providers.bridging.counting import counting, only
from providers.bridging.dialect import Endpoint
from providers.bridging.fidelity import Feature
from providers.bridging.tool_names import Rule
from providers.dialects.anthropic.errors import parse_error, render_error
from providers.dialects.anthropic.kept_ids import IDS
from providers.dialects.anthropic.messages.body import render_request
from providers.dialects.anthropic.messages.client_tools import RECAST
from providers.dialects.anthropic.messages.content import inline, tool_id
from providers.dialects.anthropic.messages.generations import fitted
from providers.dialects.anthropic.messages.marks import marked
from providers.dialects.anthropic.messages.parser import MessagesParser
from providers.dialects.anthropic.messages.relay import MessagesRelay, edits, watch
from providers.dialects.anthropic.messages.renaming import RenamingRelay
from providers.dialects.anthropic.messages.renderer import MessagesRenderer
from providers.dialects.anthropic.messages.request import parse_request
from providers.dialects.anthropic.messages.response import parse_response, render_response
from providers.dialects.anthropic.messages.searches import knows
from providers.dialects.anthropic.messages.told import ANSWERS
from providers.dialects.anthropic.names import NAME
from providers.models.claude.betas import HEADER
from providers.models.claude.models import lacks
from providers.neutral import listing
from providers.neutral.schemas.subsets import OF_CLAUDE
from providers.operations import Operation

CARRIES = frozenset(
    {
        Feature.MAX_TOKENS,
        Feature.TEMPERATURE,
        Feature.TOP_P,
        Feature.TOP_K,
        Feature.STOP,
        Feature.TOOLS,
        Feature.TOOL_STRICT,
        Feature.NATIVE_TOOLS,
        Feature.TOOL_CHOICE_NONE,
        Feature.TOOL_CHOICE_REQUIRED,
        Feature.TOOL_CHOICE_NAMED,
        Feature.TOOL_CHOICE_ALLOWED,
        Feature.PARALLEL_TOOL_CALLS,
        Feature.JSON_SCHEMA,
        Feature.REASONING_OFF,
        Feature.REASONING_EFFORT,
        Feature.REASONING_BUDGET,
        Feature.REASONING_SHOW,
        Feature.REASONING_SUMMARY,
        Feature.USER,
        Feature.SERVICE_TIER,
        Feature.SAFETY_IDENTIFIER,
        Feature.CACHE,
        Feature.CACHE_TTL,
        Feature.SYSTEM,
        Feature.IMAGE_DATA,
        Feature.IMAGE_URL,
        Feature.IMAGE_FILE,
        Feature.DOCUMENT_DATA,
        Feature.DOCUMENT_URL,
        Feature.DOCUMENT_FILE,
        Feature.DOCUMENT_TEXT,
        Feature.DOCUMENT_NAME,
        Feature.DOCUMENT_CONTEXT,
        Feature.DOCUMENT_CITE,
        Feature.TOOL_RESULT_MEDIA,
        Feature.TOOL_RESULT_ERROR,
        Feature.THINKING,
        Feature.REFUSAL,
        Feature.CITATIONS,
    }
)
# JSON mode without a schema is not here: structured outputs want a closed schema.

NAMES = {
    Feature.STOP: "stop_sequences",
    Feature.TOOL_CHOICE_REQUIRED: "tool_choice.any",
    Feature.TOOL_CHOICE_NAMED: "tool_choice.tool",
    Feature.PARALLEL_TOOL_CALLS: "tool_choice.disable_parallel_tool_use",
    Feature.JSON_SCHEMA: "output_config.format",
    Feature.REASONING_OFF: "thinking",
    Feature.REASONING_EFFORT: "output_config.effort",
    Feature.REASONING_BUDGET: "thinking.budget_tokens",
    Feature.REASONING_SHOW: "thinking.display",
    Feature.USER: "metadata.user_id",
    Feature.SYSTEM: "system",
    Feature.DOCUMENT_NAME: "document.title",
    Feature.THINKING: "messages.content.thinking",
}

VERTEX = "/v1/projects/*/locations/*/publishers/anthropic/models/{model}"

DIALECT = ChatDialect(
    name=NAME,
    operation=Operation.CHAT,
    client=(
        Endpoint(path="/v1/messages"),
        Endpoint(path="/anthropic/v1/messages"),
        Endpoint(path=f"{VERTEX}:rawPredict", stream=False),
        Endpoint(path=f"{VERTEX}:streamRawPredict", stream=True),
    ),
    upstream=(Endpoint(path="/messages"),),
    answers=ANSWERS,
    carries=CARRIES,
    names=NAMES,
    inline=inline,
    renaming=RenamingRelay,
    recast=RECAST,
    knows=knows,
    searched="messages.content.web_search_tool_result",
    lacks=lacks,
    schemas=lambda request: OF_CLAUDE,
    tool_names=Rule(allowed="a-zA-Z0-9_-", longest=128),
    shown_id=tool_id,
    listing=listing.ANTHROPIC,
    request_id="request-id",
    tune=fitted,
    marks=marked,
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    parser=MessagesParser,
    renderer=MessagesRenderer,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    relay=MessagesRelay,
    edits=edits,
    ids=lambda body: IDS,
    request_headers={"anthropic-version": "2023-06-01"},
    own_headers=frozenset(
        {
            "anthropic-version",
            "anthropic-beta",
            "anthropic-dangerous-direct-browser-access",
        }
    ),
    told_headers=frozenset({HEADER}),
)

COUNTED = frozenset(
    {
        "cache_control",
        "context_management",
        "mcp_servers",
        "messages",
        "model",
        "output_config",
        "speed",
        "system",
        "thinking",
        "tool_choice",
        "tools",
    }
)
"""https://platform.claude.com/docs/en/api/messages-count-tokens"""

COUNT = counting(
    DIALECT,
    name="anthropic.count_tokens",
    client=(
        Endpoint(path="/v1/messages/count_tokens", stream=False),
        Endpoint(path="/anthropic/v1/messages/count_tokens", stream=False),
        # https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/count-tokens
        Endpoint(path=f"{VERTEX.removesuffix('{model}')}count-tokens:rawPredict", stream=False),
    ),
    upstream=(Endpoint(path="/messages/count_tokens", stream=False),),
    wrap=only(COUNTED),
    number="input_tokens",
)

DIALECTS = (DIALECT, COUNT)
