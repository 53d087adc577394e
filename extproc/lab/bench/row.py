"""What is measured: one number beside its budget, and beside the reference transport's."""

from statistics import median

import msgspec


class Row(msgspec.Struct, kw_only=True):
    """One line of the table."""

    name: str
    unit: str
    measured: float | None
    """With the default transport; None: the load failed, the note says how."""
    budget: float | None = None
    """The most that it may be."""
    reference: float | None = None
    """The same with `grpcio`."""
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the budget is kept; None where there is none."""
        if self.budget is None:
            return None
        return self.measured is not None and self.measured <= self.budget


class Pair(msgspec.Struct, kw_only=True):
    """What one pair of dialects costs the core, in µs of CPU; None: the pair refuses it."""

    client: str
    provider: str
    request_1k: float | None
    request_100k: float | None
    answer: float | None
    chunk: float | None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured, and what of it."""

    words: tuple[str, ...]
    quick: bool

    def wants(self, *names: str) -> bool:
        """Whether any of these rows is asked for."""
        if not self.words:
            return True
        return any(word.lower() in name.lower() for word in self.words for name in names)

    def pick(self, quick: int, full: int) -> int:
        """A count: `quick` for a smoke run, `full` for figures to rely on."""
        return quick if self.quick else full


def middle(values: list[float]) -> float:
    """The median, which one disturbed repeat does not move."""
    return median(values)
