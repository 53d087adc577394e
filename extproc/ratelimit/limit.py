"""What a limit is."""

import hashlib
import re
from collections.abc import Container
from typing import Literal, get_args

import msgspec

from extproc.ratelimit.window import Every

Unit = Literal["requests", "input_tokens", "output_tokens", "tokens", "cost_usd"]
UNITS: tuple[Unit, ...] = get_args(Unit)

MICROUSD = 1_000_000
"""Cost is counted in millionths of a USD: Envoy drops a charge above 1,000,000,000, so one request
may cost up to 1,000 USD."""

MAX_NAME = 100


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """So much of one unit in one window, for each value of what `per` names."""

    name: str
    """Stable between reloads, made of safe characters; the counters are kept under it."""
    per: tuple[str, ...]
    """One or more of `header:NAME` (lower-case), `client`, `model`, `backend`; their combination
    is what is limited."""
    unit: Unit
    amount: float
    """In the unit; USD for cost."""
    every: Every
    models: tuple[str, ...] = ()
    """Names as clients say them; empty: all."""
    shadow: bool = False
    """Whether it only watches, and refuses nobody."""

    @property
    def budget(self) -> int:
        """The amount as it is counted: whole requests or tokens, millionths of a USD."""
        return round(self.amount * MICROUSD) if self.unit == "cost_usd" else int(self.amount)


def identity(
    per: tuple[str, ...],
    unit: Unit,
    every: Every,
    models: tuple[str, ...] = (),
    taken: Container[str] = (),
) -> str:
    """A name for the limit that says this, the first in a row of numbered ones not `taken`."""
    base = re.sub(r"[^A-Za-z0-9.-]", "_", "_".join((*per, unit, every)))
    if len(base) > MAX_NAME or models:
        digest = hashlib.sha256("\0".join((*per, "", *sorted(models))).encode()).hexdigest()[:8]
        base = f"{base[:MAX_NAME]}_{digest}"
    number = 0
    while f"{base}_{number}" in taken:
        number += 1
    return f"{base}_{number}"
