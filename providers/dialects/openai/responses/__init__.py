"""The openai.responses dialect: OpenAI's newer form of a conversation, in items.

https://platform.openai.com/docs/api-reference/responses
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from providers.bridging.chat import ChatDialect
from providers.bridging.counting import counting, only
from providers.bridging.dialect import Endpoint
from providers.bridging.fidelity import Feature
from providers.bridging.tool_names import Rule
from providers.dialects.openai import searches
from providers.dialects.openai.client_tools import RECAST
from providers.dialects.openai.custom import responses_tool
from providers.dialects.openai.kept_ids import IDS
from providers.dialects.openai.media import inline
from providers.dialects.openai.responses.edits import edits
from providers.dialects.openai.responses.known import TOP
from providers.dialects.openai.responses.media import NAME
from providers.dialects.openai.responses.parser import ResponsesParser
from providers.dialects.openai.responses.relay import ResponsesRelay
from providers.dialects.openai.responses.renderer import ResponsesRenderer
from providers.dialects.openai.responses.request import parse_request, render_request
from providers.dialects.openai.responses.response import (
    echo,
    parse_response,
    render_response,
    told_whole,
    watch,
)
from providers.dialects.openai.responses.told import ANSWERS
from providers.models.openai import SEARCHLESS, lacks
from providers.neutral.chat import NativeTool
from providers.neutral.schemas.subsets import OPENAI_COMPATIBLE
from providers.operations import Operation
from providers.wire.compatible_errors import parse_error, render_error

LACKS = frozenset(
    {
        Feature.TOP_K,
        Feature.MIN_P,
        Feature.STOP,
        Feature.SEED,
        Feature.PRESENCE_PENALTY,
        Feature.FREQUENCY_PENALTY,
        Feature.REPETITION_PENALTY,
        Feature.LOGIT_BIAS,
        Feature.N,
        Feature.SUFFIX,
        Feature.AUDIO_OUTPUT,
        # Pictures are drawn by a tool here, which is another wish.
        Feature.IMAGE_OUTPUT,
        Feature.PREDICTION,
        # Only OpenAI's newest models know markers; all others refuse them.
        Feature.CACHE,
        Feature.CACHE_TTL,
        Feature.MESSAGE_NAME,
        # The SDK's types have input_audio, and no message that may hold it.
        Feature.AUDIO_DATA,
        Feature.AUDIO_URL,
        Feature.AUDIO_FILE,
        Feature.VIDEO_DATA,
        Feature.VIDEO_URL,
        Feature.VIDEO_FILE,
        Feature.DOCUMENT_CONTEXT,
        Feature.DOCUMENT_CITE,
        Feature.TOOL_RESULT_ERROR,
    }
)
"""What the format has no words for."""

NAMES = {
    Feature.MAX_TOKENS: "max_output_tokens",
    Feature.LOGPROBS: "include",
    Feature.TOOL_CHOICE_NONE: "tool_choice",
    Feature.TOOL_CHOICE_REQUIRED: "tool_choice",
    Feature.TOOL_CHOICE_NAMED: "tool_choice",
    Feature.TOOL_CHOICE_ALLOWED: "tool_choice.allowed_tools",
    Feature.NATIVE_TOOLS: "tools",
    Feature.JSON_MODE: "text.format",
    Feature.JSON_SCHEMA: "text.format",
    Feature.VERBOSITY: "text.verbosity",
    Feature.REASONING_OFF: "reasoning.effort",
    Feature.REASONING_EFFORT: "reasoning.effort",
    Feature.REASONING_SHOW: "reasoning.summary",
    Feature.SYSTEM: "instructions",
    Feature.IMAGE_DATA: "input.input_image",
    Feature.IMAGE_URL: "input.input_image",
    Feature.IMAGE_FILE: "input.input_image.file_id",
    Feature.IMAGE_DETAIL: "input.input_image.detail",
    Feature.AUDIO_DATA: "input.input_audio",
    Feature.DOCUMENT_DATA: "input.input_file",
    Feature.DOCUMENT_URL: "input.input_file.file_url",
    Feature.DOCUMENT_FILE: "input.input_file.file_id",
    Feature.DOCUMENT_NAME: "input.input_file.filename",
    Feature.TOOL_RESULT_MEDIA: "input.function_call_output",
    Feature.THINKING: "input.reasoning",
    Feature.REFUSAL: "input.refusal",
    Feature.CITATIONS: "input.annotations",
    Feature.CACHE: "prompt_cache_breakpoint",
    Feature.CACHE_TTL: "prompt_cache_breakpoint.ttl",
}


def searching(write: searches.Write) -> Mapping[str, Any]:
    """What a host's form has that can search, and is asked for it as `write` says."""

    def knows(tool: NativeTool, model: str) -> bool:
        if tool.search is not None:
            return SEARCHLESS.search(model) is None
        return responses_tool(tool) is not None

    return {"knows": knows, "render_request": partial(render_request, write=write)}


# https://platform.openai.com/docs/guides/background: such an answer is asked for again by its id.
DIALECT = ChatDialect(
    only_whole=lambda body: bool(body.get("background")),
    name=NAME,
    operation=Operation.CHAT,
    client=(
        Endpoint(path="/v1/responses"),
        Endpoint(path="/openai/v1/responses"),
        Endpoint(path="/openai/responses"),
    ),
    upstream=(Endpoint(path="/responses"),),
    members=TOP,
    answers=ANSWERS,
    carries=frozenset(Feature) - LACKS,
    names=NAMES,
    opened=frozenset({"text", "reasoning"}),
    inline=inline,
    recast=RECAST,
    knows=lambda tool, model: responses_tool(tool) is not None,
    searched="input.web_search_call",
    lacks=lacks,
    schemas=lambda request: OPENAI_COMPATIBLE,
    tool_names=Rule(allowed="a-zA-Z0-9_-", longest=64),
    request_id="x-request-id",
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    parser=ResponsesParser,
    renderer=ResponsesRenderer,
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    relay=ResponsesRelay,
    edits=edits,
    echo=echo,
    told_whole=told_whole,
    knows_agents=True,
    ids=lambda body: IDS,
)

COUNTED = frozenset(
    {
        "conversation",
        "input",
        "instructions",
        "model",
        "parallel_tool_calls",
        "previous_response_id",
        "reasoning",
        "text",
        "tool_choice",
        "tools",
        "truncation",
    }
)
"""https://platform.openai.com/docs/api-reference/responses/input-tokens"""

COUNT = counting(
    DIALECT,
    name="openai.input_tokens",
    client=(
        Endpoint(path="/v1/responses/input_tokens", stream=False),
        Endpoint(path="/openai/v1/responses/input_tokens", stream=False),
    ),
    upstream=(Endpoint(path="/responses/input_tokens", stream=False),),
    wrap=only(COUNTED),
    number="input_tokens",
    constant={"object": "response.input_tokens"},
)

DIALECTS = (DIALECT, COUNT)
