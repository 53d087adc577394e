"""What single vendors demand of a body in OpenAI's formats, beyond the format itself.

A rule takes a body and gives the top-level members that must change in it; it raises Unsupported
for what the vendor would answer with an error and what cannot be left out.
"""

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from providers.errors import Unsupported
from providers.models.openai import THINKERS
from providers.wire.members import Json, dicts
from providers.wire.splice import REMOVED

Edits = Callable[[Json, str, bool], dict[str, Any]]
Rule = Callable[[Json], dict[str, Any]]

SHORT_ID = re.compile(r"[a-zA-Z0-9]{9}")
"""A call's id at Mistral: "must be a-z, A-Z, 0-9, with a length of 9"."""


def keeping(edits: Edits, *rules: Rule) -> Edits:
    """`edits` of a dialect, and after them what `rules` demand."""

    def kept(body: Json, model: str, usage: bool) -> dict[str, Any]:
        changes = edits(body, model, usage)
        changed = {**body, **changes} if changes else body
        for rule in rules:
            found = rule(changed)
            if found:
                changes |= found
                changed = {**changed, **found}
        return changes

    return kept


def at_most_stops(limit: int) -> Rule:
    """Refuses more stop sequences than the vendor takes."""

    def rule(body: Json) -> dict[str, Any]:
        stop = body.get("stop")
        if isinstance(stop, list) and len(stop) > limit:
            raise Unsupported(f"at most {limit} stop sequences can be given here", param="stop")
        return {}

    return rule


def only_automatic(body: Json) -> dict[str, Any]:
    """For vendors whose models alone decide whether to call a tool."""
    choice = body.get("tool_choice")
    if choice in (None, "auto"):
        return {}
    if choice == "none":
        return {"tool_choice": REMOVED, "tools": REMOVED}
    raise Unsupported("the provider's models cannot be made to call a tool", param="tool_choice")


def renamed(**names: str) -> Rule:
    """Says members by the names that the vendor has for them, at one of its dialects alone."""

    def rule(body: Json) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        for name, other in names.items():
            if name in body:
                said = body.get(other, REMOVED)
                changes |= {name: REMOVED, other: body[name] if said is REMOVED else said}
        return changes

    return rule


def counted_logprobs(body: Json) -> dict[str, Any]:
    """Says how many alternatives are told by `logprobs` itself, which is a number at the vendor."""
    wished, most = body.get("logprobs"), body.get("top_logprobs")
    if not isinstance(wished, bool) and "top_logprobs" not in body:
        return {}
    number = most if isinstance(most, int) and most > 0 else 1
    return {"logprobs": number if wished else REMOVED, "top_logprobs": REMOVED}


def unsaid(name: str) -> Rule:
    """Leaves that top-level member out which our own edits put there."""

    def rule(body: Json) -> dict[str, Any]:
        return {name: REMOVED} if name in body else {}

    return rule


def newer_limit(body: Json) -> dict[str, Any]:
    """Says `max_tokens` by its newer name to models that know no other."""
    limit, model = body.get("max_tokens"), body.get("model")
    if limit is None or not isinstance(model, str) or not THINKERS.search(model):
        return {}
    newer = body.get("max_completion_tokens")
    return {"max_tokens": REMOVED, "max_completion_tokens": limit if newer is None else newer}


def said_thoughts(body: Json) -> dict[str, Any]:
    """Leaves out that a thought has no content, which Codex says by a null.

    "Value is \"null\" but should be \"array\"" (https://github.com/openai/codex/issues/15584).
    """
    items: Any = body.get("input")
    if not isinstance(items, list) or not any(map(_is_null, items)):
        return {}
    return {"input": [_less(item, CONTENT) if _is_null(item) else item for item in items]}


CONTENT = frozenset({"content"})


def _is_null(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and item.get("type") == "reasoning"
        and item.get("content", CONTENT) is None
    )


def nearest_efforts(**nearest: str) -> Rule:
    """Asks for what comes nearest to an effort that the vendor does not know."""

    def rule(body: Json) -> dict[str, Any]:
        effort = body.get("reasoning_effort")
        known = nearest.get(effort) if isinstance(effort, str) else None
        return {} if known is None else {"reasoning_effort": known}

    return rule


def system_for_developer(body: Json) -> dict[str, Any]:
    """Lets the system say what a developer says, of whom the vendor knows nothing."""
    messages: Any = body.get("messages")
    for each in messages if isinstance(messages, list) else ():
        if isinstance(each, dict) and each.get("role") == "developer":
            return {"messages": list(map(_as_system, messages))}
    return {}


def without(*names: str) -> Rule:
    """Leaves those members of earlier turns out that other vendors put there."""
    unknown = frozenset(names)

    def rule(body: Json) -> dict[str, Any]:
        messages: Any = body.get("messages")
        for each in messages if isinstance(messages, list) else ():
            if isinstance(each, dict) and not unknown.isdisjoint(each):
                return {"messages": [_less(other, unknown) for other in messages]}
        return {}

    return rule


def lost_thoughts(body: Json, changes: Json) -> list[str]:
    """Names of what `NO_THOUGHTS` leaves out of a body."""
    if "messages" not in changes:
        return []
    told = [each.keys() for each in dicts(body.get("messages"))]
    return [f"messages.{name}" for name in THOUGHTS if any(name in each for each in told)]


def _less(message: Any, names: frozenset[str]) -> Any:
    if not isinstance(message, dict):
        return message
    return {name: each for name, each in message.items() if name not in names}


THOUGHTS = ("reasoning_content", "reasoning", "reasoning_details", "thinking_blocks")
NO_THOUGHTS = without(*THOUGHTS)
"""For those who answer "property 'reasoning_content' is unsupported", or in other such words."""


def _as_system(message: Any) -> Any:
    developer = isinstance(message, dict) and message.get("role") == "developer"
    return {**message, "role": "system"} if developer else message


FILLER = {"role": "assistant", "content": "Understood."}
"""What the model is made to say where it must have said something."""


def answered_tools(body: Json) -> dict[str, Any]:
    """Lets the model answer before a user speaks after a tool, and the system only before a user.

    Mistral answers "Unexpected role 'user' after role 'tool'" (code 3230), and the same of `system`
    after `tool` and `assistant`:
    https://github.com/mistralai/mistral-common/blob/main/src/mistral_common/protocol/instruct/validator.py
    """
    messages: Any = body.get("messages")
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        return {}
    ordered: list[Json] = []
    for message in messages:
        before = ordered[-1].get("role") if ordered else None
        late = message.get("role") == "system" and before in ("tool", "assistant")
        said = {**message, "role": "user"} if late else message
        if before == "tool" and said.get("role") == "user":
            ordered.append(FILLER)
        ordered.append(said)
    return (
        {}
        if len(ordered) == len(messages) and all(map(_same, ordered, messages))
        else {"messages": ordered}
    )


REMEMBERING = re.compile(r"deepseek|kimi|mimo", re.IGNORECASE)
"""Models that want their thoughts back in a conversation with tools.

https://api-docs.deepseek.com/guides/thinking_mode#tool-calls,
https://platform.moonshot.ai/docs/guide/use-kimi-k2-thinking-model
"""


def remembered_thoughts(body: Json) -> dict[str, Any]:
    """Says of each turn without thoughts that it had none, as such models refuse its silence."""
    messages, model = body.get("messages"), body.get("model")
    if not isinstance(messages, list) or not REMEMBERING.search(str(model)):
        return {}
    if not any(each.get("tool_calls") for each in dicts(messages)):
        return {}
    told = [_with_thoughts(each) for each in messages]
    return {} if all(map(_same, told, messages)) else {"messages": told}


def _with_thoughts(message: Any) -> Any:
    if not isinstance(message, dict) or message.get("role") != "assistant":
        return message
    return message if "reasoning_content" in message else {**message, "reasoning_content": ""}


def thoughtless(body: Json) -> dict[str, Any]:
    """Says with `thinking` whether to think at all, which an effort does not say here."""
    effort = body.get("reasoning_effort")
    if effort == "none":
        return {"reasoning_effort": REMOVED, "thinking": {"type": "disabled"}}
    return {} if effort is None or "thinking" in body else {"thinking": {"type": "enabled"}}


def short_call_ids(body: Json) -> dict[str, Any]:
    """Gives calls that other providers made ids of nine letters and digits."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return {}
    fitted = [_fitted(each) if isinstance(each, dict) else each for each in messages]
    return {} if all(map(_same, fitted, messages)) else {"messages": fitted}


def _same(one: Any, other: Any) -> bool:
    return one is other


def _fitted(message: Json) -> Json:
    id, calls = message.get("tool_call_id"), message.get("tool_calls")
    if isinstance(id, str) and not SHORT_ID.fullmatch(id):
        message = {**message, "tool_call_id": _short(id)}
    if any(not SHORT_ID.fullmatch(str(call.get("id"))) for call in dicts(calls)):
        message = {
            **message,
            "tool_calls": [{**c, "id": _short(c.get("id"))} for c in dicts(calls)],
        }
    return message


def _short(id: Any) -> str:
    """Always the same for one id; one that fits stays."""
    text = str(id)
    return text if SHORT_ID.fullmatch(text) else sha256(text.encode()).hexdigest()[:9]
