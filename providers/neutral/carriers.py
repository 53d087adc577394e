"""Signatures of texts and tool calls, in formats that have a place for those of thoughts alone.

Gemini signs both. An encrypted thought is what clients must send back unchanged, so one of our own
making, right behind the signed part, carries the signature to the client and back. A text that ends
an answer goes without: programs read the last block of an answer as its text, and Gemini demands
signatures of the calls of a turn that goes on
(https://ai.google.dev/gemini-api/docs/thought-signatures).
"""

from collections.abc import Iterable

import msgspec

from providers.neutral.chat import Part, Signature, Text, Thinking, ToolCall

OF_PREVIOUS = "prev:"
"""Begins the value of a signature that belongs to the part before it."""


def carrier(signature: Signature) -> Thinking:
    """The thought that takes the signature of the part before it to the client."""
    return Thinking(
        redacted=msgspec.structs.replace(signature, value=OF_PREVIOUS + signature.value)
    )


def ending(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts of an answer, whose last text needs no carrier."""
    if not parts or not isinstance(parts[-1], Text) or parts[-1].signature is None:
        return parts
    return (*parts[:-1], msgspec.structs.replace(parts[-1], signature=None))


def attached(parts: Iterable[Part]) -> tuple[Part, ...]:
    """`parts`, with each signature that came in a thought of its own back at its owner."""
    result: list[Part] = []
    for part in parts:
        signature = part.redacted if isinstance(part, Thinking) else None
        if signature is None or not signature.value.startswith(OF_PREVIOUS):
            result.append(part)
            continue
        owner = result[-1] if result else None
        if isinstance(owner, Text | ToolCall):
            value = signature.value.removeprefix(OF_PREVIOUS)
            own = msgspec.structs.replace(signature, value=value)
            result[-1] = msgspec.structs.replace(owner, signature=own)
    return tuple(result)
