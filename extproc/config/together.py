"""Keys that need each other."""

from collections.abc import Iterator

from extproc.config.problem import Flaw, Location


def together(model: object, keys: tuple[str, ...], at: Location) -> Iterator[Flaw]:
    """All of `keys` or none."""
    missing = [key for key in keys if getattr(model, key) is None]
    if len(missing) < len(keys):
        for key in missing:
            yield Flaw((*at, key), f"{' and '.join(keys)} are given together")


def needs(model: object, key: str, others: tuple[str, ...], at: Location) -> Iterator[Flaw]:
    """`key` only with all of `others`."""
    if getattr(model, key) is not None:
        for other in others:
            if getattr(model, other) is None:
                yield Flaw((*at, other), f"is needed with {key}")


def alone(model: object, keys: tuple[str, ...], at: Location) -> Iterator[Flaw]:
    """At most one of `keys`."""
    given = [key for key in keys if getattr(model, key) not in (None, False)]
    for key in given[1:]:
        yield Flaw((*at, key), f"cannot stand beside {given[0]}")
