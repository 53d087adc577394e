"""What Moonshot's own service takes of its Kimi models; others who host them take more.

https://platform.moonshot.ai/docs/guide/kimi-k2-5-quickstart (checked 2026-11)
"""

import re
from typing import Any

from providers.errors import Unsupported
from providers.wire.members import Json
from providers.wire.splice import REMOVED

FIXED = ("temperature", "top_p", "presence_penalty", "frequency_penalty")
"""Any value but one is an error."""
KIMI = re.compile(r"^kimi-")
SWITCHED = re.compile(r"^kimi-k2\.[56](?!-code)")
"""Models that think unless `thinking` says otherwise, and know no effort."""
EFFORTS = {"minimal": "low", "medium": "high", "xhigh": "max"}
"""To the nearest of low, high and max."""


def fitted(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    """Leaves out what a Kimi model has one value for, and says how much to think in its words."""
    if not KIMI.search(model):
        return {}
    if body.get("n") not in (None, 1):
        raise Unsupported(f"{model} gives one answer at a time", param="n")
    gone = [name for name in FIXED if body.get(name) not in (None, REMOVED)]
    dropped += gone
    return {**dict.fromkeys(gone, REMOVED), **_effort(body, model, dropped)}


def _effort(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    effort = body.get("reasoning_effort")
    if not isinstance(effort, str):
        return {}
    if not SWITCHED.search(model):
        return {"reasoning_effort": EFFORTS[effort]} if effort in EFFORTS else {}
    if effort != "none":
        dropped.append("reasoning_effort")
        return {"reasoning_effort": REMOVED}
    return {"reasoning_effort": REMOVED, "thinking": {"type": "disabled"}}
