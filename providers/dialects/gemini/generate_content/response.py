"""Whole answers, both ways.

https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import msgspec
import orjson

from providers.bridging.dialect import Context, Seen
from providers.dialects.gemini.errors import describe, failure
from providers.dialects.gemini.generate_content.answers import (
    REASONS,
    parse_finish,
    parse_logprobs,
    parse_tier,
    parse_usage,
    render_logprobs,
    render_usage,
)
from providers.dialects.gemini.generate_content.calls import Numbering, arguments_of
from providers.dialects.gemini.generate_content.citations import (
    Passage,
    parse_citations,
    parse_searched,
    queries_of,
    render_grounding,
    with_searches,
)
from providers.dialects.gemini.generate_content.content import add_part, parse_call, parse_shown
from providers.dialects.gemini.generate_content.signatures import render_redacted, render_signature
from providers.dialects.gemini.media import render_media
from providers.dialects.gemini.names import FAMILY, NAME
from providers.errors import BadAnswer, FailedAnswer, InvalidRequest
from providers.neutral.carriers import vouched
from providers.neutral.chat import (
    Audio,
    ChatResponse,
    Choice,
    Citation,
    Finish,
    Image,
    Native,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    Video,
)
from providers.neutral.media import Data
from providers.neutral.web_search import Searched
from providers.wire.members import Json

READ = frozenset({"content", "index", "finishReason", "logprobsResult"})
OWN = ("promptFeedback", "modelStatus")
"""Members of an answer that no other dialect knows."""
OWN_CANDIDATE = (
    "finishReason",
    "finishMessage",
    "safetyRatings",
    "groundingMetadata",
    "citationMetadata",
    "urlContextMetadata",
    "tokenCount",
)
"""The same, of a candidate; the reason to finish only where it is finer than the neutral one."""


def parse_response(body: Json) -> ChatResponse:
    """A provider's answer; raises BadAnswer where it is none, FailedAnswer for an error."""
    candidates = body.get("candidates")
    feedback = body.get("promptFeedback")
    if not isinstance(candidates, list) or not candidates:
        candidates = []
        if body.get("error"):
            raise FailedAnswer(describe(body, None))
        if not blocked(feedback):
            raise BadAnswer("the provider's answer holds no candidates")
    origin = text_of(body, "responseId") or digest(body)
    try:
        choices = [parse_candidate(item, at, origin) for at, item in enumerate(candidates)]
    except InvalidRequest as error:
        raise BadAnswer(f"the provider's answer cannot be read: {error.message}") from error
    return ChatResponse(
        id=text_of(body, "responseId"),
        model=text_of(body, "modelVersion"),
        created=seconds(body.get("createTime")),
        choices=tuple(choices) or (Choice(finish=Finish.CONTENT_FILTER),),
        usage=with_searches(
            parse_usage(body.get("usageMetadata")), sum(map(len, map(queries_of, candidates)))
        ),
        service_tier=parse_tier(body.get("usageMetadata")),
        native={name: body[name] for name in OWN if body.get(name) is not None},
    )


def blocked(feedback: Any) -> bool:
    """Whether `promptFeedback` says that there will be no answer."""
    return isinstance(feedback, dict) and bool(feedback.get("blockReason"))


def digest(body: Json) -> str:
    """Stands for the id of an answer that has none."""
    return blake2b(orjson.dumps(body), digest_size=8).hexdigest()


def text_of(body: Json, name: str) -> str:
    """A string, or an empty one."""
    value = body.get(name)
    return value if isinstance(value, str) else ""


def seconds(value: Any) -> int:
    """An RFC 3339 time since the epoch; 0 where there is none."""
    try:
        return int(datetime.fromisoformat(value).timestamp())
    except (TypeError, ValueError, OverflowError):
        return 0


def parse_candidate(candidate: Any, at: int, origin: str) -> Choice:
    """One candidate; `at` is its place, where it does not say its index."""
    if not isinstance(candidate, dict):
        raise BadAnswer("the provider's answer holds a candidate that is no object")
    index = candidate.get("index")
    index = index if type(index) is int and index >= 0 else at
    parts = _parts(candidate, index, origin)
    calls = any(isinstance(part, ToolCall) for part in parts)
    finish = parse_finish(candidate.get("finishReason"), calls)
    searched = parse_searched(candidate)
    return Choice(
        parts=(*([] if searched is None else [searched]), *_with_citations(parts, candidate)),
        finish=finish,
        index=index,
        logprobs=parse_logprobs(candidate.get("logprobsResult")),
        native=native_of(candidate, finish),
        error=failure(candidate) if finish is Finish.ERROR else None,
    )


def native_of(candidate: Json, finish: Finish) -> Json:
    """What a candidate says beside parts, index and log probabilities."""
    native = {
        name: value for name, value in candidate.items() if name not in READ and value is not None
    }
    reason = candidate.get("finishReason")
    if isinstance(reason, str) and reason and reason != REASONS[finish]:
        native["finishReason"] = reason
    return native


def _parts(candidate: Json, index: int, origin: str) -> list[Part]:
    parts: list[Part] = []
    numbering = Numbering(origin, index)
    for part in parts_of(candidate):
        call = part.get("functionCall")
        if isinstance(call, dict):
            parts.append(parse_call(part, call, "", numbering.called))
        else:
            add_part(parts, parse_shown(part, ""))
    return parts


def parts_of(candidate: Json) -> list[Json]:
    """The parts of a candidate that are objects."""
    content = candidate.get("content")
    parts = content.get("parts") if isinstance(content, dict) else None
    return [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []


def _with_citations(parts: list[Part], candidate: Json) -> tuple[Part, ...]:
    texts = [Passage(at, part.text) for at, part in enumerate(parts) if isinstance(part, Text)]
    for at, citation in parse_citations(candidate, texts):
        part = parts[at]
        if isinstance(part, Text):
            parts[at] = msgspec.structs.replace(part, citations=(*part.citations, citation))
    return tuple(parts)


def render_response(response: ChatResponse, context: Context) -> Json:
    """An answer for a client."""
    body: Json = {
        "candidates": [render_candidate(choice) for choice in response.choices],
        "modelVersion": response.model or context.model,
        "responseId": response.id or context.id,
        "createTime": timestamp(response.created or context.now),
    }
    if response.usage is not None:
        body["usageMetadata"] = render_usage(response.usage)
    body |= {name: response.native[name] for name in OWN if name in response.native}
    return body


def timestamp(created: int) -> str:
    """Seconds since the epoch as RFC 3339."""
    return datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def render_candidate(choice: Choice) -> Json:
    """One candidate with all that the format can hold."""
    parts: list[Json] = []
    cited: list[tuple[int, str, Citation]] = []
    queries: list[str] = []
    for part in vouched(choice.parts, FAMILY):
        if isinstance(part, Text):
            cited += [(len(parts), part.text, citation) for citation in part.citations]
        elif isinstance(part, Searched):
            queries += part.queries
        parts += render_part(part)
    candidate: Json = {
        "content": {"parts": parts, "role": "model"},
        "finishReason": REASONS[choice.finish or Finish.STOP],
        "index": choice.index,
        **render_logprobs(choice.logprobs),
    }
    return candidate | render_sources(cited, queries) | own_of(choice.native)


def render_sources(cited: list[tuple[int, str, Citation]], queries: list[str]) -> Json:
    """The member that names an answer's sources; nothing where there are none."""
    grounding = render_grounding(cited)
    if queries:
        grounding["webSearchQueries"] = queries
    return {"groundingMetadata": grounding} if grounding else {}


def own_of(native: Mapping[str, Any]) -> Json:
    """What Google itself said of a candidate."""
    return {name: native[name] for name in OWN_CANDIDATE if name in native}


def render_part(part: Part) -> list[Json]:
    """What a part is in the format; nothing for what the format cannot hold."""
    match part:
        case Text(text=text, signature=signature):
            return [{"text": text, **_signed(signature)}]
        case Refusal(text=text):
            return [{"text": text}]
        case Thinking(redacted=redacted) if redacted is not None:
            return [{"text": "", "thought": True, "thoughtSignature": render_redacted(redacted)}]
        case Thinking(text=text, signature=signature):
            return [{"text": text, "thought": True, **_signed(signature)}]
        case ToolCall():
            return [render_call(part.id, part.name, part.arguments, part.signature)]
        case Audio(source=Data(base64=data), transcript=transcript):
            said: list[Json] = [{"text": transcript}] if transcript else []
            return [render_media(part), *said] if data else said
        case Image() | Video() if isinstance(part.source, Data):
            return [render_media(part)]
        case Native(dialect=dialect, value=value) | Searched(dialect=dialect, value=value) if (
            dialect == NAME
        ):
            return [dict(value)]
    return []


def render_call(id: str, name: str, arguments: str, signature: Any) -> Json:
    """A `functionCall` part."""
    call = {"id": id, "name": name, "args": arguments_of(arguments)}
    return {"functionCall": call, **_signed(signature)}


def _signed(signature: Any) -> Json:
    return {} if signature is None else {"thoughtSignature": render_signature(signature)}


def watch(body: Json) -> Seen:
    """What a whole answer says of its usage, model and finish."""
    seen = Seen()
    note(body, seen)
    return seen


def note(chunk: Json, seen: Seen) -> None:
    """Takes down what a whole answer or a chunk says."""
    if not seen.model:
        seen.model = text_of(chunk, "modelVersion")
    candidates = chunk.get("candidates")
    usage, known = parse_usage(chunk.get("usageMetadata")), seen.usage
    if usage is not None:
        units = None if known is None else known.units
        seen.usage = usage if units is None else with_searches(usage, units.searches)
    if isinstance(candidates, list) and candidates and isinstance(candidates[0], dict):
        _note_finish(candidates[0], seen)
        if "groundingMetadata" in candidates[0]:
            seen.usage = with_searches(seen.usage, sum(map(len, map(queries_of, candidates))))
    elif chunk.get("error"):
        seen.error, seen.finish = describe(chunk, None), Finish.ERROR
    elif blocked(chunk.get("promptFeedback")):
        seen.finish = Finish.CONTENT_FILTER


def _note_finish(candidate: Json, seen: Seen) -> None:
    reason = candidate.get("finishReason")
    if isinstance(reason, str) and reason:
        seen.finish = parse_finish(
            reason, any("functionCall" in part for part in parts_of(candidate))
        )


def written(chunk: Json) -> str:
    """The text in a chunk."""
    candidates = chunk.get("candidates")
    if not isinstance(candidates, list):
        return ""
    parts = (part for each in candidates if isinstance(each, dict) for part in parts_of(each))
    return "".join([text for part in parts if isinstance(text := part.get("text"), str)])
