"""Log probabilities: parallel lists in completions, a list of tokens in chat.

https://platform.openai.com/docs/api-reference/completions/object
"""

from collections.abc import Mapping
from typing import Any

from providers.wire.members import Json, dicts


def parse_logprobs(value: Any) -> Json | None:
    """The lists as chat's tokens; None where there are none."""
    if not isinstance(value, dict) or not isinstance(value.get("tokens"), list):
        return None
    tokens = [str(token) for token in value["tokens"]]
    likely, tops = _list(value, "token_logprobs"), _list(value, "top_logprobs")
    likely += [None] * (len(tokens) - len(likely))
    tops += [None] * (len(tokens) - len(tops))
    return {
        "content": [
            {**_token(token, each), "top_logprobs": _top(top)}
            for token, each, top in zip(tokens, likely, tops, strict=False)
        ]
    }


def _list(owner: Json, name: str) -> list[Any]:
    value = owner.get(name)
    return [*value] if isinstance(value, list) else []


def _token(token: str, likely: Any) -> Json:
    known = likely if isinstance(likely, int | float) else 0.0
    return {"token": token, "logprob": known, "bytes": list(token.encode())}


def _top(top: Any) -> list[Json]:
    if not isinstance(top, dict):
        return []
    return [_token(token, likely) for token, likely in top.items()]


def render_logprobs(logprobs: Mapping[str, Any] | None, offset: int = 0) -> Json | None:
    """The tokens as parallel lists; `offset`: characters of the text before the first."""
    tokens = dicts((logprobs or {}).get("content"))
    if not tokens:
        return None
    offsets = []
    for token in tokens:
        offsets.append(offset)
        offset += len(str(token.get("token", "")))
    return {
        "tokens": [token.get("token", "") for token in tokens],
        "token_logprobs": [token.get("logprob", 0.0) for token in tokens],
        "top_logprobs": [
            {other.get("token", ""): other.get("logprob", 0.0) for other in dicts(top)}
            for top in (token.get("top_logprobs") for token in tokens)
        ],
        "text_offset": offsets,
    }
