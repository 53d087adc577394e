"""What an answer used, as every provider's numbers are normalised once."""

from typing import Any

import msgspec


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Token counts of one exchange."""

    input: int = 0
    """All prompt tokens; the cached ones are included."""
    output: int = 0
    """All generated tokens; the reasoning ones are included."""
    cache_read: int = 0
    """Part of input: read from the provider's prompt cache."""
    cache_write: int = 0
    """Part of input: written to the provider's prompt cache."""
    reasoning: int = 0
    """Part of output: generated, and not shown as the answer."""
    audio_input: int = 0
    """Part of input."""
    audio_output: int = 0
    """Part of output."""
    estimated: bool = False
    """True until the provider has said its own numbers."""

    @property
    def total(self) -> int:
        """Input and output together."""
        return self.input + self.output


MOST = 1_000_000_000
"""Tokens: no exchange has more, and Envoy drops a charge that is larger (`hits_addend`)."""


def count(value: Any) -> int | None:
    """What a provider says as a number of tokens; None where it cannot be one."""
    if type(value) is int:
        return value if 0 <= value <= MOST else None
    # Cohere writes its counts as floating-point numbers.
    if type(value) is float and 0 <= value <= MOST and value.is_integer():
        return int(value)
    return None


def told(input: int | None, output: int | None, **parts: int) -> Usage | None:
    """The counts that were said: None where none was, `estimated` where one is missing."""
    if input is None and output is None:
        return None
    missing = input is None or output is None
    return Usage(input=input or 0, output=output or 0, estimated=missing, **parts)


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """USD per million tokens; a missing cache price is the input price."""

    input: float = 0.0
    output: float = 0.0
    cache_read: float | None = None
    cache_write: float | None = None

    def nanousd(self, usage: Usage) -> int:
        """The cost of `usage`, in billionths of a USD, rounded half to even."""
        read = self.input if self.cache_read is None else self.cache_read
        write = self.input if self.cache_write is None else self.cache_write
        plain = usage.input - usage.cache_read - usage.cache_write
        return round(
            1_000
            * (
                plain * self.input
                + usage.cache_read * read
                + usage.cache_write * write
                + usage.output * self.output
            )
        )
