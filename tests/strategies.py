"""Random neutral conversations within what a dialect can say.

Everything is canonical, so that a dialect that says it all gives back what it was given: no empty
texts where they mean nothing, unique call ids, a result for each call right after it, no two
messages of one role in a row, thoughts before text before calls.
"""

from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from providers.bridging.fidelity import Feature
from providers.neutral.chat import (
    Audio,
    Cache,
    ChatRequest,
    Document,
    Image,
    JsonOutput,
    Message,
    Part,
    Reasoning,
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

Features = frozenset[Feature]
EVERYTHING: Features = frozenset(Feature)
words = st.text(min_size=1, max_size=30).filter(lambda text: bool(text.strip()))
names = st.from_regex(r"[a-z][a-z0-9_]{0,15}", fullmatch=True)
base64 = st.sampled_from(["AAAA", "aGVsbG8=", "iVBORw0KGgo=", "+/+/"])
urls = st.sampled_from(["https://media.test/a.png", "https://media.test/b?c=d&e=%20f"])
opaque = st.from_regex(r"[A-Za-z0-9+/]{4,24}={0,2}", fullmatch=True)
KINDS: dict[type, tuple[str, ...]] = {
    Image: ("image/png", "image/jpeg", "image/gif", "image/webp"),
    Audio: ("audio/wav", "audio/mpeg"),
    Video: ("video/mp4",),
    Document: ("application/pdf",),
}


def optional(strategy: st.SearchStrategy[Any], allowed: bool = True) -> st.SearchStrategy[Any]:
    """The strategy or None; None only, where it is not allowed."""
    return st.none() | strategy if allowed else st.none()


def caches(features: Features) -> st.SearchStrategy[Cache | None]:
    """A cache marker, now and then."""
    if Feature.CACHE not in features:
        return st.none()
    ttls = ("5m", "1h") if Feature.CACHE_TTL in features else ()
    return st.none() | st.sampled_from([Cache(), *(Cache(ttl=ttl) for ttl in ttls)])


def text_parts(features: Features) -> st.SearchStrategy[Text]:
    """Plain text."""
    return st.builds(Text, text=words, cache=caches(features))


def sources(kind: type, features: Features) -> st.SearchStrategy[Source] | None:
    """Where a part of `kind` may come from; None where nowhere."""
    word = kind.__name__.lower()
    media_types = st.sampled_from(KINDS[kind])
    known: dict[str, st.SearchStrategy[Source]] = {
        f"{word}.data": st.builds(Data, base64=base64, media_type=media_types),
        f"{word}.url": st.builds(Url, url=urls),
        f"{word}.file_id": st.builds(FileId, id=opaque),
        f"{word}.text": st.builds(PlainText, text=words),
    }
    found = [strategy for name, strategy in known.items() if name in features]
    return st.one_of(found) if found else None


def media_parts(features: Features) -> list[st.SearchStrategy[Part]]:
    """A strategy for each kind of media that the features allow."""
    found: list[st.SearchStrategy[Part]] = []
    for kind in KINDS:
        where = sources(kind, features)
        if where is None:
            continue
        more: dict[str, Any] = {}
        if kind is Image:
            details = st.sampled_from(["low", "high"])
            more["detail"] = optional(details, Feature.IMAGE_DETAIL in features)
        if kind is Document and Feature.DOCUMENT_NAME in features:
            more["name"] = names.map(lambda name: f"{name}.pdf")
        found.append(st.builds(kind, source=where, cache=caches(features), **more))
    return found


def signatures(family: str) -> st.SearchStrategy[Signature]:
    """What a provider of `family` issued."""
    return st.builds(Signature, origin=st.just(family), value=opaque)


def thoughts(family: str) -> st.SearchStrategy[Thinking]:
    """A signed thought, or a redacted one."""
    return st.builds(Thinking, text=words, signature=signatures(family)) | st.builds(
        Thinking, redacted=signatures(family)
    )


@st.composite
def calls(draw: st.DrawFn, turn: int) -> tuple[ToolCall, ...]:
    """One to three calls with ids that no other turn has."""
    return tuple(
        ToolCall(id=f"call_{turn}_{index}", name=name, arguments=draw(arguments))
        for index, name in enumerate(draw(st.lists(names, min_size=1, max_size=3)))
    )


arguments = st.sampled_from(["{}", '{"city":"Paris"}', '{"a": [1, {"b": null}], "c": "é\\n"}'])


@st.composite
def results(draw: st.DrawFn, made: tuple[ToolCall, ...], features: Features) -> Message:
    """The results of all calls of a turn."""
    inner: st.SearchStrategy[Part] = st.builds(Text, text=words)
    if Feature.TOOL_RESULT_MEDIA in features and Feature.IMAGE_DATA in features:
        data = st.builds(Data, base64=base64, media_type=st.just("image/png"))
        inner = inner | st.builds(Image, source=data)
    errors = st.booleans() if Feature.TOOL_RESULT_ERROR in features else st.just(False)
    parts = tuple(
        ToolResult(
            call_id=call.id,
            name=call.name,
            parts=tuple(draw(st.lists(inner, min_size=1, max_size=2))),
            is_error=draw(errors),
            cache=draw(caches(features)),
        )
        for call in made
    )
    return Message(role=Role.TOOL, parts=parts)


@st.composite
def conversations(
    draw: st.DrawFn, features: Features = EVERYTHING, family: str = "openai"
) -> tuple[Message, ...]:
    """System words, then turns of user and assistant, with tool calls answered."""
    messages: list[Message] = []
    if Feature.SYSTEM in features and draw(st.booleans()):
        system = tuple(draw(st.lists(text_parts(features), min_size=1, max_size=2)))
        messages.append(Message(role=Role.SYSTEM, parts=system))
    spoken = st.one_of(text_parts(features), *media_parts(features))
    for turn in range(draw(st.integers(1, 3))):
        user = tuple(draw(st.lists(spoken, min_size=1, max_size=3)))
        messages.append(Message(role=Role.USER, parts=user))
        if draw(st.booleans()):
            messages += draw(assistant_turns(turn, features, family))
    return tuple(messages)


@st.composite
def assistant_turns(draw: st.DrawFn, turn: int, features: Features, family: str) -> list[Message]:
    """What an assistant says; with calls, their results and a closing word too."""
    parts: list[Part] = []
    if Feature.THINKING in features:
        parts += draw(st.lists(thoughts(family), max_size=2))
    made: tuple[ToolCall, ...] = ()
    if Feature.TOOLS in features and draw(st.booleans()):
        made = draw(calls(turn))
    if not made or draw(st.booleans()):
        parts.append(Text(text=draw(words)))
    messages = [Message(role=Role.ASSISTANT, parts=(*parts, *made))]
    if made:
        messages.append(draw(results(made, features)))
        closing = Text(text=draw(words))
        messages.append(Message(role=Role.ASSISTANT, parts=(closing,)))
    return messages


PLAIN: dict[Feature, st.SearchStrategy[Any]] = {
    Feature.MAX_TOKENS: st.integers(1, 100_000),
    Feature.TEMPERATURE: st.sampled_from([0, 0.25, 0.5, 1.0]),
    Feature.TOP_P: st.sampled_from([0.1, 0.5, 1.0]),
    Feature.TOP_K: st.integers(1, 100),
    Feature.STOP: st.lists(words, max_size=3).map(tuple),
    Feature.SEED: st.integers(0, 2**31 - 1),
    Feature.PRESENCE_PENALTY: st.sampled_from([-1.5, 0.0, 1.5]),
    Feature.FREQUENCY_PENALTY: st.sampled_from([-1.5, 0.0, 1.5]),
    Feature.USER: words,
}


@st.composite
def tool_sets(draw: st.DrawFn, features: Features) -> tuple[Tool, ...]:
    """Functions with names of their own."""
    stricts = optional(st.booleans(), Feature.TOOL_STRICT in features)
    found = []
    for name in draw(st.lists(names, unique=True, max_size=3)):
        strict = draw(stricts)
        tool = Tool(
            name=name,
            description=draw(optional(words)),
            schema=draw(closed_schemas if strict else schemas),
            strict=strict,
            cache=draw(caches(features)),
        )
        found.append(tool)
    return tuple(found)


schemas = st.dictionaries(
    names, st.sampled_from([{"type": "string"}, {"type": "array", "items": {"type": "number"}}])
).map(lambda properties: {"type": "object", "properties": properties})
closed_schemas = schemas.map(
    lambda schema: {
        **schema,
        "required": [*schema["properties"]],
        "additionalProperties": False,
    }
)
"""What OpenAI and Anthropic demand of a strict schema."""


def choices_of_tools(
    tools: tuple[Tool, ...], features: Features
) -> st.SearchStrategy[ToolChoice | None]:
    """A tool choice that goes with `tools`."""
    if not tools:
        return st.none()
    found = [ToolChoice(mode=ToolMode.AUTO)]
    for feature, mode in (
        (Feature.TOOL_CHOICE_NONE, ToolMode.NONE),
        (Feature.TOOL_CHOICE_REQUIRED, ToolMode.REQUIRED),
    ):
        if feature in features:
            found.append(ToolChoice(mode=mode))
    if Feature.TOOL_CHOICE_NAMED in features:
        found += [ToolChoice(mode=ToolMode.NAMED, name=tool.name) for tool in tools]
    if Feature.TOOL_CHOICE_ALLOWED in features:
        found.append(ToolChoice(mode=ToolMode.AUTO, allowed=(tools[0].name,)))
    return st.none() | st.sampled_from(found)


def outputs(features: Features) -> st.SearchStrategy[JsonOutput | None]:
    """JSON mode, or a schema."""
    found: list[st.SearchStrategy[Any]] = [st.none()]
    if Feature.JSON_MODE in features:
        found.append(st.just(JsonOutput()))
    if Feature.JSON_SCHEMA in features:
        found.append(st.builds(JsonOutput, schema=closed_schemas, name=names, strict=st.just(True)))
    return st.one_of(found)


def reasonings(features: Features) -> st.SearchStrategy[Reasoning | None]:
    """An effort or a budget."""
    found: list[st.SearchStrategy[Any]] = [st.none()]
    if Feature.REASONING_EFFORT in features:
        efforts = st.sampled_from(["low", "medium", "high"])
        found.append(st.builds(Reasoning, effort=efforts))
    if Feature.REASONING_BUDGET in features:
        found.append(st.builds(Reasoning, enabled=st.just(True), budget=st.integers(1024, 30_000)))
    return st.one_of(found)


@st.composite
def chat_requests(
    draw: st.DrawFn, features: Features = EVERYTHING, family: str = "openai"
) -> ChatRequest:
    """A whole request that uses no other feature than `features`."""
    plain: dict[str, Any] = {}
    for feature, strategy in PLAIN.items():
        if feature in features and draw(st.booleans()):
            plain[feature.value] = draw(strategy)
    tools = draw(tool_sets(features)) if Feature.TOOLS in features else ()
    parallel = Feature.PARALLEL_TOOL_CALLS in features and bool(tools)
    return ChatRequest(
        model=draw(names),
        messages=draw(conversations(features, family)),
        stream=draw(st.booleans()),
        tools=tools,
        tool_choice=draw(choices_of_tools(tools, features)),
        parallel_tool_calls=draw(optional(st.just(False), parallel)),
        output=draw(outputs(features)),
        reasoning=draw(reasonings(features)),
        **plain,
    )


def odd_values(*names: str) -> st.SearchStrategy[Any]:
    """JSON that nobody would write; its members have names that mean something."""
    return st.recursive(
        st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(names), inner, max_size=4)
        ),
        max_leaves=20,
    )


@st.composite
def cuts(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """The bytes in pieces, cut anywhere."""
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    edges = [0, *places, len(data)]
    return [data[start:end] for start, end in pairwise(edges)]
