"""The file with prices, beside gateway.yaml: reading it, and what is wrong with it."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from extproc.config import document
from extproc.config.gateway import Gateway
from extproc.config.listed_price import ListedPrice, PriceFile
from extproc.config.problem import ConfigError, Flaw, Problem, by_line, guess
from extproc.config.scan import forbidden
from extproc.config.translate import flaws
from providers.catalog import PROVIDERS

Prices = tuple[ListedPrice, ...]


def with_prices(gateway: Gateway, path: Path) -> Gateway:
    """The configuration that stands in `path`, with the prices that its file lists; raises
    ConfigError."""
    if gateway.prices is None:
        return gateway
    listed, found = _load(gateway.prices, path)
    if found:
        raise ConfigError(found)
    return gateway.priced(listed)


def problems(file: str, path: Path) -> list[Problem]:
    """Everything that is wrong with the file of prices that the one in `path` names."""
    return _load(file, path)[1]


def _load(name: str, path: Path) -> tuple[Prices, list[Problem]]:
    file, found = document.read(path.parent / name)
    if file is None:
        return (), found
    data = file.root.plain()
    listed: Prices = ()
    wrong: list[Flaw] = []
    try:
        listed = PriceFile.model_validate(data).prices
    except ValidationError as error:
        wrong = flaws(error, PriceFile, data)
    wrong += [*_unsound(listed), *forbidden(data)]
    return listed, by_line([*found, *file.problems(wrong)])


def _unsound(listed: Prices) -> Iterator[Flaw]:
    seen: dict[object, int] = {}
    for number, entry in enumerate(listed):
        at = ("prices", number)
        if entry.provider is not None and entry.backend is not None:
            yield Flaw((*at, "backend"), "has no effect beside `provider`: name one of the two")
        if entry.provider is not None and entry.provider not in PROVIDERS:
            names = tuple(sorted(PROVIDERS))
            yield Flaw((*at, "provider"), guess("unknown provider", entry.provider, names))
        for index, model in enumerate(entry.models):
            key = model, entry.provider, entry.backend, entry.since
            first = seen.setdefault(key, number)
            if first != number:
                yield Flaw((*at, "models", index), f"has the same day's price in prices[{first}]")
