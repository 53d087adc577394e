"""Parts of a client's contents and of a provider's answer, parsed.

https://ai.google.dev/api/caching#Part
"""

from collections.abc import Callable
from typing import Any

import msgspec

from providers.dialects.gemini.generate_content import fields
from providers.dialects.gemini.generate_content.calls import Pairing, arguments_text, result_text
from providers.dialects.gemini.generate_content.signatures import parse_signature, parse_thought
from providers.dialects.gemini.media import LEVELS, parse_file, parse_inline
from providers.dialects.gemini.names import NAME
from providers.neutral.chat import Native, Part, Text, ToolCall, ToolResult
from providers.neutral.web_search import Searched
from providers.wire.members import Json

SIGNED = fields.spellings(("thought", "thoughtSignature")).keys()
"""Members of a part that holds nothing but a signature."""

NameCall = Callable[[str, str | None], str]
"""(function, id or None) → the call's id."""


def parse_parts(
    content: Json, at: str, pairing: Pairing, detail: str | None = None
) -> tuple[Part, ...]:
    """The parts of a content; `detail`: how closely its pictures shall be looked at."""
    parts: list[Part] = []
    given = fields.find(content, "parts")
    given = [given] if isinstance(given, dict) else given
    if given is not None and not isinstance(given, list):
        fields.wrong(f"{at}parts", "an array")
    for index, part in enumerate(given or ()):
        # Nearly every part is plain text; a place is only worth its making for the others.
        text = part.get("text") if type(part) is dict and len(part) == 1 else None
        if type(text) is str:
            parts.append(Text(text=text))
            continue
        place = f"{at}parts[{index}]"
        if not isinstance(part, dict):
            fields.wrong(place, "an object")
        add_part(parts, _part(part, f"{place}.", pairing, detail))
    return tuple(parts)


def add_part(parts: list[Part], part: Part) -> None:
    """Appends `part`; a signature that comes with no text belongs to the text before it."""
    if isinstance(part, Text) and not part.text and part.signature is not None and parts:
        last = parts[-1]
        if isinstance(last, Text) and last.signature is None:
            parts[-1] = msgspec.structs.replace(last, signature=part.signature)
            return
    parts.append(part)


def _part(part: Json, at: str, pairing: Pairing, detail: str | None) -> Part:
    if fields.find(part, "videoMetadata") is not None:
        return Native(dialect=NAME, value=part)
    call = fields.mapping(part, "functionCall", at)
    if call is not None:
        return parse_call(part, call, f"{at}functionCall.", pairing.called)
    result = fields.mapping(part, "functionResponse", at)
    if result is not None:
        return _result(result, f"{at}functionResponse.", pairing)
    return parse_shown(part, at, detail)


def parse_shown(part: Json, at: str, detail: str | None = None) -> Part:
    """A part that is neither a call nor a result."""
    thought = fields.boolean(part, "thought", at)
    inline = fields.mapping(part, "inlineData", at)
    if inline is not None and not thought:
        return parse_inline(inline, f"{at}inlineData.", _detail(part, at, detail))
    file = fields.mapping(part, "fileData", at)
    if file is not None:
        return parse_file(file, f"{at}fileData.", _detail(part, at, detail))
    text = fields.text(part, "text", at)
    signature = fields.text(part, "thoughtSignature", at)
    if text is None and (signature is None or not part.keys() <= SIGNED):
        if _is_search(part, at):
            return Searched(dialect=NAME, value=part)
        # Code that the server ran, its output, calls of its own tools, pictures as thoughts.
        return Native(dialect=NAME, value=part)
    if thought:
        return parse_thought(text or "", signature)
    return Text(text=text or "", signature=parse_signature(signature))


def _is_search(part: Json, at: str) -> bool:
    """Whether a part is a search of Google's own, or what it found, beside functions."""
    for name in ("toolCall", "toolResponse"):
        told = fields.mapping(part, name, at)
        if told is not None:
            kind = fields.find(told, "toolType")
            return isinstance(kind, str) and kind.startswith("GOOGLE_SEARCH")
    return False


def _detail(part: Json, at: str, fallback: str | None) -> str | None:
    resolution: Any = fields.find(part, "mediaResolution")
    if isinstance(resolution, dict):
        resolution = fields.text(resolution, "level", f"{at}mediaResolution.")
    return LEVELS.get(resolution, fallback) if isinstance(resolution, str) else fallback


def parse_call(part: Json, call: Json, at: str, name_call: NameCall) -> ToolCall:
    """A `functionCall` member of `part`."""
    name = fields.required_text(call, "name", at)
    signature = fields.text(part, "thoughtSignature", at)
    return ToolCall(
        id=name_call(name, fields.text(call, "id", at)),
        name=name,
        arguments=arguments_text(fields.mapping(call, "args", at)),
        signature=parse_signature(signature),
    )


def _result(result: Json, at: str, pairing: Pairing) -> ToolResult:
    name = fields.required_text(result, "name", at)
    response = fields.mapping(result, "response", at)
    text, is_error = ("", False) if response is None else result_text(response)
    parts: list[Part] = [Text(text=text)] if text else []
    parts += [parse_shown(part, place) for part, place in fields.objects(result, "parts", at)]
    return ToolResult(
        call_id=pairing.answered(name, fields.text(result, "id", at)),
        name=name,
        parts=tuple(parts),
        is_error=is_error,
    )
