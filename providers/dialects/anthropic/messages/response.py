"""A whole answer, read and written."""

from typing import Any

from providers.bridging.dialect import Context
from providers.dialects.anthropic.errors import describe
from providers.dialects.anthropic.messages.blocks import Blocks
from providers.dialects.anthropic.messages.citations import render_citation
from providers.dialects.anthropic.messages.content import arguments, tool_id
from providers.dialects.anthropic.messages.fields import Wrong
from providers.dialects.anthropic.messages.searches import render_searched
from providers.dialects.anthropic.messages.usage import (
    parse_tier,
    parse_usage,
    render_usage,
    with_tier,
)
from providers.dialects.anthropic.names import FAMILY, NAME, REASONS, STOP_REASONS
from providers.errors import BadAnswer, FailedAnswer
from providers.neutral.carriers import announced, carrier, ending
from providers.neutral.chat import (
    Audio,
    ChatResponse,
    Choice,
    Finish,
    Native,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    seal,
)
from providers.neutral.web_search import Searched
from providers.wire import error_bodies
from providers.wire.members import Json

NATIVE = ("container", "context_management", "diagnostics", "stop_details")
"""Members of an answer that no other dialect knows."""


def parse_response(body: Json) -> ChatResponse:
    """The neutral answer; raises BadAnswer where the body is none, FailedAnswer for an error."""
    if "content" not in body:
        if body.get("error"):
            raise FailedAnswer(describe(body, None))
        words = error_bodies.message_in(body, ("message", "detail"))
        raise BadAnswer(words or "the provider's answer holds no content")
    try:
        parts = Blocks().content(body)
    except Wrong as wrong:
        raise BadAnswer(f"the provider's answer: {wrong.place}: {wrong.expected}") from None
    usage = body.get("usage")
    choice = Choice(
        parts=parts or explained(body),
        finish=parse_finish(body.get("stop_reason")),
        stop_sequence=_word(body, "stop_sequence") or None,
        native=native_of(body),
    )
    return ChatResponse(
        id=_word(body, "id"),
        model=_word(body, "model"),
        choices=(choice,),
        usage=parse_usage(usage),
        service_tier=parse_tier(usage),
    )


def explained(stop: Json) -> tuple[Refusal, ...]:
    """The words for a refusal that stand beside an answer without content."""
    details = stop.get("stop_details")
    words = details.get("explanation") if isinstance(details, dict) else None
    return (Refusal(text=words),) if isinstance(words, str) and words else ()


def _word(body: Json, name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


def parse_finish(reason: Any) -> Finish | None:
    """The meaning of a stop reason; an unknown one is a plain stop, none is None."""
    if not isinstance(reason, str):
        return None
    return REASONS.get(reason, Finish.STOP)


def native_of(body: Json) -> Json:
    """What else the provider said: of a message, or of the delta that ends it."""
    found = {name: body[name] for name in NATIVE if body.get(name) is not None}
    reason = body.get("stop_reason")
    if isinstance(reason, str) and STOP_REASONS.get(REASONS.get(reason, Finish.STOP)) != reason:
        found["stop_reason"] = reason
    return found


def render_response(response: ChatResponse, context: Context) -> Json:
    """The answer as a `message`; of several choices the first."""
    choice = response.choices[0] if response.choices else Choice()
    content: list[Json] = []
    id = response.id or context.id
    for part in announced(ending(choice.parts)):
        content += render_blocks(part, f"{id}_{len(content)}")
    return {
        "id": id,
        "type": "message",
        "role": "assistant",
        # Claude Code drops signed thoughts of another model than it asked for (2.1, 2026-11).
        "model": context.model or response.model,
        "content": content,
        **stop_of(_finish(choice), choice.stop_sequence, dict(choice.native)),
        "usage": with_tier(render_usage(response.usage), response.service_tier),
    }


def _finish(choice: Choice) -> Finish:
    # Some providers stop plainly where they call tools; this format's clients look for the word.
    calls = any(isinstance(part, ToolCall) for part in choice.parts)
    finish = choice.finish or Finish.STOP
    return Finish.TOOL_CALLS if calls and finish is Finish.STOP else finish


def stop_of(finish: Finish, sequence: str | None, native: Json) -> Json:
    """Why the model stopped, and what else the provider said of it."""
    reason = native.get("stop_reason")
    return {
        "stop_reason": reason if reason in REASONS else STOP_REASONS[finish],
        "stop_sequence": sequence,
        **{name: native[name] for name in NATIVE if name in native},
    }


def render_blocks(part: Part, id: str) -> list[Json]:
    """The blocks of one part, none for what this format cannot show; `id` is unique."""
    match part:
        case Text():
            if part.signature is None:
                return [_text(part)]
            return [_text(part), render_thinking(carrier(part.signature))]
        case Refusal():
            return [{"type": "text", "text": part.text}]
        case Thinking():
            return [render_thinking(part)]
        case ToolCall():
            call = {"type": "tool_use", "id": tool_id(part.id), "name": part.name}
            return [call | {"input": arguments(part.arguments)}]
        case Audio(transcript=str() as transcript):
            return [{"type": "text", "text": transcript}]
        case Searched():
            return [*render_searched(part, id)]
        case Native(dialect=dialect) if dialect == NAME:
            return [dict(part.value)]
    return []


def _text(part: Text) -> Json:
    block: Json = {"type": "text", "text": part.text}
    if part.citations:
        block["citations"] = [render_citation(citation) for citation in part.citations]
    return block


def render_thinking(part: Thinking) -> Json:
    """A thought of any provider; what was signed by another carries its origin."""
    if part.redacted is not None:
        return {"type": "redacted_thinking", "data": seal(part.redacted, FAMILY)}
    signature = "" if part.signature is None else seal(part.signature, FAMILY)
    return {"type": "thinking", "thinking": part.text, "signature": signature}
