"""Signatures that travel with another part than their own, where that has no place for one.

Gemini signs texts and calls, other formats have a place for the signatures of thoughts alone; and
clients of Gemini's keep the signatures of calls and drop thoughts without words. So the signature
of a call stands in the thought before it, and that of a thought in the call behind it, which agents
are seen to send back (Claude Code 2.1, the AI SDK 6; 2026-11), while Claude Code drops what stands
behind a call. A text that ends an answer goes without: programs read the last block of an answer as
its text, and Gemini demands signatures of calls alone (https://ai.google.dev/gemini-api/docs/thought-signatures).
"""

from collections.abc import Iterable, Iterator

import msgspec

from providers.neutral.chat import Part, Signature, Text, Thinking, ToolCall
from providers.neutral.thoughts import is_plain

OF_PREVIOUS = "prev:"
"""Begins the value of a signature that belongs to the part before it."""
OF_NEXT = "next:"
"""Begins the value of one that belongs to the next call."""
OF_THOUGHTS = "thoughts:"
"""Begins the value of one that holds those of the thoughts before it."""
SIGNED, REDACTED = "s", "r"
"""Begins each of these."""
GAP = " "
"""Stands between them; no signature has one."""


def carrier(signature: Signature) -> Thinking:
    """The thought that takes the signature of the part before it to the client."""
    return Thinking(
        redacted=msgspec.structs.replace(signature, value=OF_PREVIOUS + signature.value)
    )


def of_next(signature: Signature) -> Signature:
    """The signature of a call, for the thought before it."""
    return msgspec.structs.replace(signature, value=OF_NEXT + signature.value)


def is_of_next(part: Thinking) -> bool:
    """Whether a thought is there for the signature of the next call alone."""
    signature = part.redacted or part.signature
    return not part.text and signature is not None and signature.value.startswith(OF_NEXT)


def is_bare(part: Part | None) -> bool:
    """Whether a thought has room for a signature."""
    return isinstance(part, Thinking) and part.signature is None and part.redacted is None


def announced(parts: Iterable[Part]) -> tuple[Part, ...]:
    """The parts of an answer, with each call's signature in the thought before it."""
    result: list[Part] = []
    for part in parts:
        if isinstance(part, ToolCall) and part.signature is not None:
            last = result[-1] if result else None
            if isinstance(last, Thinking) and is_bare(last):
                result[-1] = msgspec.structs.replace(last, signature=of_next(part.signature))
            else:
                result.append(Thinking(signature=of_next(part.signature)))
        result.append(part)
    return tuple(result)


def ending(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts of an answer, whose last text needs no carrier."""
    if not parts or not isinstance(parts[-1], Text) or parts[-1].signature is None:
        return parts
    return (*parts[:-1], msgspec.structs.replace(parts[-1], signature=None))


def of_thoughts(thoughts: Iterable[Thinking], reader: str) -> Signature | None:
    """The signatures of thoughts in one, for the call behind them; None where there are none that
    a client of family `reader` would have to keep elsewhere."""
    signed = [(sign, thought) for thought in thoughts if (sign := _sign_of(thought, reader))]
    if not signed:
        return None
    origin = signed[0][0].origin
    values = (
        (REDACTED if thought.redacted else SIGNED) + sign.value
        for sign, thought in signed
        if sign.origin == origin
    )
    return Signature(origin=origin, value=OF_THOUGHTS + GAP.join(values))


def _sign_of(thought: Thinking, reader: str) -> Signature | None:
    sign = thought.redacted or thought.signature
    return None if sign is None or sign.origin == reader or is_plain(thought) else sign


def vouched(parts: Iterable[Part], reader: str) -> Iterator[Part]:
    """The parts of an answer, with the signatures of thoughts in the call behind them, too."""
    thoughts: list[Thinking] = []
    for part in parts:
        if isinstance(part, Thinking):
            thoughts.append(part)
        if isinstance(part, ToolCall):
            signature = part.signature or of_thoughts(thoughts, reader)
            thoughts = []
            yield msgspec.structs.replace(part, signature=signature)
        else:
            yield part


def _thoughts(signature: Signature) -> Iterator[Thinking]:
    for value in signature.value.removeprefix(OF_THOUGHTS).split(GAP):
        sign = msgspec.structs.replace(signature, value=value[1:])
        yield Thinking(redacted=sign) if value[:1] == REDACTED else Thinking(signature=sign)


def attached(parts: Iterable[Part]) -> tuple[Part, ...]:
    """`parts`, with each signature that came elsewhere back at its owner."""
    result: list[Part] = []
    step = 0
    """Where the parts since the last call begin."""
    waiting: Signature | None = None
    for part in parts:
        if isinstance(part, Thinking):
            waiting = _thought(part, result) or waiting
            continue
        if isinstance(part, ToolCall):
            result.append(_call(part, waiting, result, step))
            waiting, step = None, len(result)
        else:
            result.append(part)
    return tuple(result)


def _thought(part: Thinking, result: list[Part]) -> Signature | None:
    """Appends a thought, or attaches what it carries; what it carries for the next call."""
    signature = part.redacted or part.signature
    value = "" if signature is None else signature.value
    if signature is None or not value.startswith((OF_PREVIOUS, OF_NEXT)):
        result.append(part)
        return None
    own = msgspec.structs.replace(signature, value=value.partition(":")[2])
    if value.startswith(OF_NEXT):
        if part.text:
            result.append(msgspec.structs.replace(part, signature=None))
        return own
    owner = result[-1] if result else None
    if isinstance(owner, Text | ToolCall):
        result[-1] = msgspec.structs.replace(owner, signature=own)
    return None


def _call(call: ToolCall, waiting: Signature | None, result: list[Part], step: int) -> ToolCall:
    signature = call.signature
    if signature is None:
        return call if waiting is None else msgspec.structs.replace(call, signature=waiting)
    if not signature.value.startswith(OF_THOUGHTS):
        return call
    for thought in _thoughts(signature):
        step = _sign(thought, result, step)
    return msgspec.structs.replace(call, signature=None)


def _sign(thought: Thinking, result: list[Part], step: int) -> int:
    """Signs the next thought that has words, or puts one without in its place; what follows it."""
    for at in range(step, len(result)):
        known = result[at]
        if not isinstance(known, Thinking):
            continue
        if (known.signature, known.redacted) == (thought.signature, thought.redacted):
            return at + 1
        if thought.redacted is None and is_bare(known):
            result[at] = msgspec.structs.replace(known, signature=thought.signature)
            return at + 1
    result.insert(step, thought)
    return step + 1
