"""A request for every feature that a dialect may carry, and the same request without it."""

from typing import Any

import msgspec
import pytest

from providers.bridging.chat import ChatDialect
from providers.bridging.features import used
from providers.bridging.fidelity import Feature, settle
from providers.errors import Unsupported
from providers.neutral.chat import (
    Audio,
    AudioOutput,
    Cache,
    ChatRequest,
    Citation,
    Document,
    Image,
    JsonOutput,
    Message,
    NativeTool,
    Reasoning,
    Refusal,
    Role,
    Signature,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
    Video,
)
from providers.neutral.media import Data, FileId, PlainText, Source, Url

Pair = tuple[ChatRequest, ChatRequest]
"""A request that uses a feature, and the same request without it."""


def saying(*parts: Any, role: Role = Role.USER, **members: Any) -> ChatRequest:
    return ChatRequest(model="m", messages=(Message(role=role, parts=parts),), **members)


BASE = saying(Text(text="hi"), tools=(Tool(name="f", schema={"type": "object"}),))
PICTURE, SOUND = (
    Data(base64="AAAA", media_type="image/png"),
    Data(base64="AAAA", media_type="audio/wav"),
)
PDF = Data(base64="AAAA", media_type="application/pdf")
FILM = Data(base64="AAAA", media_type="video/mp4")
FILE, LINK = FileId(id="file-1"), "https://a.test/b"
PAPER = PlainText(text="t")
TWO = (Tool(name="f"), Tool(name="g"))


def replaced(**members: Any) -> ChatRequest:
    return msgspec.structs.replace(BASE, **members)


HI = Text(text="hi")
ASKED = Message(role=Role.USER, parts=(HI,))
CALLED = Message(role=Role.ASSISTANT, parts=(ToolCall(id="c", name="f", arguments="{}"),))


def said(*parts: Any, name: str | None = None) -> ChatRequest:
    """A user says it, beside a greeting."""
    return replaced(messages=(Message(role=Role.USER, parts=(HI, *parts), name=name),))


def answered(*parts: Any) -> ChatRequest:
    """The assistant said it, and the user goes on."""
    said = Message(role=Role.ASSISTANT, parts=(Text(text="x"), *parts))
    return replaced(messages=(ASKED, said, ASKED))


def result(**members: Any) -> ChatRequest:
    """A tool that was called returned it."""
    parts = members.pop("parts", (Text(text="r"),))
    returned = ToolResult(call_id="c", name="f", parts=parts, **members)
    return replaced(messages=(ASKED, CALLED, Message(role=Role.TOOL, parts=(returned,))))


def thinking(**members: Any) -> ChatRequest:
    return replaced(reasoning=Reasoning(effort="low", **members))


# Feature → its two requests.
USES: dict[Feature, Pair] = {
    Feature.MAX_TOKENS: (replaced(max_tokens=50), BASE),
    Feature.TEMPERATURE: (replaced(temperature=0.5), BASE),
    Feature.TOP_P: (replaced(top_p=0.5), BASE),
    Feature.TOP_K: (replaced(top_k=5), BASE),
    Feature.MIN_P: (replaced(min_p=0.5), BASE),
    Feature.STOP: (replaced(stop=("x",)), BASE),
    Feature.SEED: (replaced(seed=5), BASE),
    Feature.PRESENCE_PENALTY: (replaced(presence_penalty=0.5), BASE),
    Feature.FREQUENCY_PENALTY: (replaced(frequency_penalty=0.5), BASE),
    Feature.REPETITION_PENALTY: (replaced(repetition_penalty=1.5), BASE),
    Feature.LOGIT_BIAS: (replaced(logit_bias={"5": 1}), BASE),
    Feature.LOGPROBS: (replaced(logprobs=True), BASE),
    Feature.TOP_LOGPROBS: (replaced(top_logprobs=5), BASE),
    Feature.N: (replaced(n=2), BASE),
    Feature.SUFFIX: (replaced(suffix="x"), BASE),
    Feature.TOOLS: (BASE, replaced(tools=())),
    Feature.TOOL_STRICT: (
        replaced(tools=(Tool(name="f", schema={"required": ["a"]}, strict=True),)),
        replaced(tools=(Tool(name="f", schema={"required": ["a"]}),)),
    ),
    Feature.TOOL_CHOICE_NONE: (replaced(tool_choice=ToolChoice(mode=ToolMode.NONE)), BASE),
    Feature.TOOL_CHOICE_REQUIRED: (
        replaced(tool_choice=ToolChoice(mode=ToolMode.REQUIRED)),
        BASE,
    ),
    Feature.TOOL_CHOICE_NAMED: (
        replaced(tool_choice=ToolChoice(mode=ToolMode.NAMED, name="f")),
        BASE,
    ),
    Feature.TOOL_CHOICE_ALLOWED: (
        replaced(tools=TWO, tool_choice=ToolChoice(mode=ToolMode.AUTO, allowed=("f",))),
        replaced(tools=TWO),
    ),
    Feature.PARALLEL_TOOL_CALLS: (replaced(parallel_tool_calls=False), BASE),
    Feature.JSON_MODE: (replaced(output=JsonOutput()), BASE),
    Feature.JSON_SCHEMA: (replaced(output=JsonOutput(schema={"type": "object"})), BASE),
    Feature.REASONING_OFF: (replaced(reasoning=Reasoning(enabled=False)), BASE),
    Feature.REASONING_EFFORT: (replaced(reasoning=Reasoning(effort="low")), BASE),
    Feature.REASONING_BUDGET: (replaced(reasoning=Reasoning(budget=2000)), BASE),
    Feature.REASONING_SHOW: (thinking(show=True), thinking()),
    Feature.REASONING_SUMMARY: (thinking(summary="auto"), thinking()),
    Feature.VERBOSITY: (replaced(verbosity="low"), BASE),
    Feature.AUDIO_OUTPUT: (replaced(audio=AudioOutput(voice="alloy", format="wav")), BASE),
    Feature.IMAGE_OUTPUT: (replaced(modalities=("text", "image")), BASE),
    Feature.PREDICTION: (replaced(prediction={"type": "content", "content": "x"}), BASE),
    Feature.USER: (replaced(user="u"), BASE),
    Feature.METADATA: (replaced(metadata={"a": "b"}), BASE),
    Feature.SERVICE_TIER: (replaced(service_tier="flex"), BASE),
    Feature.STORE: (replaced(store=True), BASE),
    Feature.PROMPT_CACHE_KEY: (replaced(prompt_cache_key="k"), BASE),
    Feature.SAFETY_IDENTIFIER: (replaced(safety_identifier="s"), BASE),
    Feature.CACHE: (said(Text(text="x", cache=Cache())), said(Text(text="x"))),
    Feature.CACHE_TTL: (
        said(Text(text="x", cache=Cache(ttl="1h"))),
        said(Text(text="x", cache=Cache())),
    ),
    Feature.PREVIOUS_RESPONSE: (replaced(previous_response_id="r"), BASE),
    Feature.MESSAGE_NAME: (said(name="bob"), BASE),
    Feature.SYSTEM: (
        replaced(messages=(Message(role=Role.SYSTEM, parts=(HI,)), ASKED)),
        replaced(messages=(ASKED,)),
    ),
    Feature.IMAGE_DATA: (said(Image(source=PICTURE)), BASE),
    Feature.IMAGE_DETAIL: (
        said(Image(source=PICTURE, detail="low")),
        said(Image(source=PICTURE)),
    ),
    Feature.AUDIO_DATA: (said(Audio(source=SOUND)), BASE),
    Feature.VIDEO_DATA: (said(Video(source=FILM)), BASE),
    Feature.DOCUMENT_DATA: (said(Document(source=PDF)), BASE),
    Feature.DOCUMENT_TEXT: (said(Document(source=PAPER)), BASE),
    Feature.TOOL_RESULT_MEDIA: (
        result(parts=(Text(text="r"), Image(source=PICTURE))),
        result(),
    ),
    Feature.TOOL_RESULT_ERROR: (result(is_error=True), result()),
    Feature.REFUSAL: (answered(Refusal(text="no")), answered()),
}
KINDS = {Image: ".png", Audio: ".wav", Video: ".mp4", Document: ".pdf"}


def uses(
    native: NativeTool,
    signature: Signature,
    citation: Citation,
    *,
    paper: Source = PAPER,
    link: str = LINK,
    file: FileId = FILE,
) -> dict[Feature, Pair]:
    """Feature → its two requests, with a tool, signs and places that the dialect knows."""
    found = USES | {
        Feature.NATIVE_TOOLS: (replaced(tools=(native,)), BASE),
        Feature.DOCUMENT_NAME: (
            said(Document(source=paper, name="a.pdf")),
            said(Document(source=paper)),
        ),
        Feature.DOCUMENT_CONTEXT: (
            said(Document(source=paper, context="c")),
            said(Document(source=paper)),
        ),
        Feature.DOCUMENT_CITE: (
            said(Document(source=paper, cite=True)),
            said(Document(source=paper)),
        ),
        Feature.CITATIONS: (
            answered(Text(text="y", citations=(citation,))),
            answered(Text(text="y")),
        ),
        Feature.THINKING: (answered(Thinking(text="hm", signature=signature)), answered()),
    }
    for kind, extension in KINDS.items():
        word = kind.__name__.lower()
        found[Feature(f"{word}.url")] = (said(kind(source=Url(url=link + extension))), BASE)
        found[Feature(f"{word}.file_id")] = (said(kind(source=file)), BASE)
    return found


def changes_the_body_where_it_is_carried(
    dialect: ChatDialect, feature: Feature, using: ChatRequest, without: ChatRequest
) -> None:
    """Asserts that `dialect` says a feature if it carries it, and says nothing of it or refuses."""
    assert feature in used(using)
    assert feature not in used(without)
    if feature in dialect.carries:
        assert dialect.render_request(using, []) != dialect.render_request(without, [])
        return
    try:
        assert dialect.render_request(using, []) == dialect.render_request(without, [])
    except Unsupported:
        with pytest.raises(Unsupported):
            settle(used(using), dialect.carries, dialect.names, dialect.name)
