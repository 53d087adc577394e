"""What some models cost at some provider, since some day: an entry of the file of prices."""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from extproc.config.base import Model, flaw
from extproc.config.patterns import NAMED, check_pattern
from extproc.config.price import RoutePrice
from extproc.config.values import Checked, Name, one_or_more


def _plain(pattern: str) -> str:
    if pattern.startswith("/"):
        raise flaw("must be a model's name, or the beginning of some with a star: gpt-4o*")
    return check_pattern(pattern)


def _day(value: object) -> object:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise flaw("must be a day: 2026-01-31") from None


Priced = Annotated[str, Checked(_plain, NAMED)]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]


class ListedPrice(Model):
    """A price, and of what."""

    models: Annotated[
        tuple[Priced, ...],
        Field(min_length=1, max_length=10_000),
        one_or_more(Priced, 10_000),
    ]
    """The provider's names: exact, or `prefix*`."""
    provider: Name | None = None
    """Only at this provider; default: wherever they are."""
    backend: Name | None = None
    """Only at this backend, which has a contract of its own."""
    since: Annotated[Day, Field(alias="from")] = date.min
    """The day, in UTC, from which it holds until a later one does; default: always."""
    price: RoutePrice
    """As a route's."""

    @property
    def begins(self) -> float:
        """Seconds since the epoch; 0 where it has always held."""
        if self.since == date.min:
            return 0.0
        return datetime(self.since.year, self.since.month, self.since.day, tzinfo=UTC).timestamp()


class PriceFile(Model):
    """The file."""

    prices: Annotated[tuple[ListedPrice, ...], Field(max_length=100_000)]
    """In any order."""
