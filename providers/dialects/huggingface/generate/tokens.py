"""Tokens as the server tells them, `{id, text, logprob, special}`, and log probabilities.

Log probabilities are read where `top_tokens` are told, which they are only where somebody asked.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from providers.wire.members import Json, dicts, string


def parse_logprobs(tokens: Any, tops: Any) -> Json | None:
    """The tokens and their alternatives in the neutral form; None where there are none."""
    if not isinstance(tops, list) or not tops:
        return None
    content = [
        {**_parsed(token), "top_logprobs": [_parsed(one) for one in dicts(top)]}
        for token, top in zip(dicts(tokens), tops, strict=False)
        if token.get("special") is not True
    ]
    return {"content": content} if content else None


def _parsed(token: Json) -> Json:
    text, likely = string(token.get("text")), token.get("logprob")
    known = likely if isinstance(likely, int | float) else 0.0
    return {"token": text, "logprob": known, "bytes": list(text.encode())}


def rendered(logprobs: Mapping[str, Any] | None) -> list[tuple[Json, list[Json]]]:
    """Each token with its alternatives, in the server's form."""
    return [
        (_rendered(token), [_rendered(top) for top in dicts(token.get("top_logprobs"))])
        for token in dicts((logprobs or {}).get("content"))
    ]


def _rendered(token: Json) -> Json:
    return one(string(token.get("token")), token.get("logprob"))


def one(text: str, logprob: float | None = None, *, special: bool = False) -> Json:
    """A token; 0 stands for an id that nobody said."""
    return {"id": 0, "text": text, "logprob": logprob, "special": special}


def alternatives(pairs: Sequence[tuple[Json, list[Json]]]) -> list[list[Json]]:
    """`top_tokens` of `pairs`; empty where there are none at all."""
    tops = [top for _, top in pairs]
    return tops if any(tops) else []
