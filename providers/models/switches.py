"""How servers of open models are told whether to think: by an argument of the chat template.

https://docs.vllm.ai/en/latest/features/reasoning_outputs.html
https://docs.sglang.ai/advanced_features/separate_reasoning.html (checked 2026-11)
"""

import re
from functools import lru_cache
from typing import Any

from providers.wire.members import Json
from providers.wire.splice import REMOVED

ARGUMENTS = "chat_template_kwargs"

# The first row whose expression is found in the name decides.
SWITCHES = (
    (
        re.compile(r"qwen3(?!.*(?:instruct|thinking|coder))|glm-(?:4\.[5-9]|[5-9])|gemma-4"),
        "enable_thinking",
    ),
    (re.compile(r"deepseek-v(?:3\.[1-9]|[4-9])|granite|kimi-k2\.[5-9]|holo2"), "thinking"),
)
"""Models that have a switch, and nothing finer → its name."""


@lru_cache(maxsize=1024)
def switch_of(model: str) -> str | None:
    """The argument of the template that switches thoughts on and off; None: there is none."""
    name = model.lower()
    return next((switch for models, switch in SWITCHES if models.search(name)), None)


def by_template(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    """Says with the template's argument what an effort asks for."""
    effort = body.get("reasoning_effort")
    switch = switch_of(model) if effort is not None else None
    given = body.get(ARGUMENTS)
    given = given if isinstance(given, dict) else {}
    if switch is None or switch in given:
        return {}
    if effort != "none":
        dropped.append("reasoning_effort")  # how much is nothing that the switch can say
    return {"reasoning_effort": REMOVED, ARGUMENTS: {**given, switch: effort != "none"}}


def by_member(body: Json, model: str, dropped: list[str]) -> dict[str, Any]:
    """The same in DashScope's words: only streams of its open models may think.

    https://www.alibabacloud.com/help/en/model-studio/deep-thinking
    """
    effort = body.get("reasoning_effort")
    if effort is None or "enable_thinking" in body or switch_of(model) is None:
        return {}
    if effort != "none":
        dropped.append("reasoning_effort")
    thinks = effort != "none"
    said = {} if thinks and not body.get("stream") else {"enable_thinking": thinks}
    return {"reasoning_effort": REMOVED, **said}
