"""What the dialect says it carries is what it writes: one request for every feature."""

from typing import Any

import msgspec
import pytest

from providers.chat import (
    Audio,
    AudioOutput,
    Cache,
    ChatRequest,
    Citation,
    Data,
    Document,
    FileId,
    Image,
    JsonOutput,
    Message,
    NativeTool,
    PlainText,
    Reasoning,
    Refusal,
    Role,
    Signature,
    Text,
    Thinking,
    Tool,
    ToolChoice,
    ToolMode,
    ToolResult,
    Url,
    Video,
)
from providers.dialects.anthropic_messages import DIALECT
from providers.errors import Unsupported
from providers.fidelity import Feature, Loss, fit, loss, used

HI = Message(role=Role.USER, parts=(Text(text="hi"),))
TOOL = Tool(name="f", schema={"type": "object", "properties": {}})
BASE = ChatRequest(model="claude-opus-4-1", messages=(HI,))
TOOLED = msgspec.structs.replace(BASE, tools=(TOOL,))
THINKING = msgspec.structs.replace(BASE, reasoning=Reasoning(enabled=True))
PDF = Data(base64="JVBERg==", media_type="application/pdf")
PNG = Data(base64="iVBORw0KGgo=", media_type="image/png")
URL = Url(url="https://x.test/a")
FILE = FileId(id="file_1")


def field(name: str, value: Any, base: ChatRequest = BASE) -> tuple[ChatRequest, ChatRequest]:
    return base, msgspec.structs.replace(base, **{name: value})


def part(with_: Any, without: Any = None, role: Role = Role.USER) -> Any:
    """(request without the feature, request with it)."""

    def request(added: Any) -> ChatRequest:
        message = Message(role=role, parts=(Text(text="a"), *([added] if added else [])))
        return msgspec.structs.replace(BASE, messages=(HI, message, HI))

    return request(without), request(with_)


def result(**fields: Any) -> Any:
    plain = ToolResult(call_id="1", parts=(Text(text="r"),))
    return part(msgspec.structs.replace(plain, **fields), plain, Role.TOOL)


def choice(**fields: Any) -> Any:
    return field("tool_choice", ToolChoice(**fields), TOOLED)


def document(**fields: Any) -> Any:
    plain = Document(source=PDF)
    return part(msgspec.structs.replace(plain, **fields), plain)


SIGNED = Thinking(text="t", signature=Signature(origin="anthropic", value="s"))
CITED = Citation(native={"type": "char_location"}, dialect="anthropic.messages")
TWO = (TOOL, Tool(name="g", schema={"type": "object", "properties": {}}))

USES: dict[Feature, Any] = {
    Feature.MAX_TOKENS: field("max_tokens", 7),
    Feature.TEMPERATURE: field("temperature", 0.5),
    Feature.TOP_P: field("top_p", 0.5),
    Feature.TOP_K: field("top_k", 5),
    Feature.MIN_P: field("min_p", 0.5),
    Feature.STOP: field("stop", ("END",)),
    Feature.SEED: field("seed", 5),
    Feature.PRESENCE_PENALTY: field("presence_penalty", 0.5),
    Feature.FREQUENCY_PENALTY: field("frequency_penalty", 0.5),
    Feature.REPETITION_PENALTY: field("repetition_penalty", 0.5),
    Feature.LOGIT_BIAS: field("logit_bias", {"1": 1.0}),
    Feature.LOGPROBS: field("logprobs", True),
    Feature.TOP_LOGPROBS: field("top_logprobs", 2),
    Feature.N: field("n", 2),
    Feature.TOOLS: field("tools", (TOOL,)),
    Feature.TOOL_STRICT: field("tools", (msgspec.structs.replace(TOOL, strict=True),), TOOLED),
    Feature.NATIVE_TOOLS: field(
        "tools", (TOOL, NativeTool(dialect="anthropic.messages", value={"type": "x"})), TOOLED
    ),
    Feature.TOOL_CHOICE_NONE: choice(mode=ToolMode.NONE),
    Feature.TOOL_CHOICE_REQUIRED: choice(mode=ToolMode.REQUIRED),
    Feature.TOOL_CHOICE_NAMED: choice(mode=ToolMode.NAMED, name="f"),
    Feature.TOOL_CHOICE_ALLOWED: field(
        "tool_choice",
        ToolChoice(mode=ToolMode.AUTO, allowed=("f",)),
        msgspec.structs.replace(BASE, tools=TWO, tool_choice=ToolChoice(mode=ToolMode.AUTO)),
    ),
    Feature.PARALLEL_TOOL_CALLS: field("parallel_tool_calls", False, TOOLED),
    Feature.JSON_MODE: field("output", JsonOutput()),
    Feature.JSON_SCHEMA: field("output", JsonOutput(schema={"type": "object"})),
    Feature.REASONING_OFF: field("reasoning", Reasoning(enabled=False)),
    Feature.REASONING_EFFORT: field("reasoning", Reasoning(effort="high")),
    Feature.REASONING_BUDGET: field("reasoning", Reasoning(budget=2000)),
    Feature.REASONING_SHOW: field("reasoning", Reasoning(enabled=True, show=True), THINKING),
    Feature.REASONING_SUMMARY: field(
        "reasoning", Reasoning(enabled=True, summary="auto"), THINKING
    ),
    Feature.VERBOSITY: field("verbosity", "low"),
    Feature.AUDIO_OUTPUT: field("audio", AudioOutput(voice="x")),
    Feature.IMAGE_OUTPUT: field("modalities", ("text", "image")),
    Feature.PREDICTION: field("prediction", {"type": "content"}),
    Feature.USER: field("user", "u"),
    Feature.METADATA: field("metadata", {"k": "v"}),
    Feature.SERVICE_TIER: field("service_tier", "auto"),
    Feature.STORE: field("store", True),
    Feature.PROMPT_CACHE_KEY: field("prompt_cache_key", "k"),
    Feature.SAFETY_IDENTIFIER: field("safety_identifier", "s"),
    Feature.CACHE: field("cache", Cache()),
    Feature.CACHE_TTL: field(
        "cache", Cache(ttl="1h"), msgspec.structs.replace(BASE, cache=Cache())
    ),
    Feature.PREVIOUS_RESPONSE: field("previous_response_id", "r"),
    Feature.MESSAGE_NAME: field("messages", (msgspec.structs.replace(HI, name="ann"),)),
    Feature.SYSTEM: field("messages", (Message(role=Role.SYSTEM, parts=(Text(text="s"),)), HI)),
    Feature.IMAGE_DATA: part(Image(source=PNG)),
    Feature.IMAGE_URL: part(Image(source=URL)),
    Feature.IMAGE_FILE: part(Image(source=FILE)),
    Feature.IMAGE_DETAIL: part(Image(source=PNG, detail="low"), Image(source=PNG)),
    Feature.AUDIO_DATA: part(Audio(source=PNG)),
    Feature.AUDIO_URL: part(Audio(source=URL)),
    Feature.AUDIO_FILE: part(Audio(source=FILE)),
    Feature.VIDEO_DATA: part(Video(source=PNG)),
    Feature.VIDEO_URL: part(Video(source=URL)),
    Feature.VIDEO_FILE: part(Video(source=FILE)),
    Feature.DOCUMENT_DATA: part(Document(source=PDF)),
    Feature.DOCUMENT_URL: part(Document(source=URL)),
    Feature.DOCUMENT_FILE: part(Document(source=FILE)),
    Feature.DOCUMENT_TEXT: part(Document(source=PlainText(text="d"))),
    Feature.DOCUMENT_NAME: document(name="n"),
    Feature.DOCUMENT_CONTEXT: document(context="c"),
    Feature.DOCUMENT_CITE: document(cite=True),
    Feature.TOOL_RESULT_MEDIA: result(parts=(Text(text="r"), Image(source=PNG))),
    Feature.TOOL_RESULT_ERROR: result(is_error=True),
    Feature.THINKING: part(SIGNED, role=Role.ASSISTANT),
    Feature.REFUSAL: part(Refusal(text="no"), role=Role.ASSISTANT),
    Feature.CITATIONS: part(
        Text(text="b", citations=(CITED,)), Text(text="b"), role=Role.ASSISTANT
    ),
}


def test_there_is_a_request_for_every_feature() -> None:
    assert set(USES) == set(Feature)


@pytest.mark.parametrize("feature", Feature, ids=str)
def test_a_feature_is_written_if_and_only_if_it_is_carried(feature: Feature) -> None:
    without, with_ = USES[feature]
    assert feature in used(with_) - used(without)
    try:
        dropped = fit(with_, DIALECT.carries, {}, DIALECT.name)
    except Unsupported:
        assert feature not in DIALECT.carries
        assert loss(feature) is Loss.REFUSE
        return
    changed = DIALECT.render_request(with_, dropped) != DIALECT.render_request(without, [])
    assert changed is (feature in DIALECT.carries)
    assert dropped == ([] if feature in DIALECT.carries else [feature.value])
