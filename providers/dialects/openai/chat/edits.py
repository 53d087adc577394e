"""What must change in a client's body before a provider of this dialect takes it as it is."""

from typing import Any

from providers.dialects.openai import asking
from providers.dialects.openai.chat.reasoning import FIELDS, own, parse_detail
from providers.dialects.openai.signatures import EXTRA, FAMILY, parse_extra
from providers.wire.members import Json, dicts
from providers.wire.splice import REMOVED

DETAILS = "reasoning_details"
THOUGHTS = frozenset({DETAILS, *FIELDS})
"""Members that hold what was thought."""


# https://docs.mistral.ai/api/endpoint/chat: its SDK's clients come in here, too.
SEED = "random_seed"
ANY = "any"


def edits(body: Json, model: str, usage: bool) -> dict[str, Any]:
    """The model's name, the wish for the usage event, what Mistral alone has another word for, and
    the turns without what other providers thought and signed in them."""
    changes = asking.edits(body, model, usage)
    if SEED in body:
        changes |= {SEED: REMOVED, "seed": body.get("seed", body[SEED])}
    if body.get("tool_choice") == ANY:
        changes["tool_choice"] = "required"
    messages = body.get("messages")
    if isinstance(messages, list) and any(map(_is_marked, dicts(messages))):
        cleaned = [_cleaned(each) if isinstance(each, dict) else each for each in messages]
        if cleaned != messages:
            changes["messages"] = cleaned
    return changes


def _is_marked(message: Json) -> bool:
    """Whether a provider's signature may stand in the turn."""
    if DETAILS in message or EXTRA in message:
        return True
    calls = message.get("tool_calls")
    return calls is not None and any(EXTRA in call for call in dicts(calls))


def _cleaned(message: Json) -> Json:
    kept: Json = _unsigned(message)
    if "tool_calls" in kept:
        calls = kept["tool_calls"]
        kept["tool_calls"] = list(map(_unsigned, calls)) if isinstance(calls, list) else calls
    details = kept.get(DETAILS)
    if not isinstance(details, list) or not any(map(_is_foreign, details)):
        return kept
    # The plain words are those of the same thoughts.
    kept = {name: value for name, value in kept.items() if name not in THOUGHTS}
    remaining = [item for item in details if not _is_foreign(item)]
    return {**kept, DETAILS: remaining} if remaining else kept


def _unsigned(owner: Any) -> Any:
    """A message or a call without another provider's signature."""
    if not isinstance(owner, dict):
        return owner
    signature = parse_extra(owner)
    if signature is None or signature.origin == FAMILY:
        return dict(owner)
    return {name: value for name, value in owner.items() if name != EXTRA}


def _is_foreign(item: Any) -> bool:
    thinking = parse_detail(item) if isinstance(item, dict) else None
    if thinking is None or not (thinking.signature or thinking.redacted):
        return False
    return not own(thinking)
