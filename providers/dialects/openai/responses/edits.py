"""What must change in a client's body before a provider of this dialect takes it as it is."""

from typing import Any

from providers.dialects.openai.responses.thoughts import MADE
from providers.dialects.openai.signatures import EXTRA
from providers.neutral.chat import SEAL
from providers.wire.members import Json, dicts, string


def edits(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """The model's name, and the input without what other providers signed in earlier turns."""
    changes: dict[str, Any] = {}
    if body.get("model") != model:
        changes["model"] = model
    items = body.get("input")
    if isinstance(items, list) and any(map(_is_foreign, dicts(items))):
        changes["input"] = [
            _clean(item) if isinstance(item, dict) else item
            for item in items
            if not (isinstance(item, dict) and _is_thought(item))
        ]
    return changes


def _is_foreign(item: Json) -> bool:
    if item.get("type") == "reasoning":
        return _is_thought(item)
    content = item.get("content")
    parts = content if isinstance(content, list) else ()
    return EXTRA in item or any(EXTRA in part for part in parts if isinstance(part, dict))


def _is_thought(item: Json) -> bool:
    """Whether the item is a thought that OpenAI did not have.

    Its encrypted content could not be verified, and its id would not be found.
    """
    if item.get("type") != "reasoning":
        return False
    sealed = string(item.get("encrypted_content")).startswith(SEAL)
    return sealed or string(item.get("id")).startswith(MADE)


def _clean(item: Json) -> Json:
    kept = {name: value for name, value in item.items() if name != EXTRA}
    if isinstance(kept.get("content"), list):
        kept["content"] = [
            {name: value for name, value in part.items() if name != EXTRA}
            if isinstance(part, dict)
            else part
            for part in kept["content"]
        ]
    return kept
