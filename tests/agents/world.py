"""A gateway for each kind of provider, which serves every model name that a client asks for."""

import base64
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from extproc.lab.local import Local
from extproc.lab.simulator import Recorded, RunningSimulator
from tests.e2e.clients.backends import ENV, MODELS, backend

VLLM: dict[str, Any] = {"provider": "vllm", "dialect": "openai.chat", "credential": "none"}
UPSTREAMS: dict[str, tuple[str, str]] = {
    "openai-chat": ("openai.chat", MODELS["openai.chat"]),
    "openai-responses": ("openai.responses", MODELS["openai.responses"]),
    "anthropic": ("anthropic.messages", MODELS["anthropic.messages"]),
    "gemini": ("gemini.generate_content", MODELS["gemini.generate_content"]),
    "bedrock": ("bedrock.converse", MODELS["bedrock.converse"]),
    "vllm": ("openai.chat", "qwen3"),
}
"""Name → the provider's dialect and model."""
ORDER = re.compile(rb"ORDER-([A-Za-z0-9_-]+)-END")


class Orders:
    """What the simulated model does: what the last order in a request says; first of all, how it
    `fails`, each time in another way."""

    def __init__(self) -> None:
        self._called: dict[bytes, int] = {}
        self._failed: Counter[bytes] = Counter()

    def __call__(self, request: Recorded) -> Mapping[str, Any] | None:
        found = ORDER.findall(request.body)
        if not found:
            return None
        orders = json.loads(base64.urlsafe_b64decode(found[-1] + b"=" * (-len(found[-1]) % 4)))
        del orders["nonce"]
        fails = orders.pop("fails", [])
        if self._failed[found[-1]] < len(fails):
            self._failed[found[-1]] += 1
            failing: Mapping[str, Any] = fails[self._failed[found[-1]] - 1]
            return failing
        if "call_tool" in orders and not self._calls(found[-1], orders, request.body):
            return {key: orders[key] for key in orders.keys() & {"reasoning", "text"}}
        return orders

    def _calls(self, word: bytes, orders: dict[str, Any], body: bytes) -> bool:
        """Whether a tool is to be called; agents ask on the side, too, without any tools."""
        tools = orders["call_tool"]
        tool = tools if isinstance(tools, str) else tools[0]
        if not re.search(rb'"name"\s*:\s*"%s"' % re.escape(tool.encode()), body):
            return False
        self._called[word] = self._called.get(word, 0) + 1
        left = self._called[word] <= orders.get("rounds", 1)
        orders["rounds"] = self._called[word]
        return left


@contextmanager
def gateway(upstream: str) -> Iterator[str]:
    """The URL of a running gateway before `upstream`."""
    dialect, model = UPSTREAMS[upstream]
    vllm = upstream == "vllm"
    with RunningSimulator(script=Orders(), strict=not vllm) as sim:
        served = {**VLLM, "base_url": sim.url} if vllm else backend(dialect, sim.url)
        route = {
            "models": ["*"],
            "backends": [{"backend": "up", "model": model}],
            "request": {"vendor_tools": "drop"},  # Codex's search, where nobody searches
        }
        config = {"backends": {"up": served}, "routes": [route]}
        with Local(config, ENV) as local:
            yield local.url
