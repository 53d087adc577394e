"""Every feature is carried if and only if the dialect says so."""

from typing import Any

import pytest
from gemini_wire import FLASH, HELLO, PIXEL, WEATHER, model, render, results, user

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
    ToolCall,
    ToolChoice,
    ToolMode,
    ToolResult,
    Url,
    Video,
)
from providers.dialects.gemini_generate_content import DIALECT
from providers.errors import Unsupported
from providers.fidelity import Feature, used

TEXT = Text(text="x")
PNG = Data(base64=PIXEL, media_type="image/png")
PDF = Data(base64=PIXEL, media_type="application/pdf")
TOOLED = {"tools": (WEATHER,)}
CALLED = model(ToolCall(id="a", name="get_weather", arguments="{}"))
GENERATED = Signature(origin="gemini", value="c2ln")


def chosen(choice: ToolChoice, *tools: Tool) -> tuple[dict[str, Any], dict[str, Any]]:
    offered = {"tools": tools or (WEATHER,)}
    return {**offered, "tool_choice": choice}, offered


def said(*messages: Message) -> dict[str, Any]:
    return {"messages": messages}


SAMPLES: dict[Feature, tuple[dict[str, Any], dict[str, Any]]] = {
    # feature → (request that uses it, the same request without it)
    Feature.MAX_TOKENS: ({"max_tokens": 5}, {}),
    Feature.TEMPERATURE: ({"temperature": 0.5}, {}),
    Feature.TOP_P: ({"top_p": 0.5}, {}),
    Feature.TOP_K: ({"top_k": 5}, {}),
    Feature.MIN_P: ({"min_p": 0.5}, {}),
    Feature.STOP: ({"stop": ("x",)}, {}),
    Feature.SEED: ({"seed": 5}, {}),
    Feature.PRESENCE_PENALTY: ({"presence_penalty": 0.5}, {}),
    Feature.FREQUENCY_PENALTY: ({"frequency_penalty": 0.5}, {}),
    Feature.REPETITION_PENALTY: ({"repetition_penalty": 0.5}, {}),
    Feature.LOGIT_BIAS: ({"logit_bias": {"1": 1.0}}, {}),
    Feature.LOGPROBS: ({"logprobs": True}, {}),
    Feature.TOP_LOGPROBS: ({"top_logprobs": 2}, {}),
    Feature.N: ({"n": 2}, {}),
    Feature.TOOLS: (TOOLED, {}),
    Feature.TOOL_STRICT: ({"tools": (Tool(name="t", strict=True),)}, {"tools": (Tool(name="t"),)}),
    Feature.NATIVE_TOOLS: (
        {"tools": (NativeTool(dialect=DIALECT.name, value={"googleSearch": {}}),)},
        {},
    ),
    Feature.TOOL_CHOICE_NONE: chosen(ToolChoice(mode=ToolMode.NONE)),
    Feature.TOOL_CHOICE_REQUIRED: chosen(ToolChoice(mode=ToolMode.REQUIRED)),
    Feature.TOOL_CHOICE_NAMED: chosen(ToolChoice(mode=ToolMode.NAMED, name="get_weather")),
    Feature.TOOL_CHOICE_ALLOWED: chosen(
        ToolChoice(mode=ToolMode.AUTO, allowed=("t",)), WEATHER, Tool(name="t")
    ),
    Feature.PARALLEL_TOOL_CALLS: ({**TOOLED, "parallel_tool_calls": False}, TOOLED),
    Feature.JSON_MODE: ({"output": JsonOutput()}, {}),
    Feature.JSON_SCHEMA: ({"output": JsonOutput(schema={"type": "object"})}, {}),
    Feature.REASONING_OFF: ({"reasoning": Reasoning(enabled=False)}, {}),
    Feature.REASONING_EFFORT: ({"reasoning": Reasoning(effort="low")}, {}),
    Feature.REASONING_BUDGET: ({"reasoning": Reasoning(budget=2000)}, {}),
    Feature.REASONING_SHOW: (
        {"reasoning": Reasoning(effort="low", show=True)},
        {"reasoning": Reasoning(effort="low")},
    ),
    Feature.REASONING_SUMMARY: (
        {"reasoning": Reasoning(effort="low", summary="auto")},
        {"reasoning": Reasoning(effort="low")},
    ),
    Feature.VERBOSITY: ({"verbosity": "low"}, {}),
    Feature.AUDIO_OUTPUT: ({"audio": AudioOutput(voice="Kore")}, {}),
    Feature.IMAGE_OUTPUT: ({"modalities": ("text", "image")}, {}),
    Feature.PREDICTION: ({"prediction": {"type": "content", "content": "x"}}, {}),
    Feature.USER: ({"user": "u"}, {}),
    Feature.METADATA: ({"metadata": {"a": "b"}}, {}),
    Feature.SERVICE_TIER: ({"service_tier": "flex"}, {}),
    Feature.STORE: ({"store": True}, {}),
    Feature.PROMPT_CACHE_KEY: ({"prompt_cache_key": "k"}, {}),
    Feature.SAFETY_IDENTIFIER: ({"safety_identifier": "k"}, {}),
    Feature.CACHE: ({"cache": Cache()}, {}),
    Feature.CACHE_TTL: ({"cache": Cache(ttl="1h")}, {"cache": Cache()}),
    Feature.PREVIOUS_RESPONSE: ({"previous_response_id": "r"}, {}),
    Feature.MESSAGE_NAME: (
        said(Message(role=Role.USER, parts=(TEXT,), name="n")),
        said(user(TEXT)),
    ),
    Feature.SYSTEM: (said(Message(role=Role.SYSTEM, parts=(TEXT,)), HELLO), said(HELLO)),
    Feature.IMAGE_DETAIL: (
        said(user(Image(source=PNG, detail="low"))),
        said(user(Image(source=PNG))),
    ),
    Feature.DOCUMENT_NAME: (
        said(user(Document(source=PDF, name="n"))),
        said(user(Document(source=PDF))),
    ),
    Feature.DOCUMENT_CONTEXT: (
        said(user(Document(source=PDF, context="n"))),
        said(user(Document(source=PDF))),
    ),
    Feature.DOCUMENT_CITE: (
        said(user(Document(source=PDF, cite=True))),
        said(user(Document(source=PDF))),
    ),
    Feature.TOOL_RESULT_MEDIA: (
        said(HELLO, CALLED, results(ToolResult(call_id="a", parts=(Image(source=PNG),)))),
        said(HELLO, CALLED, results(ToolResult(call_id="a"))),
    ),
    Feature.TOOL_RESULT_ERROR: (
        said(HELLO, CALLED, results(ToolResult(call_id="a", is_error=True))),
        said(HELLO, CALLED, results(ToolResult(call_id="a"))),
    ),
    Feature.THINKING: (
        said(HELLO, model(Thinking(text="t", signature=GENERATED), TEXT)),
        said(HELLO, model(TEXT)),
    ),
    Feature.REFUSAL: (said(HELLO, model(Refusal(text="No"))), said(HELLO)),
    Feature.CITATIONS: (
        said(HELLO, model(Text(text="x", citations=(Citation(url="https://a.test"),)))),
        said(HELLO, model(TEXT)),
    ),
}
PARTS: dict[str, Any] = {"image": Image, "audio": Audio, "video": Video, "document": Document}
TYPES = {"image": "image/png", "audio": "audio/wav", "video": "video/mp4", "document": "text/csv"}
for kind, part in PARTS.items():
    for word, source in (
        ("data", Data(base64="AA==", media_type=TYPES[kind])),
        ("url", Url(url="gs://bucket/file", media_type=TYPES[kind])),
        ("file_id", FileId(id="files/abc", media_type=TYPES[kind])),
        ("text", PlainText(text="x")),
    ):
        if f"{kind}.{word}" in set(Feature):
            used_, bare = said(user(TEXT, part(source=source))), said(user(TEXT))
            SAMPLES[Feature(f"{kind}.{word}")] = (used_, bare)


@pytest.mark.parametrize("feature", list(Feature))
def test_a_feature_is_carried_if_and_only_if_the_dialect_says_so(feature: Feature) -> None:
    whole, bare = (
        ChatRequest(**{"model": FLASH, "messages": (HELLO,), **members})
        for members in SAMPLES[feature]
    )
    assert feature in used(whole) - used(bare)
    expected = render(bare)[0]
    if feature in DIALECT.carries:
        body, dropped = render(whole)
        assert body != expected
        assert dropped == []
        return
    try:
        body, _ = render(whole)
    except Unsupported:
        return
    assert body == expected
