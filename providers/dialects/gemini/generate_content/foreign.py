"""What of a client's own body must change on its way to Google.

A conversation that another provider answered for a while holds its signatures, under a seal, where
Google looks for its own ("Corrupted thought signature").
"""

from typing import Any

from providers.dialects.gemini.generate_content.signatures import SKIP, is_sealed
from providers.models.gemini import model_of
from providers.wire.members import Json

SPELLINGS = ("thoughtSignature", "thought_signature")


def own_signatures(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """The contents without signatures of others, where there are any."""
    contents = body.get("contents")
    if not isinstance(contents, list) or not any(map(_is_foreign, contents)):
        return {}
    stand_in = SKIP if model_of(model).wants_signatures else None
    return {"contents": [_own(content, stand_in) for content in contents]}


def _parts(content: Any) -> list[Any]:
    parts = content.get("parts") if isinstance(content, dict) else None
    return parts if isinstance(parts, list) else []


def _signed(part: Any) -> str | None:
    """The member of a part that holds another provider's signature."""
    if not isinstance(part, dict) or len(part) < 2:
        return None
    return next((name for name in SPELLINGS if name in part and is_sealed(part[name])), None)


def _is_foreign(content: Any) -> bool:
    return any(_signed(part) is not None for part in _parts(content))


def _own(content: Any, stand_in: str | None) -> Any:
    if not _is_foreign(content):
        return content
    parts = [_part(part, stand_in) for part in _parts(content)]
    return {**content, "parts": [part for part in parts if part is not None] or [{"text": ""}]}


def _part(part: Any, stand_in: str | None) -> Any:
    name = _signed(part)
    if name is None:
        return part
    rest = {key: value for key, value in part.items() if key != name}
    if "functionCall" in part or "function_call" in part:
        return rest if stand_in is None else rest | {name: stand_in}
    return rest if rest.get("text") else None
