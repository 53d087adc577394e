"""A budget: how much of what, per whom, in which window."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from extproc.config.base import Model, flaw
from extproc.config.patterns import ModelName
from extproc.config.values import NAME, Flag, Real, Whole, one_or_more
from extproc.config.web import header_name

SUBJECTS = ("client", "model", "backend", "header:NAME", "claim:NAME")
PLAIN = SUBJECTS[:3]
SUBJECT = f"^(?:{'|'.join(PLAIN)}|header:.+|claim:.+)$"
UNITS = ("requests", "input_tokens", "output_tokens", "tokens", "cost_usd")
MAX_COUNT = 2**53
"""Counts stay exact in a double, as which Envoy's metadata hold them."""


def _subject(text: str) -> str:
    if text.startswith("header:"):
        return f"header:{header_name(text.removeprefix('header:'))}"
    if text not in PLAIN and not re.fullmatch(f"claim:{NAME}", text):
        raise flaw(f"must be one of {', '.join(SUBJECTS)}")
    return text


Subject = Annotated[
    str,
    AfterValidator(_subject),
    Field(examples=list(SUBJECTS), json_schema_extra={"pattern": SUBJECT}),
]
Count = Annotated[Whole, Field(ge=1, le=MAX_COUNT)]


class Limit(Model):
    """A budget; exactly one of the five amounts is given."""

    per: Annotated[
        tuple[Subject, ...],
        Field(min_length=1, max_length=8),
        one_or_more(Subject, 8),
    ]
    """Whose budget: `client`, `model`, `backend`, `header:NAME`, `claim:NAME` (of
    `clients.jwt.claims`); a list means each combination. A
    request without the header or claim is not bound by the limit."""
    requests: Count | None = None
    """Requests in the window."""
    input_tokens: Count | None = None
    """Prompt tokens in the window."""
    output_tokens: Count | None = None
    """Generated tokens in the window."""
    tokens: Count | None = None
    """Prompt and generated tokens in the window."""
    cost_usd: Annotated[Real, Field(gt=0, le=1_000_000_000)] | None = None
    """USD in the window, by the routes' prices."""
    every: Literal["second", "minute", "hour", "day", "week", "month"]
    """The window, fixed and in UTC."""
    models: Annotated[
        tuple[ModelName, ...],
        one_or_more(ModelName, 10_000, least=0),
    ] = ()
    """Only these client-visible models, by exact name; default: all."""

    shadow: Flag = False
    """True: it is counted, and who is above it is logged, but nobody is refused."""

    @property
    def amounts(self) -> dict[str, float]:
        """Unit → amount, as given; one of them in a limit that was checked."""
        given = {unit: getattr(self, unit) for unit in UNITS}
        return {unit: amount for unit, amount in given.items() if amount is not None}
