"""Random neutral answers and the streams that tell them, for tests."""

from hypothesis import strategies as st

from providers.neutral.chat import (
    ChatResponse,
    Choice,
    Finish,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
)
from providers.neutral.deltas import (
    AnyDelta,
    ArgumentsDelta,
    Begin,
    CitationDelta,
    End,
    PartEnd,
    Ping,
    RefusalDelta,
    SignatureDelta,
    TextDelta,
    ThinkingDelta,
    ToolCallBegin,
    Used,
)
from providers.usage import Usage
from tests.strategies import calls, names, thoughts, words


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    """Counts whose parts do not exceed their wholes."""
    input, output = draw(st.integers(0, 10_000)), draw(st.integers(0, 10_000))
    read = draw(st.integers(0, input))
    return Usage(
        input=input,
        output=output,
        cache_read=read,
        cache_write=draw(st.integers(0, input - read)),
        reasoning=draw(st.integers(0, output)),
    )


@st.composite
def chat_responses(draw: st.DrawFn, family: str = "openai") -> ChatResponse:
    """An answer with one choice: thoughts, text, calls."""
    parts: list[Part] = list(draw(st.lists(thoughts(family), max_size=2)))
    if draw(st.booleans()):
        parts.append(Text(text=draw(words)))
    made = draw(calls(0)) if draw(st.booleans()) else ()
    ends = [Finish.TOOL_CALLS] if made else [Finish.STOP, Finish.LENGTH, Finish.CONTENT_FILTER]
    return ChatResponse(
        id=draw(names),
        model=draw(names),
        created=draw(st.integers(1, 2**31)),
        choices=(Choice(parts=(*parts, *made), finish=draw(st.sampled_from(ends))),),
        usage=draw(usages()),
    )


def pieces(text: str) -> list[str]:
    """The text in up to three pieces."""
    third = max(len(text) // 3, 1)
    return [text[:third], text[third : 2 * third], text[2 * third :]]


def deltas_of(part: Part, index: int) -> list[AnyDelta]:
    """A part of an answer as a stream tells it."""
    match part:
        case Text(text=text, citations=citations):
            told: list[AnyDelta] = [TextDelta(text=piece, part=index) for piece in pieces(text)]
            return told + [CitationDelta(citation=each, part=index) for each in citations]
        case Refusal(text=text):
            return [RefusalDelta(text=piece, part=index) for piece in pieces(text)]
        case Thinking(text=text, signature=signature):
            told = [ThinkingDelta(text=piece, part=index) for piece in pieces(text)]
            signed = [] if signature is None else [SignatureDelta(signature=signature, part=index)]
            return [*told, *signed]
        case ToolCall(id=id, name=name, arguments=text):
            begin = ToolCallBegin(id=id, name=name, part=index)
            return [begin, *(ArgumentsDelta(text=piece, part=index) for piece in pieces(text))]
    raise AssertionError(part)


def stream_of(response: ChatResponse, ends: bool = True) -> list[AnyDelta]:
    """The answer of one choice as a stream, with PartEnd where `ends`."""
    begin = Begin(id=response.id, model=response.model, created=response.created)
    told: list[AnyDelta] = [begin]
    for index, part in enumerate(response.choices[0].parts):
        told += deltas_of(part, index)
        if ends:
            told.append(PartEnd(part=index))
    assert response.choices[0].finish is not None
    told.append(End(finish=response.choices[0].finish))
    if response.usage is not None:
        told.append(Used(usage=response.usage))
    return told


@st.composite
def streams(draw: st.DrawFn, family: str = "openai") -> tuple[ChatResponse, list[AnyDelta]]:
    """An answer, and the same as a stream, with pings in it."""
    response = draw(chat_responses(family))
    shown = tuple(
        part
        for part in response.choices[0].parts
        if not (isinstance(part, Thinking) and part.redacted is not None)
    )
    choice = Choice(parts=shown, finish=response.choices[0].finish)
    response = ChatResponse(
        id=response.id,
        model=response.model,
        created=response.created,
        choices=(choice,),
        usage=response.usage,
    )
    told = stream_of(response, ends=draw(st.booleans()))
    at = draw(st.integers(1, len(told)))
    return response, [*told[:at], Ping(), *told[at:]]


def assembled(deltas: list[AnyDelta]) -> list[Part]:
    """The parts that the deltas of choice 0 make together."""
    found: dict[int, Part] = {}
    for delta in deltas:
        match delta:
            case TextDelta(text=text, part=part):
                before = found.get(part, Text(text=""))
                assert isinstance(before, Text)
                found[part] = Text(text=before.text + text, citations=before.citations)
            case RefusalDelta(text=text, part=part):
                before = found.get(part, Refusal(text=""))
                assert isinstance(before, Refusal)
                found[part] = Refusal(text=before.text + text)
            case ThinkingDelta(text=text, part=part):
                before = found.get(part, Thinking())
                assert isinstance(before, Thinking)
                found[part] = Thinking(text=before.text + text, signature=before.signature)
            case SignatureDelta(signature=signature, part=part):
                before = found.get(part, Thinking())
                assert isinstance(before, Thinking)
                found[part] = Thinking(text=before.text, signature=signature)
            case ToolCallBegin(id=id, name=name, part=part):
                found[part] = ToolCall(id=id, name=name, arguments="")
            case ArgumentsDelta(text=text, part=part):
                before = found[part]
                assert isinstance(before, ToolCall)
                whole = before.arguments + text
                found[part] = ToolCall(id=before.id, name=before.name, arguments=whole)
            case CitationDelta(citation=citation, part=part):
                before = found.get(part, Text(text=""))
                assert isinstance(before, Text)
                found[part] = Text(text=before.text, citations=(*before.citations, citation))
            case _:
                pass
    return [found[part] for part in sorted(found)]
