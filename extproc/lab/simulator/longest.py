"""How many tokens an answer of some older models may have, and what their vendors say of more.

https://platform.claude.com/docs/en/about-claude/models/overview (checked 2026-11)
"""

import re

from extproc.lab.simulator.dialect import Refusal

LONGEST = (
    (re.compile(r"anthropic\.claude-3-5-sonnet-20240620|claude-3-(?:opus|haiku)"), 4_096),
    (re.compile(r"claude-3-5|gemini-(?:1\.5|2\.0-flash)"), 8_192),
    (re.compile(r"claude-opus-4-(?:2025|1)"), 32_000),
    (re.compile(r"claude-(?:3-7|sonnet-4-|opus-4-5|haiku-4-5)"), 64_000),
    (re.compile(r"gpt-4-turbo"), 4_096),
    (re.compile(r"gpt-4o"), 16_384),
    (re.compile(r"amazon\.nova-(?:micro|lite|pro)"), 10_000),
)
"""The first row whose expression is found in a model's name decides."""


def check(model: str, asked: int | None, words: str, param: str | None = None) -> None:
    """Raises Refusal with `words` for a model that is asked for a longer answer than it gives."""
    most = next((most for models, most in LONGEST if models.search(model)), None)
    if asked is not None and most is not None and asked > most:
        said = words.format(asked=asked, most=most, above=most + 1, model=model)
        raise Refusal(said, param=param)
