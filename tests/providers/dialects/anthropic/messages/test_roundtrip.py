"""What the dialect can say, it reads as it wrote it."""

from typing import Any

import msgspec
import orjson
from hypothesis import given
from hypothesis import strategies as st

from providers.bridging.dialect import Context
from providers.dialects.anthropic.messages import DIALECT
from providers.neutral.carriers import ending
from providers.neutral.chat import (
    Cache,
    ChatRequest,
    ChatResponse,
    Choice,
    Document,
    Finish,
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
)
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    Begin,
    End,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
    WholePart,
)
from providers.neutral.media import Data, FileId, PlainText, Url
from providers.usage import Usage

CONTEXT = Context(model="claude", id="id", now=1)

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda text: not text.isspace()
)
names = st.from_regex(r"[a-zA-Z0-9_-]{1,12}", fullmatch=True)
caches = st.none() | st.builds(Cache, ttl=st.sampled_from([None, "5m", "1h"]))
objects = st.dictionaries(words, words | st.integers(-9, 9) | st.none(), max_size=2)
json_texts = objects.map(lambda value: orjson.dumps(value).decode())
ours = st.builds(Signature, origin=st.just("anthropic"), value=names)
anyones = st.builds(
    Signature, origin=st.sampled_from(["anthropic", "gemini", "openai"]), value=names
)

urls = names.map(lambda name: Url(url=f"https://x.test/{name}"))
files = names.map(lambda name: FileId(id=name))
drawn = (
    urls
    | files
    | st.builds(
        Data, base64=st.just("iVBORw=="), media_type=st.sampled_from(["image/png", "image/webp"])
    )
)
pictures = st.builds(Image, source=drawn, cache=caches)
documents = st.builds(
    Document,
    source=urls
    | files
    | words.map(lambda text: PlainText(text=text))
    | st.just(Data(base64="JVBERg==", media_type="application/pdf")),
    name=st.none() | words,
    context=st.none() | words,
    cite=st.booleans(),
    cache=caches,
)
texts = st.builds(Text, text=words, cache=caches)
# What stands in a result cannot be marked for the cache, only the result itself.
found = st.builds(Text, text=words) | st.builds(Image, source=drawn)
thoughts = st.builds(Thinking, text=words, signature=ours) | st.builds(Thinking, redacted=ours)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Message, ...]:
    messages = []
    system = draw(st.lists(texts, max_size=2))
    if system:
        messages.append(Message(role=Role.SYSTEM, parts=tuple(system)))
    for turn in range(draw(st.integers(0, 3))):
        messages.append(draw(user_turns()))
        messages += draw(assistant_turns(turn))
    if messages[-1:] and messages[-1].role is Role.TOOL:
        return tuple(messages)
    return (*messages, draw(user_turns()))


@st.composite
def user_turns(draw: st.DrawFn) -> Message:
    parts = draw(st.lists(texts | pictures | documents, min_size=1, max_size=3))
    return Message(role=Role.USER, parts=tuple(parts))


@st.composite
def assistant_turns(draw: st.DrawFn, turn: int) -> list[Message]:
    calls = [
        ToolCall(id=f"t{turn}_{at}", name=draw(names), arguments=draw(json_texts))
        for at in range(draw(st.integers(0, 2)))
    ]
    said = draw(st.lists(texts, min_size=0 if calls else 1, max_size=2))
    first = draw(st.lists(thoughts, max_size=1))
    messages = [Message(role=Role.ASSISTANT, parts=(*first, *said, *calls))]
    results = tuple(
        ToolResult(
            call_id=call.id,
            name=call.name,
            parts=tuple(draw(st.lists(found, max_size=2))),
            is_error=draw(st.booleans()),
            cache=draw(caches),
        )
        for call in calls
    )
    if results:
        # The next user's turn would be one with the results, and come back apart again.
        messages += [Message(role=Role.TOOL, parts=results)]
    return messages


tools = st.lists(
    st.builds(
        Tool,
        name=names,
        description=st.none() | words,
        schema=st.just({"type": "object", "properties": {"a": {"type": "string"}}}),
        strict=st.sampled_from([None, True]),
        cache=caches,
    ),
    min_size=1,
    max_size=2,
).map(tuple)
choices = st.sampled_from(
    [
        None,
        ToolChoice(mode=ToolMode.AUTO),
        ToolChoice(mode=ToolMode.NONE),
        ToolChoice(mode=ToolMode.REQUIRED),
        ToolChoice(mode=ToolMode.NAMED, name="f"),
    ]
)
requests = st.builds(
    ChatRequest,
    model=st.just("claude-opus-4-0"),
    messages=conversations(),
    stream=st.booleans(),
    max_tokens=st.integers(1, 9),
    temperature=st.none() | st.sampled_from([0, 0.5, 1]),
    top_p=st.none() | st.sampled_from([0.25, 0.5]),
    top_k=st.none() | st.integers(1, 9),
    stop=st.lists(words, max_size=2).map(tuple),
    tools=st.just(()) | tools,
    output=st.none() | st.just(JsonOutput(schema={"type": "object"})),
    user=st.none() | words,
    service_tier=st.sampled_from([None, "auto", "default"]),
    cache=caches,
    extras=st.sampled_from([{}, {"speed": "fast"}]),
)


@given(requests, choices)
def test_a_request_comes_back_as_it_was(request: ChatRequest, choice: ToolChoice | None) -> None:
    if request.tools:
        request = msgspec.structs.replace(request, tool_choice=choice)
    dropped: list[str] = []
    body = DIALECT.render_request(request, dropped)
    again = DIALECT.parse_request(orjson.loads(orjson.dumps(body)), "", False)
    assert again == request
    assert dropped == []


reasonings = st.sampled_from(
    [
        ("claude-opus-4-0", Reasoning(enabled=False)),
        ("claude-opus-4-0", Reasoning(enabled=True, budget=2000, show=True)),
        ("claude-opus-4-6", Reasoning(enabled=True, budget=-1, effort="max")),
        ("claude-opus-4-7", Reasoning(enabled=True, budget=-1, effort="xhigh", show=False)),
        ("claude-opus-5", Reasoning(enabled=False, effort="low")),
        ("claude-sonnet-5-5", Reasoning(enabled=False)),
    ]
)


@given(reasonings)
def test_reasoning_comes_back_as_it_was(case: tuple[str, Reasoning]) -> None:
    model, reasoning = case
    hi = Message(role=Role.USER, parts=(Text(text="hi"),))
    request = ChatRequest(model=model, messages=(hi,), max_tokens=9000, reasoning=reasoning)
    dropped: list[str] = []
    assert DIALECT.parse_request(DIALECT.render_request(request, dropped), "", False) == request
    assert dropped == []


said = (
    st.builds(Text, text=words, signature=st.none() | anyones)
    | st.builds(Thinking, text=words, signature=st.none() | anyones)
    | st.builds(Thinking, redacted=anyones)
    | st.builds(ToolCall, id=names, name=names, arguments=json_texts, signature=st.none() | anyones)
)
usages = st.builds(
    Usage,
    input=st.integers(20, 99),
    output=st.integers(20, 99),
    cache_read=st.integers(0, 9),
    cache_write=st.integers(0, 9),
    reasoning=st.integers(0, 9),
)
finishes = st.sampled_from(
    [Finish.STOP, Finish.LENGTH, Finish.TOOL_CALLS, Finish.REFUSAL, Finish.PAUSE]
)


@st.composite
def answers(draw: st.DrawFn) -> ChatResponse:
    parts = tuple(draw(st.lists(said, max_size=4)))
    finish = draw(finishes)
    # An answer that calls tools does not stop plainly.
    if finish is Finish.STOP and any(isinstance(part, ToolCall) for part in parts):
        finish = Finish.TOOL_CALLS
    return ChatResponse(
        id="msg_1",
        model="claude",
        choices=(Choice(parts=parts, finish=finish),),
        usage=draw(usages),
        service_tier=draw(st.sampled_from([None, "default", "priority"])),
    )


@given(answers())
def test_an_answer_comes_back_as_it_was(answer: ChatResponse) -> None:
    body = orjson.loads(orjson.dumps(DIALECT.render_response(answer, CONTEXT)))
    (choice,) = answer.choices
    shown = msgspec.structs.replace(choice, parts=ending(choice.parts))
    assert DIALECT.parse_response(body) == msgspec.structs.replace(answer, choices=(shown,))


def told(answer: ChatResponse) -> list[AnyDelta]:
    """An answer as deltas, its texts in pieces of one character."""
    deltas: list[AnyDelta] = [
        Begin(id=answer.id, model=answer.model, service_tier=answer.service_tier)
    ]
    for at, part in enumerate(answer.choices[0].parts):
        match part:
            case Text():
                deltas += [TextDelta(text=piece, part=at) for piece in part.text]
            case Thinking(redacted=None):
                deltas += [ThinkingDelta(text=piece, part=at) for piece in part.text]
            case ToolCall():
                deltas.append(ToolCallBegin(id=part.id, name=part.name, part=at))
                deltas += [ArgumentsDelta(text=piece, part=at) for piece in part.arguments]
            case _:
                deltas.append(WholePart(value=part, part=at))
                continue
        if part.signature is not None:
            deltas.append(SignatureDelta(signature=part.signature, part=at))
    finish = answer.choices[0].finish
    assert finish is not None
    assert answer.usage is not None
    return [*deltas, End(finish=finish), Used(usage=answer.usage)]


def heard(deltas: list[AnyDelta]) -> tuple[list[Part], Any, Any]:
    """(parts, finish, usage) that deltas add up to."""
    parts: dict[int, Any] = {}
    finish = usage = None
    for delta in deltas:
        match delta:
            case TextDelta():
                known = parts.get(delta.part, Text(text=""))
                parts[delta.part] = msgspec.structs.replace(known, text=known.text + delta.text)
            case ThinkingDelta():
                known = parts.get(delta.part, Thinking())
                parts[delta.part] = msgspec.structs.replace(known, text=known.text + delta.text)
            case ToolCallBegin():
                parts[delta.part] = ToolCall(id=delta.id, name=delta.name, arguments="")
            case ArgumentsDelta():
                known = parts[delta.part]
                parts[delta.part] = msgspec.structs.replace(
                    known, arguments=known.arguments + delta.text
                )
            case SignatureDelta():
                parts[delta.part] = msgspec.structs.replace(
                    parts[delta.part], signature=delta.signature
                )
            case WholePart():
                parts[delta.part] = delta.value
            case End():
                finish = delta.finish
            case Used():
                usage = delta.usage
    return [parts[at] for at in sorted(parts)], finish, usage


def carried(parts: tuple[Part, ...]) -> list[Part]:
    """`parts` with signatures of texts and calls as a Messages client is shown them."""
    result: list[Part] = []
    for part in ending(parts):
        if isinstance(part, Text | ToolCall) and part.signature is not None:
            value = f"prev:{part.signature.value}"
            result += [
                msgspec.structs.replace(part, signature=None),
                Thinking(redacted=msgspec.structs.replace(part.signature, value=value)),
            ]
        else:
            result.append(part)
    return result


@given(answers())
def test_a_stream_comes_back_as_it_was(answer: ChatResponse) -> None:
    renderer, parser = DIALECT.renderer(CONTEXT), DIALECT.parser()
    body = b"".join(renderer.feed([delta]) for delta in told(answer)) + renderer.flush()
    parts, finish, usage = heard(parser.feed(body) + parser.flush())
    assert parts == carried(answer.choices[0].parts)
    assert finish == answer.choices[0].finish
    assert usage == answer.usage
