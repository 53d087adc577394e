"""Every feature is carried if and only if the dialect says so."""

from typing import Any

import pytest
from bedrock_requests import (
    HELLO,
    OPUS_47,
    PARTS,
    PDF,
    PNG,
    SONNET,
    WEATHER,
    assistant,
    render,
    results,
    user,
)

from providers.chat import (
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
)
from providers.dialects.bedrock_converse import DIALECT
from providers.errors import Unsupported
from providers.fidelity import Feature, used

TEXT = Text(text="x")
TOOLED = {"tools": (WEATHER,)}
S3 = "s3://bucket/file"
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
        {
            "tools": (
                WEATHER,
                NativeTool(dialect="bedrock.converse", value={"systemTool": {"name": "n"}}),
            )
        },
        TOOLED,
    ),
    Feature.TOOL_CHOICE_NONE: ({**TOOLED, "tool_choice": ToolChoice(mode=ToolMode.NONE)}, TOOLED),
    Feature.TOOL_CHOICE_REQUIRED: (
        {**TOOLED, "tool_choice": ToolChoice(mode=ToolMode.REQUIRED)},
        TOOLED,
    ),
    Feature.TOOL_CHOICE_NAMED: (
        {**TOOLED, "tool_choice": ToolChoice(mode=ToolMode.NAMED, name="get_weather")},
        TOOLED,
    ),
    Feature.TOOL_CHOICE_ALLOWED: (
        {
            "tools": (WEATHER, Tool(name="t")),
            "tool_choice": ToolChoice(mode=ToolMode.AUTO, allowed=("t",)),
        },
        {"tools": (WEATHER, Tool(name="t")), "tool_choice": ToolChoice(mode=ToolMode.AUTO)},
    ),
    Feature.PARALLEL_TOOL_CALLS: ({**TOOLED, "parallel_tool_calls": False}, TOOLED),
    Feature.JSON_MODE: ({"output": JsonOutput()}, {}),
    Feature.JSON_SCHEMA: ({"output": JsonOutput(schema={"type": "object"})}, {}),
    Feature.REASONING_OFF: ({"reasoning": Reasoning(enabled=False)}, {}),
    Feature.REASONING_EFFORT: ({"reasoning": Reasoning(effort="low")}, {}),
    Feature.REASONING_BUDGET: ({"reasoning": Reasoning(budget=2000)}, {}),
    Feature.REASONING_SHOW: (
        {"model": OPUS_47, "reasoning": Reasoning(effort="low", show=True)},
        {"model": OPUS_47, "reasoning": Reasoning(effort="low")},
    ),
    Feature.REASONING_SUMMARY: (
        {"model": OPUS_47, "reasoning": Reasoning(effort="low", summary="auto")},
        {"model": OPUS_47, "reasoning": Reasoning(effort="low")},
    ),
    Feature.VERBOSITY: ({"verbosity": "low"}, {}),
    Feature.AUDIO_OUTPUT: ({"modalities": ("text", "audio")}, {}),
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
        {"messages": (Message(role=Role.USER, parts=(TEXT,), name="n"),)},
        {"messages": (user(TEXT),)},
    ),
    Feature.SYSTEM: (
        {"messages": (Message(role=Role.SYSTEM, parts=(TEXT,)), HELLO)},
        {"messages": (HELLO,)},
    ),
    Feature.IMAGE_DETAIL: (
        {"messages": (user(Image(source=PNG, detail="low")),)},
        {"messages": (user(Image(source=PNG)),)},
    ),
    Feature.DOCUMENT_NAME: (
        {"messages": (user(TEXT, Document(source=PDF, name="n")),)},
        {"messages": (user(TEXT, Document(source=PDF)),)},
    ),
    Feature.DOCUMENT_CONTEXT: (
        {"messages": (user(TEXT, Document(source=PDF, context="n")),)},
        {"messages": (user(TEXT, Document(source=PDF)),)},
    ),
    Feature.DOCUMENT_CITE: (
        {"messages": (user(TEXT, Document(source=PDF, cite=True)),)},
        {"messages": (user(TEXT, Document(source=PDF)),)},
    ),
    Feature.TOOL_RESULT_MEDIA: (
        {"messages": (HELLO, results(ToolResult(call_id="a", parts=(Image(source=PNG),))))},
        {"messages": (HELLO, results(ToolResult(call_id="a")))},
    ),
    Feature.TOOL_RESULT_ERROR: (
        {"messages": (HELLO, results(ToolResult(call_id="a", is_error=True)))},
        {"messages": (HELLO, results(ToolResult(call_id="a")))},
    ),
    Feature.THINKING: (
        {
            "messages": (
                HELLO,
                assistant(
                    Thinking(text="t", signature=Signature(origin="anthropic", value="s")), TEXT
                ),
            )
        },
        {"messages": (HELLO, assistant(TEXT))},
    ),
    Feature.REFUSAL: (
        {"messages": (HELLO, assistant(Refusal(text="No")))},
        {"messages": (HELLO,)},
    ),
    Feature.CITATIONS: (
        {
            "messages": (
                HELLO,
                assistant(
                    Text(
                        text="x",
                        citations=(Citation(dialect="bedrock.converse", native={"title": "t"}),),
                    )
                ),
            )
        },
        {"messages": (HELLO, assistant(TEXT))},
    ),
}
TYPES = {"image": "image/png", "audio": "audio/wav", "video": "video/mp4", "document": "text/csv"}
for kind, part in PARTS.items():
    for word, source in (
        ("data", Data(base64="AA==", media_type=TYPES[kind])),
        ("url", Url(url=S3, media_type=TYPES[kind])),
        ("file_id", FileId(id="f")),
        ("text", PlainText(text="x")),
    ):
        if f"{kind}.{word}" in set(Feature):
            SAMPLES[Feature(f"{kind}.{word}")] = (
                {"messages": (user(TEXT, part(source=source)),)},
                {"messages": (user(TEXT),)},
            )


@pytest.mark.parametrize("feature", list(Feature))
def test_a_feature_is_carried_if_and_only_if_the_dialect_says_so(feature: Feature) -> None:
    whole, bare = (
        ChatRequest(**{"model": SONNET, "messages": (HELLO,), **members})
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
