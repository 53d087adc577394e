"""What a provider remembers of prompts: the beginning of one costs less the next time.

https://platform.openai.com/docs/guides/prompt-caching: a prefix counts, from 1,024 tokens on there;
here, any that ends with a turn.
"""

from collections import OrderedDict
from hashlib import blake2b
from typing import Any

import orjson

TURNS = ("messages", "contents", "input")
BEFORE = ("model", "system", "instructions", "systemInstruction", "tools")
MOST = 4096
"""Prefixes that are remembered."""


class PromptCache:
    """The prefixes of the prompts so far."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, None] = OrderedDict()

    def tokens(self, body: dict[str, Any], prompt: int) -> int:
        """How many of the `prompt` tokens were in an earlier one; remembers this one."""
        turns: list[Any] = next(
            (body[name] for name in TURNS if isinstance(body.get(name), list)), []
        )
        digest = blake2b(orjson.dumps([body.get(name) for name in BEFORE]), digest_size=16)
        sizes, known = [0], 0
        for number, turn in enumerate(turns, start=1):
            text = orjson.dumps(turn)
            digest.update(text)
            sizes.append(sizes[-1] + len(text))
            if digest.digest() in self._known:
                known = number
            self._keep(digest.digest())
        return prompt * sizes[known] // sizes[-1] if known else 0

    def _keep(self, prefix: bytes) -> None:
        self._known[prefix] = None
        if len(self._known) > MOST:
            self._known.popitem(last=False)
