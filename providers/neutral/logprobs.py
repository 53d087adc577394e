"""Log probabilities of an answer, as OpenAI's chat says them: `{"content": [{token, logprob, …}]}`.

https://platform.openai.com/docs/api-reference/chat/object
"""

from typing import Any

from providers.wire.members import Json, dicts, string


def tokens_of(logprobs: Any) -> list[Json]:
    """The tokens that an answer tells of; what a server says of them that is no such thing is
    left out."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    return [
        {**_token(each), "top_logprobs": [_token(top) for top in dicts(each.get("top_logprobs"))]}
        for each in dicts(content)
    ]


def _token(said: Json) -> Json:
    likely = said.get("logprob")
    known = isinstance(likely, int | float) and not isinstance(likely, bool)
    return {**said, "token": string(said.get("token")), "logprob": likely if known else 0.0}
