"""What ends an answer: finish reasons, token counts, log probabilities.

https://docs.cohere.com/v2/reference/chat
"""

from typing import Any

from providers.neutral.chat import Finish
from providers.neutral.logprobs import tokens_of
from providers.usage import Usage, count, told
from providers.wire.members import Json

REASONS = {
    "COMPLETE": Finish.STOP,
    "STOP_SEQUENCE": Finish.STOP_SEQUENCE,
    "MAX_TOKENS": Finish.LENGTH,
    "TOOL_CALL": Finish.TOOL_CALLS,
    "ERROR": Finish.ERROR,
    "TIMEOUT": Finish.ERROR,
    # Words of the older APIs, which the SDK still knows.
    "ERROR_TOXIC": Finish.CONTENT_FILTER,
    "ERROR_LIMIT": Finish.LENGTH,
    "USER_CANCEL": Finish.STOP,
}

NAMES = {
    Finish.STOP: "COMPLETE",
    Finish.STOP_SEQUENCE: "STOP_SEQUENCE",
    Finish.LENGTH: "MAX_TOKENS",
    Finish.TOOL_CALLS: "TOOL_CALL",
    Finish.CONTENT_FILTER: "ERROR_TOXIC",
    Finish.REFUSAL: "ERROR_TOXIC",
    Finish.PAUSE: "COMPLETE",
    Finish.ERROR: "ERROR",
}


def parse_finish(reason: Any) -> Finish:
    """The meaning of a provider's word; an unknown word is a plain stop."""
    return REASONS.get(reason, Finish.STOP) if isinstance(reason, str) else Finish.STOP


def parse_usage(raw: Any) -> Usage | None:
    """The counts in a `usage` object; None where there are none.

    `tokens` is what the model read and wrote, `billed_units` leaves out what Cohere itself put into
    the prompt.
    """
    if not isinstance(raw, dict):
        return None
    tokens, billed = raw.get("tokens"), raw.get("billed_units")
    counts = [owner for owner in (tokens, billed) if isinstance(owner, dict)]
    input, output = _first(counts, "input_tokens"), _first(counts, "output_tokens")
    cached = count(raw.get("cached_tokens")) or 0
    return told(input, output, cache_read=min(cached, input or 0))


def _first(owners: list[Json], name: str) -> int | None:
    """The first count of that name."""
    return next((n for n in (count(owner.get(name)) for owner in owners) if n is not None), None)


def render_usage(usage: Usage) -> Json:
    """The counts as Cohere says them."""
    counts = {"input_tokens": usage.input, "output_tokens": usage.output}
    return {"billed_units": counts, "tokens": counts, "cached_tokens": usage.cache_read}


def parse_logprobs(items: Any) -> Json | None:
    """The log probabilities in OpenAI's form: a piece of text has the sum of its tokens'."""
    if isinstance(items, dict):
        items = [items]
    content = (
        [_entry(item) for item in items if isinstance(item, dict) and _numbers(item)]
        if isinstance(items, list)
        else []
    )
    return {"content": content} if content else None


def _numbers(item: Json) -> list[float]:
    values = item.get("logprobs")
    if not isinstance(values, list):
        return []
    return [value for value in values if isinstance(value, int | float)]


def _entry(item: Json) -> Json:
    text = item.get("text")
    text = text if isinstance(text, str) else ""
    return {
        "token": text,
        "logprob": sum(_numbers(item)),
        "bytes": list(text.encode()),
        "top_logprobs": [],
    }


def render_logprobs(logprobs: Any) -> list[Json]:
    """OpenAI's log probabilities in Cohere's form; the tokens' numbers are not known."""
    return [
        {"text": entry["token"], "token_ids": [], "logprobs": [entry["logprob"]]}
        for entry in tokens_of(logprobs)
    ]
