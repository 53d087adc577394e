"""Thought signatures: base64 in the wire form, whoever issued them.

https://ai.google.dev/gemini-api/docs/thought-signatures
"""

import base64
import binascii

from providers.dialects.gemini.names import FAMILY
from providers.neutral.chat import SEAL, Signature, Thinking, seal, unseal

SKIP = "skip_thought_signature_validator"
"""What the documentation names for calls that no Gemini model made."""

HIDDEN = "redacted/"
"""Stands before the seal of a block that holds no text."""

SEALS = tuple(
    base64.b64encode(words.encode()).decode().rstrip("=")[: len(words) * 4 // 3]
    for words in (SEAL, HIDDEN)
)
"""How the base64 of what is not Google's begins."""

URL_SAFE = str.maketrans("-_", "+/")


def render_signature(signature: Signature) -> str:
    """The value of `thoughtSignature`: Gemini's own, or a foreign one under its seal."""
    sealed = seal(signature, FAMILY)
    if signature.origin == FAMILY:
        return sealed
    return base64.b64encode(sealed.encode()).decode()


def render_redacted(signature: Signature) -> str:
    """The same, of an encrypted block."""
    return base64.b64encode(f"{HIDDEN}{SEAL}{signature.origin}/{signature.value}".encode()).decode()


def _sealed(value: str) -> str:
    try:
        inner = base64.b64decode(standard(value))
    except (binascii.Error, ValueError):
        return ""
    return inner.decode("utf-8", "replace")


def is_sealed(value: object) -> bool:
    """Whether a signature is another provider's."""
    return isinstance(value, str) and value.startswith(SEALS)


def standard(value: str) -> str:
    """Base64 in the standard alphabet, padded; clients send the URL-safe one too."""
    value = "".join(value.split()).translate(URL_SAFE)
    return value + "=" * (-len(value) % 4)


DUMMIES = {standard(word) for word in (SKIP, "context_engineering_is_the_way_to_go")}
"""Both words that the documentation allows in a signature's place."""


def parse_signature(value: str | None) -> Signature | None:
    """Whose `thoughtSignature` it is; None where there is none, or one that says so."""
    if not value or standard(value) in DUMMIES:
        return None
    sealed = _sealed(value)
    if sealed.startswith(SEAL):
        return unseal(sealed, FAMILY)
    return Signature(origin=FAMILY, value=value)


def parse_thought(text: str, value: str | None) -> Thinking:
    """A part that is marked as a thought."""
    sealed = _sealed(value) if value else ""
    if sealed.startswith(HIDDEN + SEAL):
        return Thinking(redacted=unseal(sealed.removeprefix(HIDDEN), FAMILY))
    return Thinking(text=text, signature=parse_signature(value))
