"""Output items of an answer, both ways.

https://platform.openai.com/docs/api-reference/responses/object#responses/object-output
"""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from providers.dialects.openai import searches
from providers.dialects.openai.custom import Call, call_of
from providers.dialects.openai.responses.media import NAME, parse_annotations, render_output
from providers.dialects.openai.responses.thoughts import MADE, parse_thinking, render_thinking
from providers.dialects.openai.signatures import parse_extra, render_extra
from providers.neutral.carriers import announced
from providers.neutral.chat import (
    Audio,
    Finish,
    Image,
    Native,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
)
from providers.neutral.logprobs import tokens_of
from providers.neutral.media import Data
from providers.neutral.web_search import Searched
from providers.wire import members
from providers.wire.members import Json, dicts, string

CALLS = frozenset({"custom_tool_call", "local_shell_call", "shell_call", "apply_patch_call"})
"""Items that the client must act on, beside function calls."""

FORMATS = {
    "webp": "image/webp",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "svg": "image/svg+xml",
}
"""Media types of drawn pictures; all others are PNG."""


def parse_item(item: Json, position: int) -> Iterator[Part]:
    """The parts that an output item holds; `position` is for a call without an id."""
    match item.get("type"):
        case "message":
            yield from _contents(item)
        case "reasoning":
            thinking = parse_thinking(item)
            # With neither words nor secret, only who stores it knows what was thought.
            if thinking.text or thinking.signature or thinking.redacted:
                yield thinking
        case "function_call":
            yield ToolCall(
                id=call_id(item, position),
                name=string(item.get("name")),
                arguments=string(item.get("arguments")) or "{}",
                namespace=string(item.get("namespace")),
                signature=parse_extra(item),
            )
        case searches.CALL:
            yield searches.parse_searched(item)
        case _:
            yield parse_other(item)


def call_id(item: Json, position: int) -> str:
    """The id by which the call's result is known."""
    return string(item.get("call_id")) or string(item.get("id")) or f"call_{position}"


def _contents(item: Json) -> Iterator[Part]:
    for part in dicts(item.get("content")):
        if part.get("type") == "refusal":
            yield Refusal(text=string(part.get("refusal")))
        else:
            yield Text(
                text=string(part.get("text")),
                citations=parse_annotations(part.get("annotations")),
                signature=parse_extra(part),
            )


def parse_other(item: Json) -> Part:
    """A drawn picture; everything else is only known here."""
    drawn, form = item.get("result"), item.get("output_format")
    if item.get("type") == "image_generation_call" and isinstance(drawn, str) and drawn:
        media_type = FORMATS.get(string(form), "image/png")
        return Image(source=Data(base64=drawn, media_type=media_type))
    return Native(dialect=NAME, value=item)


def acts(part: Part) -> bool:
    """Whether the client must act before the model goes on."""
    if isinstance(part, Native):
        own = part.dialect == NAME and string(part.value.get("type")) in CALLS
        return own or call_of(part) is not None
    return isinstance(part, ToolCall)


def logprobs_of(item: Json) -> list[Any]:
    """The log probabilities in a message."""
    found: list[Any] = []
    for part in dicts(item.get("content")):
        found += tokens_of({"content": part.get("logprobs")}) if part.get("logprobs") else ()
    return found


def render_logprobs(logprobs: Mapping[str, Any] | None) -> list[Json]:
    """The log probabilities as the SDK's types demand them."""
    return [_likely(each) for each in tokens_of(logprobs)]


def _likely(each: Json) -> Json:
    top = [
        {**other, "bytes": other.get("bytes") or []} for other in dicts(each.get("top_logprobs"))
    ]
    return {**each, "bytes": each.get("bytes") or [], "top_logprobs": top}


def message_item(id: str, contents: list[Json], status: str) -> Json:
    """What the assistant says."""
    return {
        "id": id,
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": contents,
    }


def content_of(part: Text | Refusal, likely: list[Json]) -> Json:
    """A content part for a client."""
    rendered = render_output(part)
    if isinstance(part, Text):
        rendered["logprobs"] = likely
        rendered |= render_extra(part.signature)
    return rendered


def call_item(id: str, call: ToolCall, status: str) -> Json:
    """The model's wish to have a function called."""
    return {
        "id": id,
        "type": "function_call",
        "status": status,
        "arguments": call.arguments,
        "call_id": call.id,
        "name": call.name,
        **members.optional(namespace=call.namespace or None),
        **render_extra(call.signature),
    }


def whole_item(part: Part, id: str) -> Json | None:
    """A part that is told at once; None where a client cannot be told."""
    match part:
        case Thinking():
            return render_thinking(part, f"{MADE}{id}")
        case Image(source=Data(base64=drawn)):
            return {
                "id": f"ig_{id}",
                "type": "image_generation_call",
                "status": "completed",
                "result": drawn,
            }
        case Searched():
            return searches.render_searched(part, id)
        case Native(dialect=dialect, value=value) if dialect == NAME:
            return dict(value)
        case Native():
            call = call_of(part)
            return None if call is None else custom_item(f"ctc_{id}", call)
    return None


def custom_item(id: str, call: Call) -> Json:
    """The model's wish to have a custom tool called."""
    return {
        "id": id,
        "type": "custom_tool_call",
        "status": "completed",
        "call_id": call.id,
        "name": call.name,
        "input": call.input,
    }


def spoken(part: Part) -> Part:
    """The words of what is spoken, which this format has no place for."""
    if isinstance(part, Audio) and part.transcript:
        return Text(text=part.transcript)
    return part


def render_items(
    parts: tuple[Part, ...], rid: str, logprobs: Mapping[str, Any] | None, finish: Finish
) -> list[Json]:
    """The output of an answer; `rid` makes the ids unique and stable."""
    likely = render_logprobs(logprobs)
    items: list[Json] = []
    shown = [spoken(part) for part in announced(parts)]
    for said, run in groupby(shown, lambda part: isinstance(part, Text | Refusal)):
        if said:
            texts = [part for part in run if isinstance(part, Text | Refusal)]
            contents = []
            for part in texts:
                contents.append(content_of(part, likely if isinstance(part, Text) else []))
                likely = [] if isinstance(part, Text) else likely
            items.append(message_item(f"msg_{rid}_{len(items)}", contents, "completed"))
            continue
        for other in run:
            id = f"{rid}_{len(items)}"
            if isinstance(other, ToolCall):
                items.append(call_item(f"fc_{id}", other, "completed"))
            elif (item := whole_item(other, id)) is not None:
                items.append(item)
    if finish is Finish.LENGTH and items and "status" in items[-1]:
        items[-1]["status"] = "incomplete"
    return items
