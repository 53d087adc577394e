"""Function calls: ids that Gemini often does not give, arguments, results.

https://ai.google.dev/gemini-api/docs/function-calling
"""

import re
from collections import defaultdict, deque
from typing import Any

import orjson

from providers.wire.members import Json

MADE = "gemini_"
"""What ids begin with that were made up here; they mean nothing to the provider."""

# OpenAI takes ids of at most 40 characters, Anthropic and Bedrock of these only.
FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")
MAX_ORIGIN = 22


class Numbering:
    """Ids for the calls of one choice of an answer, which has itself the id `origin`."""

    def __init__(self, origin: str, choice: int) -> None:
        self._prefix = f"{MADE}{FOREIGN.sub('', origin)[:MAX_ORIGIN]}_{choice}_"
        self._count = 0

    def called(self, name: str, id: str | None) -> str:
        """The id that the provider gave, or one of its place in the answer."""
        number = self._count
        self._count += 1
        return id or f"{self._prefix}{number}"


def arguments_text(args: Any) -> str:
    """A call's arguments as JSON text."""
    return orjson.dumps(args).decode() if args else "{}"


def arguments_of(text: str) -> Json:
    """The struct that the API wants; what is no JSON object stands in it as `input`."""
    try:
        value = orjson.loads(text) if text.strip() else {}
    except ValueError:
        value = text
    return value if isinstance(value, dict) else {"input": value}


REFERENCE = b'"$ref":'
"""A member that is read as the name of a picture beside the result
(https://ai.google.dev/gemini-api/docs/function-calling#multimodal)."""
READ = frozenset({"output", "error"})
"""Members of a result that have a meaning."""


def response_of(text: str, is_error: bool) -> Json:
    """The struct of a result; what a function returned is never taken for the API's own words."""
    if is_error:
        return {"error": text}
    try:
        value = orjson.loads(text) if text.startswith("{") else None
    except ValueError:
        value = None
    if not isinstance(value, dict) or _refers(text, value):
        return {"output": text}
    return {"output": value} if READ & value.keys() else value


def _refers(text: str, value: Json) -> bool:
    return ("$ref" in text or "\\u" in text) and REFERENCE in orjson.dumps(value)


def result_text(response: Json) -> tuple[str, bool]:
    """(the result as text, whether it is an error)."""
    if len(response) == 1:
        name, value = next(iter(response.items()))
        if name in ("output", "result", "error"):
            text = value if isinstance(value, str) else orjson.dumps(value).decode()
            return text, name == "error"
    return orjson.dumps(response).decode(), False


class Pairing:
    """Which result answers which call, by id where there is one, else by name and order."""

    def __init__(self) -> None:
        self._open: dict[int, str] = {}
        """The number of a call that no result has answered → its id."""
        self._ids: defaultdict[str, deque[int]] = defaultdict(deque)
        self._names: defaultdict[str, deque[int]] = defaultdict(deque)
        self._count = 0
        self._made = 0

    def called(self, name: str, id: str | None) -> str:
        """The id of a call."""
        if not id:
            id = f"{MADE}call_{self._made}"
            self._made += 1
        self._open[self._count] = id
        self._ids[id].append(self._count)
        self._names[name].append(self._count)
        self._count += 1
        return id

    def answered(self, name: str, id: str | None) -> str:
        """The id of the call that a result answers."""
        waiting = self._ids.get(id) if id else self._names.get(name)
        while waiting:
            known = self._open.pop(waiting.popleft(), None)
            if known is not None:
                return known
        return id or self.called(name, None)
