"""What all operations but conversations have in common."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, ClassVar, Self, TypeVar

import msgspec

from providers.errors import BadAnswer
from providers.wire.members import Json


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """A neutral request."""

    HINTS: ClassVar[frozenset[str]] = frozenset()
    """Members without which the answer means the same."""

    extras: Json = {}
    """The client's members that are not understood, by its own names."""

    @property
    def answers(self) -> int:
        """How many things its answer must hold, one for each of its own; 0: nobody can say."""
        return 0

    @classmethod
    def members(cls) -> list[str]:
        """The names of all members that need not say anything."""
        return [name for name, _ in _defaults(cls)]

    def said(self) -> Iterator[str]:
        """The names of the members that say anything."""
        for name, default in _defaults(type(self)):
            if getattr(self, name) != default:
                yield name

    def without(self, names: Iterable[str]) -> Self:
        """The same request, which says nothing by those names."""
        defaults = dict(_defaults(type(self)))
        return msgspec.structs.replace(self, **{name: defaults[name] for name in names})


def paired(answered: int, asked: int) -> None:
    """Raises BadAnswer where answers would be taken for those to other inputs."""
    if answered != asked:
        raise BadAnswer(f"the provider's answer is about {answered} inputs, not {asked}")


@lru_cache(maxsize=256)
def _defaults(kind: type[Asking]) -> tuple[tuple[str, Any], ...]:
    """The members that need not be given, and what they are then."""
    fields = msgspec.structs.fields(kind)
    return tuple(
        (field.name, field.default)
        for field in fields
        if not field.required and field.name != "extras"
    )


Wire = TypeVar("Wire")


def reader(kind: type[Wire], what: str) -> Callable[[bytes], Wire]:
    """Reads an answer of that shape without building what is large in it; raises BadAnswer."""
    decoder = msgspec.json.Decoder(kind)

    def read(data: bytes) -> Wire:
        try:
            return decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadAnswer(f"the provider's answer has no {what} as it should") from error

    return read
