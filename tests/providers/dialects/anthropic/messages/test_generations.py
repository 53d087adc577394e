"""What was written for one generation of Claude is taken by another, too."""

from typing import Any

import orjson
import pytest

from providers.catalog import PROVIDERS
from providers.dialects.anthropic.messages.generations import fitted
from providers.errors import Unsupported
from providers.wire.splice import REMOVED
from tests.providers.matrix.world import World

HI = {"role": "user", "content": "hi"}
ADAPTIVE = {"type": "adaptive", "display": "omitted"}
NEWEST, BETWEEN, MANUAL, PLAIN = (
    "claude-opus-4-8",
    "claude-opus-4-6",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "claude-3-5-haiku-20241022",
)
SPOKEN = [HI, {"role": "system", "content": "soon"}, {"role": "assistant", "content": "yes"}, HI]
ASKED = {
    "max_tokens": 64_000,
    "thinking": ADAPTIVE,
    "output_config": {"effort": "xhigh"},
    "system": "be brief",
    "messages": SPOKEN,
}
SYSTEM = [{"type": "text", "text": "be brief"}, {"type": "text", "text": "soon"}]
HOISTED = {"system": SYSTEM, "messages": [HI, SPOKEN[2], HI]}


@pytest.mark.parametrize(
    ("model", "changes", "named"),
    [
        (NEWEST, {}, []),
        ("a-deployment", {}, []),
        ("deepseek-v4", {}, []),
        (BETWEEN, {"output_config": {"effort": "high"}, **HOISTED}, ["output_config.effort"]),
        (
            MANUAL,
            {
                "thinking": {"type": "enabled", "budget_tokens": 24_576, "display": "omitted"},
                "output_config": REMOVED,
                **HOISTED,
            },
            [],
        ),
        (
            PLAIN,
            {"thinking": REMOVED, "output_config": REMOVED, **HOISTED},
            ["thinking", "output_config.effort"],
        ),
    ],
)
def test_what_the_newest_is_sent(model: str, changes: dict[str, Any], named: list[str]):
    dropped: list[str] = []
    assert fitted(ASKED, model, dropped) == changes
    assert dropped == named


@pytest.mark.parametrize(
    ("model", "body", "changes", "named"),
    [
        (
            NEWEST,
            {"thinking": {"type": "enabled", "budget_tokens": 2000}, "temperature": 1},
            {"thinking": {"type": "adaptive"}, "temperature": REMOVED},
            ["thinking.budget_tokens"],
        ),
        (
            NEWEST,
            {"temperature": 0.5, "top_k": 3, "top_p": None},
            {"temperature": REMOVED, "top_k": REMOVED},
            ["temperature", "top_k"],
        ),
        (
            "claude-opus-5-5",
            {"thinking": {"type": "disabled"}},
            {"thinking": REMOVED},
            ["thinking"],
        ),
        (MANUAL, {"max_tokens": 900, "thinking": ADAPTIVE}, {"thinking": REMOVED}, ["thinking"]),
        (MANUAL, {"thinking": {"type": "disabled"}, "temperature": 0.5}, {}, []),
        (PLAIN, {"thinking": {"type": "disabled"}}, {"thinking": REMOVED}, []),
        (
            PLAIN,
            {"tools": [{"name": "f", "strict": True}, {"name": "g"}]},
            {"tools": [{"name": "f"}, {"name": "g"}]},
            ["tools.strict"],
        ),
        (MANUAL, {"thinking": 7, "output_config": "x", "messages": 3, "tools": 4}, {}, []),
    ],
)
def test_each_generation_has_its_own_words(
    model: str, body: dict[str, Any], changes: dict[str, Any], named: list[str]
):
    dropped: list[str] = []
    assert (fitted(body, model, dropped), dropped) == (changes, named)


def test_a_schema_is_no_hint():
    format = {"type": "json_schema", "schema": {"type": "object"}}
    with pytest.raises(Unsupported, match="this model holds its answer to no schema"):
        fitted({"output_config": {"format": format}}, PLAIN, [])
    assert fitted({"output_config": {"format": format}}, MANUAL, []) == {}


@pytest.mark.parametrize("vendor", ["anthropic", "foundry", "vertex", "bedrock"])
@pytest.mark.parametrize("model", [NEWEST, BETWEEN, MANUAL.removesuffix("-v1:0"), PLAIN])
def test_claude_is_asked_in_its_own_words_wherever_it_runs(vendor: str, model: str):
    world = World("anthropic.messages", provider=PROVIDERS[vendor], model=model)
    told = orjson.dumps({"model": "shown", **ASKED, "max_tokens": 8_000})
    answer = world.ask("/v1/messages", [("anthropic-version", "2023-06-01")], told)
    assert answer.status == 200, answer.body
