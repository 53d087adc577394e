"""What the dialect can express survives the way there and back."""

from typing import Any

import msgspec
import orjson
from hypothesis import given
from hypothesis import strategies as st

from providers.bridging.fidelity import Feature
from providers.dialects.gemini.generate_content import ARRAY, DIALECT
from providers.neutral.chat import (
    ChatRequest,
    ChatResponse,
    Choice,
    JsonOutput,
    Message,
    Part,
    Reasoning,
    Signature,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from providers.neutral.deltas import AnyDelta, End, Failed, Used
from tests.answers import assembled, chat_responses, streams
from tests.providers.dialects.gemini.wire import CONTEXT, judge
from tests.strategies import chat_requests, cuts

# Places, files and details have rules of their own; thoughts of Gemini are never redacted; and
# strictness is one for all tools.
ELSEWHERE = {
    Feature.IMAGE_URL,
    Feature.IMAGE_FILE,
    Feature.IMAGE_DETAIL,
    Feature.AUDIO_URL,
    Feature.AUDIO_FILE,
    Feature.VIDEO_URL,
    Feature.VIDEO_FILE,
    Feature.DOCUMENT_URL,
    Feature.DOCUMENT_FILE,
    Feature.THINKING,
    Feature.TOOL_STRICT,
}


def canonical(part: Part) -> Part:
    """The part as the dialect gives it back: compact arguments, a result's texts as one."""
    match part:
        case ToolCall(arguments=arguments):
            compact = orjson.dumps(orjson.loads(arguments or "{}")).decode()
            return msgspec.structs.replace(part, arguments=compact)
        case ToolResult(parts=parts):
            texts = [inner.text for inner in parts if isinstance(inner, Text)]
            rest = tuple(inner for inner in parts if not isinstance(inner, Text))
            joined = (Text(text="\n".join(texts)), *rest) if texts else rest
            return msgspec.structs.replace(part, parts=joined)
    return part


def expected(request: ChatRequest) -> ChatRequest:
    """The request as the dialect gives it back: turns of one speaker are one."""
    messages: list[Message] = []
    for message in request.messages:
        parts = tuple(map(canonical, message.parts))
        if messages and messages[-1].role is message.role:
            parts = (*messages.pop().parts, *parts)
        messages.append(Message(role=message.role, parts=parts))
    changes: dict[str, Any] = {"messages": tuple(messages)}
    if request.output is not None:
        changes["output"] = JsonOutput(schema=request.output.schema)
    if request.reasoning is not None and request.reasoning.enabled:
        budget = request.reasoning.budget
        changes["reasoning"] = Reasoning(enabled=True, budget=budget, show=True)
    return msgspec.structs.replace(request, **changes)


@given(chat_requests(DIALECT.carries - ELSEWHERE, "gemini"))
def test_a_request_survives(request: ChatRequest) -> None:
    dropped: list[str] = []
    body = orjson.loads(orjson.dumps(DIALECT.render_request(request, dropped)))
    judge(body)
    assert dropped == []
    assert DIALECT.parse_request(body, request.model, request.stream) == expected(request)


signatures = st.builds(
    Signature,
    origin=st.sampled_from(["gemini", "openai", "anthropic"]),
    value=st.text("abc/+-_=|. é", min_size=1, max_size=12),
)


@given(st.text(max_size=9), signatures, st.booleans())
def test_a_thought_of_any_provider_survives_in_an_answer(
    text: str, signature: Signature, hidden: bool
) -> None:
    foreign = signature.origin != "gemini"
    shown = Thinking(text=text, signature=signature)
    thought = Thinking(redacted=signature) if hidden and foreign else shown
    answer = ChatResponse(id="i", model="m", choices=(Choice(parts=(thought,)),))
    body = orjson.loads(orjson.dumps(DIALECT.render_response(answer, CONTEXT)))
    assert DIALECT.parse_response(body).choices[0].parts == (thought,)
    echoed = {"contents": [body["candidates"][0]["content"]]}
    assert DIALECT.parse_request(echoed, "m", False).messages[0].parts == (thought,)


def comparable(response: ChatResponse) -> ChatResponse:
    usage = response.usage
    assert usage is not None
    choice = response.choices[0]
    choice = Choice(parts=tuple(map(canonical, choice.parts)), finish=choice.finish)
    # Gemini counts no tokens that are written to a cache; all zeroes are no usage.
    usage = msgspec.structs.replace(usage, cache_write=0)
    return msgspec.structs.replace(
        response, choices=(choice,), usage=usage if usage.total else None
    )


def own(part: Part) -> bool:
    return not (isinstance(part, Thinking) and part.redacted is not None)


@given(chat_responses("gemini"))
def test_an_answer_survives(response: ChatResponse) -> None:
    choice = response.choices[0]
    parts = tuple(part for part in choice.parts if own(part))
    response = msgspec.structs.replace(
        response, choices=(Choice(parts=parts, finish=choice.finish),)
    )
    body = orjson.loads(orjson.dumps(DIALECT.render_response(response, CONTEXT)))
    assert DIALECT.parse_response(body) == comparable(response)


def merged(parts: tuple[Part, ...]) -> list[Part]:
    """A stream has no border between two thoughts: they are one, with the later signature."""
    found: list[Part] = []
    for part in parts:
        last = found[-1] if found else None
        if isinstance(part, Thinking) and isinstance(last, Thinking):
            found[-1] = Thinking(text=last.text + part.text, signature=part.signature)
        else:
            found.append(canonical(part))
    return found


@given(st.data(), streams("gemini"), st.sampled_from([DIALECT, ARRAY]))
def test_a_stream_survives_wherever_it_is_cut(
    data: st.DataObject, told: tuple[ChatResponse, list[AnyDelta]], dialect: Any
) -> None:
    response, deltas = told
    renderer = dialect.renderer(CONTEXT)
    sent = renderer.feed(deltas) + renderer.flush()
    whole, pieces = DIALECT.parser(), DIALECT.parser()
    once = whole.feed(sent) + whole.flush()
    often = [delta for piece in data.draw(cuts(sent)) for delta in pieces.feed(piece)]
    assert often + pieces.flush() == once
    assert not any(isinstance(delta, Failed) for delta in once)
    assert assembled(once) == merged(response.choices[0].parts)
    assert [d.finish for d in once if isinstance(d, End)] == [response.choices[0].finish]
    used = [delta.usage for delta in once if isinstance(delta, Used)]
    usage = comparable(response).usage
    assert used[-1:] == ([usage] if usage else [])
