"""The limits as configuration for envoyproxy/ratelimit
(https://github.com/envoyproxy/ratelimit#configuration), for those who run it already."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import yaml

from extproc.ratelimit.descriptors import BACKEND, DOMAIN, LIMIT, MODEL
from extproc.ratelimit.limit import Limit
from extproc.ratelimit.reply import terms
from extproc.ratelimit.wire import UINT32

HEADER = """\
# Rate limits for envoyproxy/ratelimit, generated: change gateway.yaml instead.
# It must be recent enough to know hits_addend in a descriptor (2025): 0 asks, more charges.
# Cost is counted in millionths of a USD. Nothing is reserved for requests that are under way: those
# that come at once may exceed a budget together. gateway.yaml must say limiter: {sessions: false}.
"""

WEEK = "its weeks begin on Thursday at 00:00 UTC, those of the embedded limiter on Monday"
MONTH = "its months are 30 days long, counted from 1970, unless it is set to calendar months"
BACKENDS = (
    "it cannot tell whether all backends of a route are spent, so this limit is charged but never "
    "enforced on routes with several backends"
)
MODELS = (
    "where a route is a pattern that matches other models too, each model has a budget of its own"
)
AMOUNT = f"it counts to {UINT32}; the limit is cut to that"

Node = dict[str, Any]


class Rendering(msgspec.Struct, frozen=True):
    """A configuration file, and what it cannot say."""

    text: str
    warnings: tuple[str, ...]
    """`NAME: what is different`, one for each difference; they stand in the text too."""


def render(limits: Iterable[Limit], domain: str = DOMAIN) -> Rendering:
    """The file for all `limits`, each with a comment that says what it is."""
    blocks, warnings = [], []
    for limit in limits:
        differences = _differences(limit)
        warnings += [f"{limit.name}: {difference}" for difference in differences]
        blocks.append(_block(limit, differences))
    body = "".join(blocks) or "  []\n"
    text = f"{HEADER}{yaml.safe_dump({'domain': domain})}descriptors:\n{body}"
    return Rendering(text, tuple(warnings))


def _differences(limit: Limit) -> list[str]:
    found = {
        WEEK: limit.every == "week",
        MONTH: limit.every == "month",
        BACKENDS: BACKEND in limit.per,
        MODELS: bool(limit.models) and MODEL not in limit.per,
        AMOUNT: limit.budget > UINT32,
    }
    return [difference for difference, holds in found.items() if holds]


def _block(limit: Limit, differences: Sequence[str]) -> str:
    comments = [f"  # {terms(limit)}", *(f"  # Note: {difference}." for difference in differences)]
    node: Node = {"key": LIMIT, "value": limit.name, "descriptors": _level(limit, limit.per)}
    dumped = yaml.safe_dump([node], sort_keys=False, default_flow_style=False, width=1_000)
    lines = [f"  {line}" for line in dumped.splitlines()]
    return "\n".join([*comments, *lines, ""])


def _level(limit: Limit, parts: Sequence[str]) -> list[Node]:
    """The nodes for the first of `parts`; below them, those for the others."""
    part, *others = parts
    values = limit.models if part == MODEL else ()
    nodes: list[Node] = [{"key": part, "value": value} for value in values] or [{"key": part}]
    for node in nodes:
        node.update({"descriptors": _level(limit, others)} if others else _end(limit))
    return nodes


def _end(limit: Limit) -> Node:
    """The limit itself; again for each of its models, where Envoy leaves open which it is."""
    rate: Node = {"unit": limit.every, "requests_per_unit": min(limit.budget, UINT32)}
    watching: Node = {"shadow_mode": True} if limit.shadow else {}
    end: Node = {"rate_limit": rate, **watching}
    if limit.models and MODEL not in limit.per:
        end["descriptors"] = [
            {"key": MODEL, "value": model, "rate_limit": dict(rate), **watching}
            for model in limit.models
        ]
    return end
