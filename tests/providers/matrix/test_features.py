"""Whatever one dialect can say, said to every other: carried, refused or named, never silent."""

from typing import Any

import msgspec
import pytest

from providers.bridging.features import used
from providers.bridging.fidelity import Feature
from providers.catalog import DIALECTS
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
from providers.neutral.media import Data, FileId, PlainText, Url
from tests.e2e.clients.backends import CHAT, MODELS
from tests.providers.matrix.fates import fate
from tests.providers.matrix.world import MODEL

PNG = Data(base64="iVBORw0KGgo=", media_type="image/png")
WAV = Data(base64="AAAA", media_type="audio/wav")
MP4 = Data(base64="AAAA", media_type="video/mp4")
PDF = Data(base64="AAAA", media_type="application/pdf")
LINK = Url(url="https://media.test/a.png")
FILE = FileId(id="file-1")
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
HI = Message(role=Role.USER, parts=(Text(text="hi"),))
F, G = (Tool(name=name, description="d", schema=SCHEMA) for name in "fg")
BASE = ChatRequest(model=MODEL, messages=(HI,), max_tokens=4000)
TOOLED = msgspec.structs.replace(BASE, tools=(F, G))
CALLED = ToolCall(id="call_1", name="f", arguments="{}")
NATIVE: dict[str, dict[str, Any]] = {
    "anthropic.messages": {"type": "web_search_20250305", "name": "web_search"},
    "bedrock.converse": {"systemTool": {"name": "nova_grounding"}},
    "gemini.generate_content": {"googleSearch": {}},
}
"""Tools that a provider runs itself, where they are not of OpenAI's form."""
Pair = tuple[ChatRequest, ChatRequest]


def field(base: ChatRequest = BASE, **members: Any) -> Pair:
    """(a request, the same with members)."""
    return base, msgspec.structs.replace(base, **members)


def said(having: tuple[Any, ...], without: tuple[Any, ...], role: Role = Role.USER) -> Pair:
    """(a request with a message of `without`, the same of `having`)."""
    before, after = (
        msgspec.structs.replace(BASE, messages=(HI, Message(role=role, parts=parts), HI))
        for parts in (without, having)
    )
    return before, after


def part(added: Any, without: Any = None) -> Pair:
    """A user's part, against another or none."""
    text = Text(text="look")
    return said((text, added), (text,) if without is None else (text, without))


def result(**members: Any) -> Pair:
    """A tool result with members."""

    def request(answered: ToolResult) -> ChatRequest:
        messages = (
            HI,
            Message(role=Role.ASSISTANT, parts=(CALLED,)),
            Message(role=Role.TOOL, parts=(answered,)),
        )
        return msgspec.structs.replace(TOOLED, messages=messages)

    plain = ToolResult(call_id="call_1", name="f", parts=(Text(text="r"),))
    return request(plain), request(msgspec.structs.replace(plain, **members))


def uses(client: str) -> dict[Feature, Pair]:
    """Feature → (a request without it, one with it), as a client of that dialect would mean it."""
    family = client.partition(".")[0]
    signed = Thinking(text="hm", signature=Signature(origin=family, value="c2ln"))
    cited = Citation(url="https://a.test/", title="A", start=0, end=1)
    answer = (Text(text="so"),)
    native = NativeTool(dialect=client, value=NATIVE.get(client, {"type": "web_search"}))
    return {
        Feature.MAX_TOKENS: (msgspec.structs.replace(BASE, max_tokens=None), BASE),
        Feature.TEMPERATURE: field(temperature=0.5),
        Feature.TOP_P: field(top_p=0.5),
        Feature.TOP_K: field(top_k=5),
        Feature.MIN_P: field(min_p=0.5),
        Feature.STOP: field(stop=("END",)),
        Feature.SEED: field(seed=5),
        Feature.PRESENCE_PENALTY: field(presence_penalty=0.5),
        Feature.FREQUENCY_PENALTY: field(frequency_penalty=0.5),
        Feature.REPETITION_PENALTY: field(repetition_penalty=1.5),
        Feature.LOGIT_BIAS: field(logit_bias={"5": 1}),
        Feature.LOGPROBS: field(logprobs=True),
        Feature.TOP_LOGPROBS: field(msgspec.structs.replace(BASE, logprobs=True), top_logprobs=3),
        Feature.N: field(n=2),
        Feature.SUFFIX: field(suffix="x"),
        Feature.TOOLS: field(tools=(F,)),
        Feature.TOOL_STRICT: field(
            msgspec.structs.replace(BASE, tools=(F,)),
            tools=(msgspec.structs.replace(F, strict=True),),
        ),
        Feature.NATIVE_TOOLS: field(tools=(native,)),
        Feature.TOOL_CHOICE_NONE: field(TOOLED, tool_choice=ToolChoice(mode=ToolMode.NONE)),
        Feature.TOOL_CHOICE_REQUIRED: field(TOOLED, tool_choice=ToolChoice(mode=ToolMode.REQUIRED)),
        Feature.TOOL_CHOICE_NAMED: field(
            TOOLED, tool_choice=ToolChoice(mode=ToolMode.NAMED, name="f")
        ),
        Feature.TOOL_CHOICE_ALLOWED: field(
            TOOLED, tool_choice=ToolChoice(mode=ToolMode.AUTO, allowed=("f",))
        ),
        Feature.PARALLEL_TOOL_CALLS: field(TOOLED, parallel_tool_calls=False),
        Feature.JSON_MODE: field(output=JsonOutput()),
        Feature.JSON_SCHEMA: field(output=JsonOutput(schema=SCHEMA, name="n")),
        Feature.REASONING_OFF: field(reasoning=Reasoning(enabled=False)),
        Feature.REASONING_EFFORT: field(reasoning=Reasoning(effort="low")),
        Feature.REASONING_BUDGET: field(reasoning=Reasoning(enabled=True, budget=2000)),
        Feature.REASONING_SHOW: field(
            msgspec.structs.replace(
                BASE, reasoning=Reasoning(enabled=True, budget=2000, show=False)
            ),
            reasoning=Reasoning(enabled=True, budget=2000, show=True),
        ),
        Feature.REASONING_SUMMARY: field(
            msgspec.structs.replace(BASE, reasoning=Reasoning(effort="low")),
            reasoning=Reasoning(effort="low", summary="detailed"),
        ),
        Feature.VERBOSITY: field(verbosity="low"),
        Feature.AUDIO_OUTPUT: field(
            audio=AudioOutput(voice="alloy", format="wav"), modalities=("text", "audio")
        ),
        Feature.IMAGE_OUTPUT: field(modalities=("text", "image")),
        Feature.PREDICTION: field(prediction={"type": "content", "content": "x"}),
        Feature.USER: field(user="u"),
        Feature.METADATA: field(metadata={"a": "b"}),
        Feature.SERVICE_TIER: field(service_tier="flex"),
        Feature.STORE: field(store=True),
        Feature.PROMPT_CACHE_KEY: field(prompt_cache_key="k"),
        Feature.SAFETY_IDENTIFIER: field(safety_identifier="s"),
        Feature.CACHE: said((Text(text="x", cache=Cache()),), (Text(text="x"),)),
        Feature.CACHE_TTL: said(
            (Text(text="x", cache=Cache(ttl="1h")),), (Text(text="x", cache=Cache()),)
        ),
        Feature.PREVIOUS_RESPONSE: field(previous_response_id="resp_1"),
        Feature.MESSAGE_NAME: field(messages=(msgspec.structs.replace(HI, name="bob"),)),
        Feature.SYSTEM: field(
            messages=(Message(role=Role.SYSTEM, parts=(Text(text="be brief"),)), HI)
        ),
        Feature.IMAGE_DATA: part(Image(source=PNG)),
        Feature.IMAGE_URL: part(Image(source=LINK)),
        Feature.IMAGE_FILE: part(Image(source=FILE)),
        Feature.IMAGE_DETAIL: part(Image(source=PNG, detail="low"), Image(source=PNG)),
        Feature.AUDIO_DATA: part(Audio(source=WAV)),
        Feature.AUDIO_URL: part(Audio(source=LINK)),
        Feature.AUDIO_FILE: part(Audio(source=FILE)),
        Feature.VIDEO_DATA: part(Video(source=MP4)),
        Feature.VIDEO_URL: part(Video(source=LINK)),
        Feature.VIDEO_FILE: part(Video(source=FILE)),
        Feature.DOCUMENT_DATA: part(Document(source=PDF)),
        Feature.DOCUMENT_URL: part(Document(source=LINK)),
        Feature.DOCUMENT_FILE: part(Document(source=FILE)),
        Feature.DOCUMENT_TEXT: part(Document(source=PlainText(text="d"))),
        Feature.DOCUMENT_NAME: part(Document(source=PDF, name="a.pdf"), Document(source=PDF)),
        Feature.DOCUMENT_CONTEXT: part(Document(source=PDF, context="c"), Document(source=PDF)),
        Feature.DOCUMENT_CITE: part(Document(source=PDF, cite=True), Document(source=PDF)),
        Feature.TOOL_RESULT_MEDIA: result(parts=(Text(text="r"), Image(source=PNG))),
        Feature.TOOL_RESULT_ERROR: result(is_error=True),
        Feature.THINKING: said((signed, *answer), answer, Role.ASSISTANT),
        Feature.REFUSAL: said((Refusal(text="no"),), answer, Role.ASSISTANT),
        Feature.CITATIONS: said((Text(text="so", citations=(cited,)),), answer, Role.ASSISTANT),
    }


# Claude on Bedrock shows its thoughts by itself, and so do Cohere and Ollama.
IMPLIED = {Feature.REASONING_SHOW: {"bedrock.converse", "cohere.chat", "ollama.chat"}}
"""Features that ask for what a target does anyway."""

USES = {client: uses(client) for client in CHAT}


def test_every_feature_is_tried():
    assert all(set(table) == set(Feature) for table in USES.values())


def wire(client: str, feature: Feature) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The two requests as a client sends them; None where its dialect cannot tell them apart."""
    dialect = DIALECTS[client]
    pair = [msgspec.structs.replace(each, model=MODELS[client]) for each in USES[client][feature]]
    try:
        bodies = [{**dialect.render_request(each, []), "model": MODEL} for each in pair]
    except Unsupported:
        return None
    without, having = (dialect.parse_request(body, MODEL, False) for body in bodies)
    if feature not in used(having) or without == having:
        return None
    return bodies[0], bodies[1]


SAYABLE = [
    pytest.param(client, feature, id=f"{client}-{feature}")
    for client in CHAT
    for feature in sorted(DIALECTS[client].carries)
    if wire(client, feature)
]


def test_most_features_that_a_dialect_carries_can_be_said_by_its_clients():
    carried = sum(len(DIALECTS[client].carries) for client in CHAT)
    assert len(SAYABLE) > 0.75 * carried


@pytest.mark.parametrize(("client", "feature"), SAYABLE)
def test_a_feature_is_carried_refused_or_named(client: str, feature: Feature):
    pair = wire(client, feature)
    assert pair is not None
    name = DIALECTS[client].names.get(feature, feature.value)
    fates = {target: fate(client, target, *pair, name) for target in CHAT if target != client}
    silent = {target for target, what in fates.items() if what == "silent"}
    assert silent <= IMPLIED.get(feature, set())
