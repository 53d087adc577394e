"""What every answer of Ollama says beside its words: why it ends, what it took, and when.

https://docs.ollama.com/api/usage
"""

import re
from datetime import UTC, datetime
from typing import Any

from providers.dialects.ollama.names import REASONS
from providers.neutral.chat import Finish
from providers.neutral.logprobs import tokens_of
from providers.usage import Usage, count, told
from providers.wire.members import Json, dicts, string

# Go writes nine digits of a fraction.
MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)")


def finish_of(body: Json, called: bool) -> Finish | None:
    """Why the model stopped; None while it has not."""
    if body.get("done") is False:
        return None
    finish = REASONS.get(string(body.get("done_reason")), Finish.STOP)
    return Finish.TOOL_CALLS if called and finish is Finish.STOP else finish


def usage_of(body: Json) -> Usage | None:
    """The counts of an answer or of a stream's last line; None where there are none.

    The prompt's count is left out where all of the prompt was cached.
    """
    return told(count(body.get("prompt_eval_count")), count(body.get("eval_count")))


def seconds(value: Any) -> int:
    """A moment in RFC 3339, since the epoch; 0 where it is none."""
    match = MOMENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return 0
    try:
        return max(int(datetime.fromisoformat(match[1] + match[2]).timestamp()), 0)
    except (ValueError, OverflowError):
        return 0


def moment(value: int) -> str:
    """Seconds since the epoch, in RFC 3339."""
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_logprobs(items: Any) -> Json | None:
    """The log probabilities, which have OpenAI's form but for what is left out."""
    if not isinstance(items, list):
        return None
    content = [
        {**_entry(item), "top_logprobs": [_entry(each) for each in dicts(item.get("top_logprobs"))]}
        for item in items
        if isinstance(item, dict)
    ]
    return {"content": content} if content else None


def _entry(item: Json) -> Json:
    token, raw = string(item.get("token")), item.get("bytes")
    return {
        "token": token,
        "logprob": item.get("logprob", 0),
        "bytes": raw if isinstance(raw, list) else list(token.encode()),
    }


def render_logprobs(logprobs: Any) -> list[Json]:
    """OpenAI's log probabilities in Ollama's form."""
    return tokens_of(logprobs)


DURATIONS = {
    "total_duration": 0,
    "load_duration": 0,
    "prompt_eval_duration": 0,
    "eval_duration": 0,
}
"""Nanoseconds; how long it took is not known here, and clients reckon with these numbers."""


def render_usage(usage: Usage | None) -> Json:
    """The members that count."""
    if usage is None:
        return DURATIONS
    return {**DURATIONS, "prompt_eval_count": usage.input, "eval_count": usage.output}
