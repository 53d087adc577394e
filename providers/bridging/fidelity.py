"""Nothing is lost silently: what a request asks for, held against what a dialect can say.

A feature that the target cannot express is refused where dropping it would change the meaning, and
dropped and named where it is a mere hint. Which of the two is a property of the feature: `loss`.
Which features a dialect can express is the dialect's own `carries`.
"""

from collections.abc import Mapping, Set
from enum import StrEnum
from typing import Any

import msgspec

from providers.errors import Unsupported
from providers.neutral.chat import (
    ChatRequest,
    NativeTool,
    Tool,
)


class Loss(StrEnum):
    """What becomes of a feature that the target cannot express."""

    REFUSE = "refuse"
    DROP = "drop"


class Feature(StrEnum):
    """Everything that one dialect can say and another perhaps cannot; the values are in `names`."""

    MAX_TOKENS = "max_tokens"
    TEMPERATURE = "temperature"
    TOP_P = "top_p"
    TOP_K = "top_k"
    MIN_P = "min_p"
    STOP = "stop"
    SEED = "seed"
    PRESENCE_PENALTY = "presence_penalty"
    FREQUENCY_PENALTY = "frequency_penalty"
    REPETITION_PENALTY = "repetition_penalty"
    LOGIT_BIAS = "logit_bias"
    LOGPROBS = "logprobs"
    TOP_LOGPROBS = "top_logprobs"
    N = "n"
    SUFFIX = "suffix"
    TOOLS = "tools"
    TOOL_STRICT = "tools.strict"
    NATIVE_TOOLS = "tools.native"
    TOOL_CHOICE_NONE = "tool_choice.none"
    TOOL_CHOICE_REQUIRED = "tool_choice.required"
    TOOL_CHOICE_NAMED = "tool_choice.named"
    TOOL_CHOICE_ALLOWED = "tool_choice.allowed"
    PARALLEL_TOOL_CALLS = "parallel_tool_calls"
    JSON_MODE = "response_format.json_object"
    JSON_SCHEMA = "response_format.json_schema"
    REASONING_OFF = "reasoning.off"
    REASONING_EFFORT = "reasoning.effort"
    REASONING_BUDGET = "reasoning.budget"
    REASONING_SHOW = "reasoning.show"
    REASONING_SUMMARY = "reasoning.summary"
    VERBOSITY = "verbosity"
    AUDIO_OUTPUT = "audio"
    IMAGE_OUTPUT = "modalities.image"
    PREDICTION = "prediction"
    USER = "user"
    METADATA = "metadata"
    SERVICE_TIER = "service_tier"
    STORE = "store"
    PROMPT_CACHE_KEY = "prompt_cache_key"
    SAFETY_IDENTIFIER = "safety_identifier"
    CACHE = "cache_control"
    CACHE_TTL = "cache_control.ttl"
    PREVIOUS_RESPONSE = "previous_response_id"
    MESSAGE_NAME = "messages.name"
    SYSTEM = "messages.system"
    IMAGE_DATA = "image.data"
    IMAGE_URL = "image.url"
    IMAGE_FILE = "image.file_id"
    IMAGE_DETAIL = "image.detail"
    AUDIO_DATA = "audio.data"
    AUDIO_URL = "audio.url"
    AUDIO_FILE = "audio.file_id"
    VIDEO_DATA = "video.data"
    VIDEO_URL = "video.url"
    VIDEO_FILE = "video.file_id"
    DOCUMENT_DATA = "document.data"
    DOCUMENT_URL = "document.url"
    DOCUMENT_FILE = "document.file_id"
    DOCUMENT_TEXT = "document.text"
    DOCUMENT_NAME = "document.name"
    DOCUMENT_CONTEXT = "document.context"
    DOCUMENT_CITE = "document.citations"
    TOOL_RESULT_MEDIA = "tool_result.media"
    TOOL_RESULT_ERROR = "tool_result.is_error"
    THINKING = "messages.thinking"
    REFUSAL = "messages.refusal"
    CITATIONS = "messages.citations"


MEANINGFUL = frozenset(
    {
        Feature.STOP,
        Feature.LOGPROBS,
        Feature.N,
        Feature.SUFFIX,
        Feature.TOOLS,
        Feature.NATIVE_TOOLS,
        Feature.TOOL_CHOICE_NONE,
        Feature.TOOL_CHOICE_REQUIRED,
        Feature.TOOL_CHOICE_NAMED,
        Feature.TOOL_CHOICE_ALLOWED,
        Feature.PARALLEL_TOOL_CALLS,
        Feature.JSON_MODE,
        Feature.JSON_SCHEMA,
        Feature.AUDIO_OUTPUT,
        Feature.IMAGE_OUTPUT,
        Feature.PREVIOUS_RESPONSE,
        Feature.IMAGE_DATA,
        Feature.IMAGE_URL,
        Feature.IMAGE_FILE,
        Feature.AUDIO_DATA,
        Feature.AUDIO_URL,
        Feature.AUDIO_FILE,
        Feature.VIDEO_DATA,
        Feature.VIDEO_URL,
        Feature.VIDEO_FILE,
        Feature.DOCUMENT_DATA,
        Feature.DOCUMENT_URL,
        Feature.DOCUMENT_FILE,
        Feature.DOCUMENT_TEXT,
        Feature.DOCUMENT_CITE,
        Feature.TOOL_RESULT_MEDIA,
    }
)
"""Features that change the meaning; all others are hints."""


ADVICE = {
    Feature.PREVIOUS_RESPONSE: "no answers are kept there: send the whole conversation, with"
    " `store: false`",
}
"""What a client can do about a feature that is refused."""


FEATURES = frozenset(map(str, Feature))
"""Their names."""


def loss(feature: Feature) -> Loss:
    """What becomes of `feature` where it cannot be expressed."""
    return Loss.REFUSE if feature in MEANINGFUL else Loss.DROP


PLAIN = (
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
    Feature.TOOLS,
    Feature.VERBOSITY,
    Feature.AUDIO_OUTPUT,
    Feature.PREDICTION,
    Feature.USER,
    Feature.METADATA,
    Feature.SERVICE_TIER,
    Feature.STORE,
    Feature.PROMPT_CACHE_KEY,
    Feature.SAFETY_IDENTIFIER,
)
"""Features that are a field of the request, and in use when the field says anything."""


def lose(dropped: list[str], feature: Feature) -> None:
    """Names `feature` as lost, once."""
    if feature.value not in dropped:
        dropped.append(feature.value)


HINTS_TO_MODELS = frozenset({Feature.LOGPROBS})
"""Features that change the meaning, and are no more than hints where one model lacks them."""

CLEARED: Mapping[Feature, Any] = {Feature.STOP: ()}


def without(request: ChatRequest, lost: Set[Feature]) -> ChatRequest:
    """The request without features that are fields of it, and with no tool that is strict."""
    members = {one.value: CLEARED.get(one) for one in lost if one in PLAIN}
    if Feature.TOOL_STRICT in lost:
        members["tools"] = tuple(map(_lenient, request.tools))
    return msgspec.structs.replace(request, **members)


def _lenient(tool: Tool | NativeTool) -> Tool | NativeTool:
    return msgspec.structs.replace(tool, strict=None) if isinstance(tool, Tool) else tool


def settle(
    features: Set[Feature],
    carries: Set[Feature],
    names: Mapping[Feature, str],
    target: str,
    hints: Set[str] = frozenset(),
) -> list[str]:
    """The client's names of what will be dropped; raises Unsupported for what must not be.

    `hints` are never refused.
    """
    lost = sorted(features - carries)
    for feature in lost:
        if loss(feature) is Loss.REFUSE and feature not in hints:
            name = names.get(feature, feature.value)
            advice = f"; {ADVICE[feature]}" if feature in ADVICE else ""
            raise Unsupported(f"{name} cannot be expressed in {target}{advice}", param=name)
    return [names.get(feature, feature.value) for feature in lost]
