"""What the dialect can express survives the way there and back."""

import base64
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from providers.dialects.bedrock.converse import DIALECT
from providers.neutral.chat import (
    Cache,
    Citation,
    JsonOutput,
    Message,
    Role,
    Signature,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
)
from providers.neutral.media import Data, Url
from tests.providers.dialects.bedrock.requests import (
    JSON,
    PARTS,
    SONNET,
    WEATHER,
    ask,
    assistant,
    render,
    results,
    user,
)

plain = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(str.strip)
names = st.text("abcXYZ019_-", min_size=1, max_size=12)
ids = st.text("abcXYZ019_.:-", min_size=1, max_size=64)
blobs = st.binary(min_size=1, max_size=12).map(lambda data: base64.b64encode(data).decode())
caches = st.none() | st.builds(Cache, ttl=st.sampled_from((None, "5m", "1h")))
texts = st.builds(Text, text=plain, cache=caches)


def media(kind: str, *types: str) -> st.SearchStrategy[Any]:
    data = st.builds(Data, base64=blobs, media_type=st.sampled_from(types))
    remote = st.builds(Url, url=st.just("s3://bucket/key"), media_type=st.sampled_from(types))
    return st.builds(PARTS[kind], source=data | remote, cache=caches)


images = media("image", "image/png", "image/jpeg", "image/gif", "image/webp")
objects = st.dictionaries(plain, JSON, max_size=3)
calls = st.builds(
    ToolCall,
    id=ids,
    name=names,
    arguments=objects.map(lambda value: orjson.dumps(value).decode()),
    cache=caches,
)
signatures = st.builds(Signature, origin=st.just("anthropic"), value=plain)
encrypted = st.builds(
    Signature, origin=st.just("anthropic"), value=st.text("abcXYZ019+/", min_size=1)
)
thoughts = st.builds(Thinking, text=st.text(max_size=9), signature=signatures) | st.builds(
    Thinking, redacted=encrypted
)
cited = st.builds(
    Text,
    text=plain,
    citations=st.lists(
        st.builds(
            lambda title, quote: Citation(
                title=title,
                quote=quote,
                native={"title": title, "sourceContent": [{"text": quote}]},
                dialect="bedrock.converse",
            ),
            plain,
            plain,
        ),
        min_size=1,
        max_size=2,
    ).map(tuple),
)
user_turns = st.builds(
    user,
    texts,
) | st.lists(
    texts | images | media("video", "video/mp4") | media("audio", "audio/wav"),
    min_size=1,
    max_size=4,
).map(lambda parts: user(*parts))
assistant_turns = st.lists(texts | thoughts | calls | cited, min_size=1, max_size=4).map(
    lambda parts: assistant(*parts)
)
tools = st.lists(
    st.builds(
        Tool,
        name=names,
        description=st.none() | plain,
        schema=st.just({"type": "object", "properties": {"a": {"type": "string"}}}),
        strict=st.sampled_from((None, True)),
        cache=caches,
    ),
    min_size=1,
    max_size=3,
).map(tuple)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Message, ...]:
    messages: list[Message] = []
    if draw(st.booleans()):
        system = draw(st.lists(texts, min_size=1, max_size=3))
        messages.append(Message(role=Role.SYSTEM, parts=tuple(system)))
    for _ in range(draw(st.integers(0, 2))):
        turn = draw(assistant_turns)
        messages += (draw(user_turns), turn)
        called = {part.id: part for part in turn.parts if isinstance(part, ToolCall)}
        if called:
            answers = [
                ToolResult(
                    call_id=part.id,
                    name=part.name,
                    parts=tuple(draw(st.lists(st.builds(Text, text=plain), max_size=2))),
                    is_error=draw(st.booleans()),
                    cache=draw(caches),
                )
                for part in called.values()
            ]
            # Results and what the user adds are one turn, in this order.
            messages.append(results(*answers))
            if draw(st.booleans()):
                messages.append(draw(user_turns))
            messages.append(assistant(Text(text="ok")))
    messages.append(draw(user_turns))
    return tuple(messages)


def ids_have_one_name(messages: tuple[Message, ...]) -> bool:
    """True unless one id is called twice under two names."""
    seen: dict[str, str] = {}
    for message in messages:
        for part in message.parts:
            if isinstance(part, ToolCall) and seen.setdefault(part.id, part.name) != part.name:
                return False
    return True


@given(
    messages=conversations().filter(ids_have_one_name),
    tools=st.just(()) | tools,
    stream=st.booleans(),
    max_tokens=st.none() | st.integers(1, 9999),
    temperature=st.none() | st.floats(0, 1),
    top_k=st.none() | st.integers(1, 500),
    stop=st.lists(plain, max_size=2).map(tuple),
    schema=st.none() | st.just({"type": "object"}),
    tier=st.sampled_from((None, "default", "priority", "flex", "reserved")),
    metadata=st.none() | st.dictionaries(names, names, min_size=1, max_size=3),
)
def test_parsing_undoes_rendering(
    *,
    messages: tuple[Message, ...],
    tools: tuple[Tool, ...],
    stream: bool,
    max_tokens: int | None,
    temperature: float | None,
    top_k: int | None,
    stop: tuple[str, ...],
    schema: Any,
    tier: str | None,
    metadata: dict[str, str] | None,
) -> None:
    called = any(isinstance(part, ToolCall) for turn in messages for part in turn.parts)
    request = ask(
        *messages,
        tools=tools or ((WEATHER,) if called else ()),
        stream=stream,
        max_tokens=max_tokens,
        temperature=temperature,
        top_k=top_k,
        stop=stop,
        output=None if schema is None else JsonOutput(schema=schema),
        service_tier=tier,
        metadata=metadata,
    )
    body, dropped = render(request)
    assert dropped == []
    assert bool(stop) == (body.pop("additionalModelResponseFieldPaths", None) is not None)
    assert DIALECT.parse_request(orjson.loads(orjson.dumps(body)), SONNET, stream) == request
