"""What an answer used, as every provider's numbers are normalised once."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec


class Units(msgspec.Struct, frozen=True, kw_only=True):
    """What is billed by something else than tokens."""

    images: int = 0
    """Pictures that were made."""
    kind: str = ""
    """Size and quality of the pictures, such as `1024x1024 high`: as the answer says both, or as
    the client asked for them."""
    seconds: float = 0
    """Of sound or film, heard or made."""
    characters: int = 0
    """Of text that was spoken."""
    searches: int = 0
    pages: int = 0
    """Of documents that were read."""


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What one exchange used: tokens, and units of other kinds."""

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
    units: Units | None = None
    estimated: bool = False
    """True until the provider has said its own numbers."""

    @property
    def total(self) -> int:
        """Input and output together."""
        return self.input + self.output


PARTS = tuple(name for name, kind in Usage.__annotations__.items() if kind is int or kind == "int")
"""The numbers of tokens in a Usage."""


def joined(one: Usage, other: Usage, sign: int = 1) -> Usage:
    """Tokens and seconds of both together, or those of the one without the other's."""
    numbers = {name: getattr(one, name) + sign * getattr(other, name) for name in PARTS}
    seconds = (one.units.seconds if one.units else 0) + sign * (
        other.units.seconds if other.units else 0
    )
    return Usage(**numbers, units=Units(seconds=seconds) if seconds else None)


MOST = 1_000_000_000
"""Tokens: no exchange has more, and Envoy drops a charge that is larger (`hits_addend`)."""


MOST_USD = 1_000_000.0
"""No exchange costs more."""


def count(value: Any) -> int | None:
    """What a provider says as a number of tokens; None where it cannot be one."""
    if type(value) is int:
        return value if 0 <= value <= MOST else None
    # Cohere writes its counts as floating-point numbers.
    if type(value) is float and 0 <= value <= MOST and value.is_integer():
        return int(value)
    return None


def told(input: int | None, output: int | None, **parts: Any) -> Usage | None:
    """The counts that were said: None where none was, `estimated` where one is missing."""
    if input is None and output is None:
        return None
    missing = input is None or output is None
    return Usage(input=input or 0, output=output or 0, estimated=missing, **parts)


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """USD per million tokens, and for units of other kinds; a missing cache price is the input
    price."""

    input: float = 0.0
    output: float = 0.0
    cache_read: float | None = None
    cache_write: float | None = None
    image: float = 0.0
    """For one."""
    images: Mapping[str, float] = {}
    """Size and quality → for one, where that differs."""
    second: float = 0.0
    characters: float = 0.0
    """For a million."""
    search: float = 0.0
    page: float = 0.0
    formula: Callable[[Mapping[str, str | int]], float] | None = None
    """(what was used, by name) → USD, instead of the prices of tokens; raises ValueError where it
    cannot tell, and they count."""
    numbers: Mapping[str, str] = {}
    """For the formula: name → the number of a Usage."""
    names: Mapping[str, str] = {}
    """For the formula: what else it knows."""
    share: float = 1.0
    """Of what the formula says."""

    def times(self, share: float) -> "Price":
        """All prices, as they are for a share of them."""
        own = msgspec.structs.asdict(self)
        numbers = {name: value * share for name, value in own.items() if isinstance(value, float)}
        images = {kind: value * share for kind, value in self.images.items()}
        return msgspec.structs.replace(self, **numbers, images=images)

    def nanousd(self, usage: Usage) -> int:
        """The cost of `usage`, in billionths of a USD, rounded half to even."""
        units = usage.units
        return self._of_tokens(usage) + (0 if units is None else self._of_units(units))

    def _of_units(self, units: Units) -> int:
        return round(
            1_000_000_000
            * (
                units.images * self.images.get(units.kind, self.image)
                + units.seconds * self.second
                + units.searches * self.search
                + units.pages * self.page
            )
            + 1_000 * units.characters * self.characters
        )

    def _by_formula(self, usage: Usage) -> int | None:
        if self.formula is None:
            return None
        used = {name: getattr(usage, number) for name, number in self.numbers.items()}
        try:
            usd = self.formula({**self.names, **used})
        except ValueError:
            return None
        return round(1_000_000_000 * self.share * min(usd, MOST_USD))

    def _of_tokens(self, usage: Usage) -> int:
        told = self._by_formula(usage)
        if told is not None:
            return told
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
