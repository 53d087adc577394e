"""Results that a client tells twice.

A session that Gemini CLI resumes has each function response twice, with one id, and Google wants as
many as there were calls (https://github.com/google-gemini/gemini-cli/issues/16437).
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from providers.dialects.gemini.generate_content import fields
from providers.wire.members import Json, dicts


def told_once(contents: list[Any]) -> list[Any]:
    """The contents, the same object where no result is repeated in one of them."""
    if not any(map(_repeats, contents)):
        return contents
    told: list[Any] = []
    calls: Counter[str] = Counter()
    for content in contents:
        told.append(_once(content, calls) if _repeats(content) else content)
        if not (isinstance(content, dict) and content.get("role") == "model"):
            calls.clear()
        calls.update(each["id"] for each in _named(content, "functionCall"))
    return told


def _named(content: Any, kind: str) -> Iterator[Json]:
    """The calls or the responses in a content that have an id."""
    for part in dicts(content.get("parts")) if isinstance(content, dict) else ():
        found = fields.find(part, kind)
        if isinstance(found, dict) and isinstance(found.get("id"), str):
            yield found


def _repeats(content: Any) -> bool:
    if not isinstance(content, dict) or content.get("role") == "model":
        return False
    parts = content.get("parts")
    if not isinstance(parts, list) or len(parts) < 2 or len([*filter(_answers, parts)]) < 2:
        return False
    ids = [each["id"] for each in _named(content, "functionResponse")]
    return len(set(ids)) < len(ids)


def _answers(part: Any) -> bool:
    return isinstance(part, dict) and ("functionResponse" in part or "function_response" in part)


def _once(content: Json, calls: Counter[str]) -> Json:
    """The content without what says again a result of a call that has one."""
    left = calls.copy()
    said: list[Json] = []
    parts: list[Any] = []
    for part in content["parts"]:
        response = fields.find(part, "functionResponse") if isinstance(part, dict) else None
        if isinstance(response, dict) and isinstance(response.get("id"), str):
            left[response["id"]] -= 1
            if response in said and left[response["id"]] < 0:
                continue
            said.append(response)
        parts.append(part)
    return {**content, "parts": parts}
