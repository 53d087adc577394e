"""Which refusals lead to another attempt because of what they say.

Envoy knows statuses alone. So the server marks such a refusal, and Envoy retries what is marked; it
takes the mark off what goes to the client.
"""

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from extproc.config.retry import CAUSES
from providers.errors import ApiError, Cause
from providers.wire.filtered import is_filtered

MARK = "x-ai-again"
"""Header of a refusal after which another attempt is made."""

FILTERED = "content-filter"
MEANT = {
    "context-length": frozenset({Cause.CONTEXT}),
    "quota": frozenset({Cause.QUOTA}),
    "rate-limit": frozenset({Cause.RATE_LIMIT}),
    "overloaded": frozenset({Cause.OVERLOADED, Cause.UNAVAILABLE}),
    "authentication": frozenset({Cause.AUTHENTICATION, Cause.PERMISSION}),
    FILTERED: frozenset[Cause](),
}
SPANS: dict[str, Iterable[int]] = {
    "5xx": range(500, 600),
    "gateway-error": (502, 503, 504),
    "retriable-4xx": (409,),
}
"""https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-retry-on"""
PLAIN = frozenset({"401", "402", "408", "409", "429"})
"""Statuses of the client's side that never say that what it asks for is not allowed."""


class Again(msgspec.Struct, frozen=True):
    """What a route says of it."""

    causes: frozenset[Cause] = frozenset()
    statuses: frozenset[int] = frozenset()
    filtered: bool = False
    """Whether what one provider does not allow is asked of another."""
    alone: bool = False
    """Whether nothing leads to another attempt but what is marked."""

    def after(self, error: ApiError, status: int) -> bool:
        """Whether another attempt follows a refusal, which came with `status`."""
        if not self.causes and not self.statuses and not self.filtered:
            return False
        if is_filtered(error):
            return self.filtered
        return error.cause in self.causes or status in self.statuses


def is_read(condition: str) -> bool:
    """Whether the server must read a refusal to know if it is one of these."""
    if condition in CAUSES:
        return True
    return condition.isdecimal() and condition[0] == "4" and condition not in PLAIN


def statuses(condition: str) -> Iterable[int]:
    """The statuses that a condition stands for."""
    return (int(condition),) if condition.isdecimal() else SPANS.get(condition, ())


@lru_cache(maxsize=256)
def again(conditions: tuple[str, ...], *, alone: bool = False) -> Again:
    """What the conditions of a route mean that Envoy cannot tell; `alone`: or is not to judge."""
    words = [word for word in conditions if alone or is_read(word)]
    causes = [MEANT[word] for word in words if word in MEANT]
    return Again(
        causes=frozenset[Cause]().union(*causes),
        statuses=frozenset[int]().union(*map(statuses, words)),
        filtered=FILTERED in words,
        alone=alone,
    )
