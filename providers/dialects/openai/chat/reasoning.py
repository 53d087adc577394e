"""Thoughts, their signatures, and how much to think: several vendors' words in one format.

`reasoning_content` is DeepSeek's, vLLM's and xAI's, `reasoning` OpenRouter's and Groq's,
and `reasoning_details` OpenRouter's (https://openrouter.ai/docs/use-cases/reasoning-tokens).
"""

import re
from typing import Any

from providers.dialects.openai.signatures import FAMILY, SEPARATOR
from providers.neutral.chat import SEAL, Reasoning, Signature, Thinking, seal, unseal
from providers.wire import members
from providers.wire.members import Json

FIELDS = ("reasoning_content", "reasoning")
"""Members that hold thoughts as plain text."""

BLOCK = "thinking"
"""The content part that holds Mistral's.

https://docs.mistral.ai/capabilities/reasoning/
"""

UNSIGNED = frozenset({*FIELDS, BLOCK})
"""Where thoughts were that nobody signed, instead of a signature."""

FORMATS = {"anthropic": "anthropic-claude-v1", "gemini": "google-gemini-v1"}
"""OpenRouter's names for what a signature of a family looks like."""

# OpenRouter wants the format back with the signature; no base64 alphabet has a bar.
FORMAT = re.compile(r"([a-z0-9.-]+)\|")


def _signature(item: Json, name: str) -> Signature | None:
    value, form = item.get(name), item.get("format")
    if not isinstance(value, str) or not value:
        return None
    if not value.startswith(SEAL) and isinstance(form, str) and form not in ("", "unknown"):
        value = f"{form}|{value}"
    return unseal(value, FAMILY)


def _sealed(signature: Signature, name: str) -> Json:
    """The members that say a signature."""
    match = FORMAT.match(signature.value) if signature.origin == FAMILY else None
    if match is not None:
        return {name: signature.value[match.end() :], "format": match[1]}
    form = FORMATS.get(signature.origin, "unknown")
    return {name: seal(signature, FAMILY), "format": form}


def parse_detail(item: Json) -> Thinking | None:
    """One item of `reasoning_details`."""
    id = item.get("id")
    id = id if isinstance(id, str) and id else None
    if item.get("type") == "reasoning.encrypted":
        redacted = _signature(item, "data")
        return Thinking(redacted=redacted, id=id) if redacted else None
    words = item.get("text") or item.get("summary")
    words = words if isinstance(words, str) else ""
    signature = _signature(item, "signature")
    return Thinking(text=words, signature=signature, id=id) if words or signature else None


def render_detail(thinking: Thinking, index: int) -> Json:
    """One item of `reasoning_details`; the SDK's stream helper demands the index."""
    item: Json = {"type": "reasoning.text", "index": index}
    if thinking.redacted is not None:
        item["type"] = "reasoning.encrypted"
        item |= _sealed(thinking.redacted, "data")
    else:
        item["text"] = thinking.text
    if thinking.signature is not None and not is_plain(thinking):
        item |= _sealed(thinking.signature, "signature")
    if thinking.id is not None:
        item["id"] = thinking.id
    return item


def parse_thinking(message: Json) -> list[Thinking]:
    """The thoughts of an assistant's message, whole."""
    details = message.get("reasoning_details")
    if isinstance(details, list):
        found = [parse_detail(item) for item in details if isinstance(item, dict)]
        if any(found):
            return [thinking for thinking in found if thinking]
    blocks = message.get("thinking_blocks")
    if isinstance(blocks, list):
        return [parse_block(block) for block in blocks if isinstance(block, dict)]
    words = reasoning_text(message)
    return [Thinking(text=words)] if words else []


def parse_block(block: Json) -> Thinking:
    """A thought as Anthropic and Mistral write it; clients of LiteLLM echo it so too."""
    # Some clients of LiteLLM and LangChain keep the words as `text`.
    inner, data = block.get("thinking", block.get("text")), block.get("data")
    signed = block.get("signature")
    if isinstance(data, str) and data:
        return Thinking(redacted=Signature(origin="anthropic", value=data))
    if isinstance(inner, list):
        pieces = [piece.get("text") for piece in inner if isinstance(piece, dict)]
        inner = "".join(piece for piece in pieces if isinstance(piece, str))
    issued = isinstance(signed, str) and signed
    return Thinking(
        text=inner if isinstance(inner, str) else "",
        signature=Signature(origin="anthropic", value=str(signed)) if issued else None,
    )


def reasoning_text(owner: Json) -> str:
    """The thoughts of a message or a delta, as plain text."""
    for name in FIELDS:
        value = owner.get(name)
        if isinstance(value, str) and value:
            return value
    return ""


def issued(owner: Json) -> Signature:
    """What tells plain thoughts of a provider from others: the member that held them.

    DeepSeek wants them back while it calls tools, OpenAI refuses such members.
    https://api-docs.deepseek.com/guides/thinking_mode
    """
    return Signature(origin=FAMILY, value="reasoning" if owner.get("reasoning") else FIELDS[0])


def issued_block(block: Json) -> Thinking:
    """A thought in the content of a provider's answer, known for Mistral's where it is plain."""
    thinking = parse_block(block)
    if not is_plain(thinking):
        return thinking
    return Thinking(text=thinking.text, signature=Signature(origin=FAMILY, value=BLOCK))


def is_plain(thinking: Thinking) -> bool:
    """Whether the thought is text without a signature that a provider would check."""
    signature = thinking.signature
    bare = signature is None or (signature.origin == FAMILY and signature.value in UNSIGNED)
    return bare and thinking.redacted is None


def field_of(thoughts: list[Thinking]) -> str:
    """Where a provider wants its plain thoughts back."""
    signs = [thinking.signature for thinking in thoughts if thinking.signature]
    values = [sign.value for sign in signs if sign.origin == FAMILY]
    return next((value for value in values if value in UNSIGNED), FIELDS[0])


def render_block(thinking: Thinking) -> Json:
    """A thought as Mistral writes it."""
    return {"type": BLOCK, BLOCK: [{"type": "text", "text": thinking.text}]}


def render_thinking(thoughts: list[Thinking], field: str = "reasoning_content") -> Json:
    """The members of an assistant's message that hold its thoughts."""
    members: Json = {}
    words = "".join(thinking.text for thinking in thoughts)
    if words:
        members[field] = words
    if not all(is_plain(thinking) for thinking in thoughts):
        members["reasoning_details"] = [
            render_detail(thinking, index) for index, thinking in enumerate(thoughts)
        ]
    return members


def own(thinking: Thinking) -> bool:
    """Whether a provider of this dialect issued the thought, and so may be shown it."""
    signature = thinking.signature or thinking.redacted
    if signature is None or signature.origin != FAMILY:
        return False
    # What the Responses API signed is of no use here.
    return FORMAT.match(signature.value) is not None or SEPARATOR not in signature.value


def parse_reasoning(body: Json) -> Reasoning | None:
    """How much to think, from every form that is in use."""
    effort = members.text(body, "reasoning_effort")
    wanted = _thinking(body) or _openrouter(body) or _google(body)
    if wanted is None:
        return Reasoning(effort=effort) if effort is not None else None
    if effort is None or wanted.effort is not None:
        return wanted
    return Reasoning(enabled=wanted.enabled, effort=effort, budget=wanted.budget, show=wanted.show)


def _thinking(body: Json) -> Reasoning | None:
    """Anthropic's form, also DeepSeek's and Z.ai's: {"type": "enabled", "budget_tokens": 1024}."""
    value = members.mapping(body, "thinking")
    if value is None:
        return _qwen(body)
    kind = members.text(value, "type", "thinking.")
    budget = members.integer(value, "budget_tokens", "thinking.")
    if kind == "adaptive":
        budget = -1
    show = {"summarized": True, "omitted": False}.get(str(value.get("display")))
    return Reasoning(enabled=None if kind is None else kind != "disabled", budget=budget, show=show)


def _qwen(body: Json) -> Reasoning | None:
    """DashScope's form: enable_thinking, thinking_budget."""
    enabled, budget = members.boolean(body, "enable_thinking"), None
    budget = members.integer(body, "thinking_budget")
    if enabled is None and budget is None:
        return None
    return Reasoning(enabled=enabled, budget=budget)


def _openrouter(body: Json) -> Reasoning | None:
    """{"reasoning": {"effort", "max_tokens", "exclude", "enabled", "summary"}}."""
    value = body.get("reasoning")
    if not isinstance(value, dict):
        return None
    exclude = members.boolean(value, "exclude", "reasoning.")
    return Reasoning(
        enabled=members.boolean(value, "enabled", "reasoning."),
        effort=members.text(value, "effort", "reasoning."),
        budget=members.integer(value, "max_tokens", "reasoning."),
        show=None if exclude is None else not exclude,
        summary=members.text(value, "summary", "reasoning."),
    )


def _google(body: Json) -> Reasoning | None:
    """{"google": {"thinking_config": {…}}}, which extra_body puts into `extra_body` too."""
    outer: Any = body.get("extra_body")
    google = (outer if isinstance(outer, dict) else body).get("google")
    config = google.get("thinking_config") if isinstance(google, dict) else None
    if not isinstance(config, dict):
        return None
    at = "google.thinking_config."
    return Reasoning(
        effort=(members.text(config, "thinking_level", at) or "").lower() or None,
        budget=members.integer(config, "thinking_budget", at),
        show=members.boolean(config, "include_thoughts", at),
    )
