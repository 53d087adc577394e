"""The openai.chat dialect: what OpenAI, and most of the world after it, calls chat completions.

https://platform.openai.com/docs/api-reference/chat
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Endpoint
from providers.bridging.fidelity import Feature
from providers.bridging.tool_names import Rule
from providers.dialects.openai import searches
from providers.dialects.openai.asking import wants_usage
from providers.dialects.openai.chat.edits import edits
from providers.dialects.openai.chat.functions import declared
from providers.dialects.openai.chat.known import TOP
from providers.dialects.openai.chat.media import NAME
from providers.dialects.openai.chat.parser import ChatStreamParser
from providers.dialects.openai.chat.relay import ChatRelay, watch
from providers.dialects.openai.chat.renderer import ChatStreamRenderer
from providers.dialects.openai.chat.request import parse_request, render_request
from providers.dialects.openai.chat.response import parse_response, render_response
from providers.dialects.openai.chat.told import ANSWERS
from providers.dialects.openai.client_tools import RECAST
from providers.dialects.openai.custom import chat_tool
from providers.dialects.openai.kept_ids import of_chat
from providers.dialects.openai.media import inline
from providers.models.openai import SEARCHERS, lacks
from providers.neutral import listing
from providers.neutral.chat import NativeTool
from providers.neutral.schemas.subsets import OPENAI_COMPATIBLE
from providers.operations import Operation
from providers.wire.compatible_errors import parse_error, render_error

LACKS = frozenset(
    {
        Feature.SUFFIX,
        Feature.REASONING_SHOW,
        Feature.REASONING_SUMMARY,
        # OpenRouter, DashScope and OpenAI's newest models know markers, and not the same ones; all
        # others refuse them.
        Feature.CACHE,
        Feature.CACHE_TTL,
        Feature.PREVIOUS_RESPONSE,
        Feature.IMAGE_FILE,
        Feature.AUDIO_FILE,
        Feature.AUDIO_URL,
        Feature.VIDEO_FILE,
        Feature.DOCUMENT_URL,
        Feature.DOCUMENT_CONTEXT,
        Feature.DOCUMENT_CITE,
        Feature.TOOL_RESULT_ERROR,
        Feature.CITATIONS,
    }
)
"""What the format has no words for."""

NAMES = {
    Feature.MAX_TOKENS: "max_completion_tokens",
    Feature.REASONING_OFF: "reasoning_effort",
    Feature.REASONING_EFFORT: "reasoning_effort",
    Feature.REASONING_BUDGET: "thinking.budget_tokens",
    Feature.TOOL_STRICT: "tools.function.strict",
    Feature.TOOL_CHOICE_NONE: "tool_choice",
    Feature.TOOL_CHOICE_REQUIRED: "tool_choice",
    Feature.TOOL_CHOICE_NAMED: "tool_choice",
    Feature.TOOL_CHOICE_ALLOWED: "tool_choice.allowed_tools",
    Feature.JSON_MODE: "response_format",
    Feature.JSON_SCHEMA: "response_format",
    Feature.IMAGE_OUTPUT: "modalities",
    Feature.IMAGE_DATA: "messages.image_url",
    Feature.IMAGE_URL: "messages.image_url",
    Feature.AUDIO_DATA: "messages.input_audio",
    Feature.VIDEO_URL: "messages.video_url",
    Feature.DOCUMENT_DATA: "messages.file",
    Feature.DOCUMENT_FILE: "messages.file",
    Feature.DOCUMENT_URL: "messages.document_url",
    Feature.THINKING: "messages.reasoning_content",
}


def knows(tool: NativeTool, model: str) -> bool:
    """Whether a model takes another dialect's tool."""
    if tool.search is not None:
        return SEARCHERS.search(model) is not None
    return chat_tool(tool) is not None


def searching(write: searches.Write) -> Mapping[str, Any]:
    """What a host's form has whose models all search, asked as `write` says."""

    def has(tool: NativeTool, model: str) -> bool:
        return tool.search is not None or knows(tool, model)

    return {"knows": has, "render_request": partial(render_request, write=write)}


# https://platform.openai.com/docs/guides/audio: streamed sound is of another format.
DIALECT = ChatDialect(
    only_whole=lambda body: bool(body.get("audio")),
    name=NAME,
    operation=Operation.CHAT,
    older={
        "max_completion_tokens": "max_tokens",
        # Who declares functions is told one call.
        "parallel_tool_calls": "functions",
        "tool_choice": "function_call",
        "tools": "functions",
    },
    client=(
        Endpoint(path="/v1/chat/completions"),
        Endpoint(path="/openai/v1/chat/completions"),
        Endpoint(path="/openai/deployments/{model}/chat/completions"),
    ),
    upstream=(Endpoint(path="/chat/completions"),),
    members=TOP,
    answers=ANSWERS,
    carries=frozenset(Feature) - LACKS,
    names=NAMES,
    inline=inline,
    recast=RECAST,
    knows=knows,
    lacks=lacks,
    schemas=lambda request: OPENAI_COMPATIBLE,
    tool_names=Rule(allowed="a-zA-Z0-9_-", longest=64),
    listing=listing.OPENAI,
    request_id="x-request-id",
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    parser=ChatStreamParser,
    renderer=ChatStreamRenderer,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    relay=ChatRelay,
    edits=edits,
    wants_usage=wants_usage,
    echo=declared,
    own_headers=frozenset({"openai-organization", "openai-project", "openai-beta"}),
    ids=of_chat,
)

DIALECTS = (DIALECT,)
