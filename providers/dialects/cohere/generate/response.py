"""A whole answer of Cohere's Generate API, both ways.

https://docs.cohere.com/v1/reference/generate
"""

from collections.abc import Mapping
from typing import Any

from providers.bridging.dialect import Context, Seen
from providers.errors import BadAnswer
from providers.neutral.chat import ChatResponse, Choice, Finish, Text
from providers.neutral.prompts import words
from providers.usage import Usage, count, told
from providers.wire import error_bodies
from providers.wire.members import Json, dicts, string, whole

REASONS = {
    "COMPLETE": Finish.STOP,
    "STOP_SEQUENCE": Finish.STOP_SEQUENCE,
    "MAX_TOKENS": Finish.LENGTH,
    "ERROR_LIMIT": Finish.LENGTH,
    "ERROR_TOXIC": Finish.CONTENT_FILTER,
    "ERROR": Finish.ERROR,
    "TIMEOUT": Finish.ERROR,
    "USER_CANCEL": Finish.ERROR,
}

NAMES = {
    Finish.STOP_SEQUENCE: "STOP_SEQUENCE",
    Finish.LENGTH: "MAX_TOKENS",
    Finish.CONTENT_FILTER: "ERROR_TOXIC",
    Finish.REFUSAL: "ERROR_TOXIC",
    Finish.ERROR: "ERROR",
}
"""The others are `COMPLETE`."""

API_VERSION = {"version": "1"}


def parse_finish(reason: Any) -> Finish | None:
    """The meaning of a provider's word; an unknown word is a plain stop."""
    if not isinstance(reason, str) or not reason:
        return None
    return REASONS.get(reason, Finish.STOP)


def finish_name(finish: Finish | None) -> str:
    """Cohere's word."""
    return "COMPLETE" if finish is None else NAMES.get(finish, "COMPLETE")


def parse_usage(meta: Any) -> Usage | None:
    """The counts in `meta`; None where there are none."""
    if not isinstance(meta, dict):
        return None
    tokens = meta.get("tokens") or meta.get("billed_units")
    if not isinstance(tokens, dict):
        return None
    input, output = count(tokens.get("input_tokens")), count(tokens.get("output_tokens"))
    cached = count(meta.get("cached_tokens")) or 0
    return told(input, output, cache_read=min(cached, input or 0))


def render_meta(usage: Usage | None) -> Json:
    """What is said beside the texts."""
    meta: Json = {"api_version": API_VERSION}
    if usage is None:
        return meta
    counts = {"input_tokens": usage.input, "output_tokens": usage.output}
    meta |= {"billed_units": counts, "tokens": counts}
    return {**meta, "cached_tokens": usage.cache_read} if usage.cache_read else meta


def parse_logprobs(value: Any) -> Json | None:
    """`token_likelihoods` as the neutral tokens; the first may have no likelihood."""
    tokens = dicts(value)
    if not tokens:
        return None
    return {"content": [_token(one) for one in tokens]}


def _token(said: Json) -> Json:
    text, likely = string(said.get("token")), said.get("likelihood")
    known = likely if isinstance(likely, int | float) else 0.0
    return {"token": text, "logprob": known, "bytes": list(text.encode()), "top_logprobs": []}


def render_logprobs(logprobs: Mapping[str, Any] | None) -> Json:
    """The members of a generation that say how likely it was; the whole's is the mean."""
    tokens = dicts((logprobs or {}).get("content"))
    if not tokens:
        return {}
    each = [
        {"token": token.get("token", ""), "likelihood": token.get("logprob", 0.0)}
        for token in tokens
    ]
    mean = sum([token["likelihood"] for token in each]) / len(each)
    return {"likelihood": mean, "token_likelihoods": each}


def parse_response(body: Json) -> ChatResponse:
    """The answer; raises BadAnswer where it is none."""
    generations = dicts(body.get("generations"))
    if not generations:
        why = error_bodies.message_in(body, ("message",)) or "it holds no generations"
        raise BadAnswer(f"the provider's answer cannot be used: {why}")
    return ChatResponse(
        id=string(body.get("id")),
        model="",
        choices=tuple(_choice(one, position) for position, one in enumerate(generations)),
        usage=parse_usage(body.get("meta")),
    )


def _choice(said: Json, position: int) -> Choice:
    index, text = whole(said.get("index")), string(said.get("text"))
    return Choice(
        parts=(Text(text=text),) if text else (),
        finish=parse_finish(said.get("finish_reason")),
        index=position if index is None else index,
        logprobs=parse_logprobs(said.get("token_likelihoods")),
    )


def render_response(response: ChatResponse, context: Context) -> Json:
    """The answer as the SDK expects it."""
    id = response.id or context.id
    return {
        "id": id,
        "prompt": string(context.echo.get("prompt")),
        "generations": [
            {
                **generation(id, choice.index, "".join(map(words, choice.parts)), choice.finish),
                **render_logprobs(choice.logprobs),
            }
            for choice in response.choices
        ],
        "meta": render_meta(response.usage),
    }


def generation(id: str, index: int, text: str, finish: Finish | None) -> Json:
    """One text, in an answer and at the end of a stream."""
    return {
        "id": f"{id}-{index}",
        "text": text,
        "index": index,
        "finish_reason": finish_name(finish),
    }


def watch(body: Json) -> Seen:
    """What an answer says of itself."""
    reasons = [parse_finish(one.get("finish_reason")) for one in dicts(body.get("generations"))]
    return Seen(usage=parse_usage(body.get("meta")), finish=next(filter(None, reasons), None))
