"""Reasoning items: the model's thoughts, and what OpenAI needs to recognise them.

https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items
"""

import re
from typing import Any

from providers.dialects.openai.signatures import FAMILY, SEPARATOR
from providers.neutral.carriers import is_of_next
from providers.neutral.chat import SEAL, Signature, Thinking, unseal
from providers.wire.members import Json, dicts, string

MADE = "rs_extproc_"
"""How the ids begin that are made up here, because the provider has none."""

# What OpenAI chat's dialect calls the plain thoughts of compatible providers, and what OpenRouter
# signs for an account that is not the user's.
FOREIGN = re.compile(r"(?:reasoning_content|reasoning|thinking)$|[a-z0-9.-]+\|")

GAP = "\n\n"
"""Between the parts of a summary."""


def parse_thinking(item: Json) -> Thinking:
    """A reasoning item of an answer, or as a client echoes it."""
    id = string(item.get("id"))
    words = texts(item.get("summary")) or texts(item.get("content"))
    known = None if id.startswith(MADE) else id or None
    signature = _signature(item, id)
    if signature is not None and not words and not item.get("summary"):
        return Thinking(redacted=signature, id=known)
    return Thinking(text=words, signature=signature, id=known)


def texts(parts: Any) -> str:
    """The words of a summary or of a content."""
    return GAP.join(string(part.get("text")) for part in dicts(parts))


def _signature(item: Json, id: str) -> Signature | None:
    encrypted = string(item.get("encrypted_content"))
    if encrypted.startswith(SEAL):
        return unseal(encrypted, FAMILY)
    # Open models think in the open: what they wrote may go back to them as it is.
    if encrypted or texts(item.get("content")):
        return Signature(origin=FAMILY, value=f"{id}{SEPARATOR}{encrypted}")
    return None


def own(thinking: Thinking) -> bool:
    """Whether a provider of this dialect issued the thought, and so may be shown it."""
    signature = thinking.signature or thinking.redacted
    if signature is None or signature.origin != FAMILY:
        return False
    return FOREIGN.match(signature.value) is None


def _split(thinking: Thinking, made: str) -> tuple[str, str]:
    """(id, encrypted content) of an own thought; `made` is for one without an id."""
    signature = thinking.signature or thinking.redacted
    id, separator, encrypted = (signature.value if signature else "").partition(SEPARATOR)
    if not separator:
        id, encrypted = "", id
    return id or thinking.id or made, encrypted


def _item(id: str, thinking: Thinking, encrypted: str) -> Json:
    wordless = thinking.redacted is not None or is_of_next(thinking)
    said = [] if wordless else [{"type": "summary_text", "text": thinking.text}]
    item: Json = {"type": "reasoning", "id": id, "summary": said}
    if encrypted:
        item["encrypted_content"] = encrypted
    return item


def render_own(thinking: Thinking, made: str) -> Json:
    """A thought on its way back to the provider."""
    id, encrypted = _split(thinking, made)
    if not encrypted:
        said = [{"type": "reasoning_text", "text": thinking.text}]
        return {"type": "reasoning", "id": id, "summary": [], "content": said}
    return _item(id, thinking, encrypted)


def render_thinking(thinking: Thinking, made: str) -> Json:
    """A thought for a client to echo, whoever issued it."""
    signature = thinking.signature or thinking.redacted
    if own(thinking) and signature is not None and SEPARATOR in signature.value:
        return render_own(thinking, made)
    return _item(thinking.id or made, thinking, sealed(signature))


def sealed(signature: Signature | None) -> str:
    """The signature as an encrypted content that is not to be taken for OpenAI's."""
    if signature is None:
        return ""
    return f"{SEAL}{signature.origin}/{signature.value}"
