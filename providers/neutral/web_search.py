"""A search of the web that a provider makes itself: what is asked of it, and what it did."""

from collections.abc import Mapping
from typing import Any

import msgspec

from providers.wire.members import Json


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """Where the user is, more or less."""

    city: str | None = None
    region: str | None = None
    country: str | None = None
    """Two letters of ISO 3166-1."""
    timezone: str | None = None
    """A name of the IANA database."""


class WebSearch(msgspec.Struct, frozen=True, kw_only=True):
    """The model may search the web; what is not said is up to the provider."""

    allowed_domains: tuple[str, ...] = ()
    """Only these are looked at."""
    blocked_domains: tuple[str, ...] = ()
    user_location: Location | None = None
    max_uses: int | None = None
    """Searches for one answer."""
    context_size: str | None = None
    """`low`, `medium` or `high`: how much of what is found the model reads."""
    names: Mapping[str, str] = {}
    """Option → what the client calls it, where that is not `tools.` and its name."""
    others: tuple[str, ...] = ()
    """What the client calls the options that nobody else has."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the web that was found."""

    url: str
    title: str | None = None


class Searched(msgspec.Struct, frozen=True, kw_only=True):
    """A search of the web that the provider made before it went on, or what was found."""

    queries: tuple[str, ...] = ()
    """None: another part says them."""
    pages: tuple[Page, ...] = ()
    dialect: str = ""
    """Empty: made for another family's client."""
    value: Mapping[str, Any] = {}
    """The part in the wire form of `dialect`, for the way back to the same provider."""


OPTIONS = ("allowed_domains", "blocked_domains", "user_location", "max_uses", "context_size")


def lost(search: WebSearch, *told: str) -> list[str]:
    """The client's names of the options that are not among those `told`."""
    unsaid = [name for name in OPTIONS if name not in told and getattr(search, name)]
    return [*(search.names.get(name, f"tools.{name}") for name in unsaid), *search.others]


def domains(value: Any) -> tuple[str, ...]:
    """A list of domains, which all vendors want without a scheme."""
    found = value if isinstance(value, list) else []
    return tuple(bare for each in found if isinstance(each, str) if (bare := _bare(each)))


def _bare(address: str) -> str:
    return address.strip().removeprefix("https://").removeprefix("http://").rstrip("/")


PLACE = ("city", "region", "country", "timezone")


def location(value: Any) -> Location | None:
    """The place in an object that names it in the words that all vendors share."""
    if not isinstance(value, dict):
        return None
    said = {name: value[name] for name in PLACE if isinstance(value.get(name), str) and value[name]}
    return Location(**said) if said else None


def approximate(place: Location) -> Json:
    """The place as all vendors that take one want it."""
    said = {name: getattr(place, name) for name in PLACE}
    return {"type": "approximate", **{name: each for name, each in said.items() if each}}


def uses(value: Any) -> int | None:
    """A number of searches."""
    return value if type(value) is int and value > 0 else None
