"""What a Converse client says to Claude alone goes wherever Claude is asked, and is named
elsewhere."""

from typing import Any

import orjson
import pytest

from providers.catalog import PROVIDERS
from providers.dialects.bedrock.converse.claude_tools import betas
from tests.e2e.clients.backends import CHAT
from tests.providers.matrix.world import MODEL, World

FLAGS = ["interleaved-thinking-2025-05-14", "context-management-2025-06-27"]
SHELL = {"type": "bash_20250124", "name": "bash"}
LOOK = {"name": "look", "input_schema": {"type": "object", "properties": {}}}
EDITS = {"edits": [{"type": "clear_tool_uses_20250919"}]}
CLAUDES = {"anthropic_beta": FLAGS, "tools": [SHELL, LOOK], "context_management": EDITS}
AT = "additionalModelRequestFields"
CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0"


def told(
    target: str, *, drops: bool = False, host: str = "", model: str = "", **members: Any
) -> tuple[int, World, set[str]]:
    """(status, the world, what is named as dropped)."""
    world = World(target, drops=drops, model=model, provider=PROVIDERS[host] if host else None)
    body = {"messages": [{"role": "user", "content": [{"text": "hi"}]}], **members}
    headers = [("content-type", "application/json")]
    answer = world.ask(f"/model/{MODEL}/converse", headers, orjson.dumps(body))
    named = dict(answer.headers).get("x-ai-dropped-params", "")
    return answer.status, world, {each for each in named.split(", ") if each}


@pytest.mark.parametrize("host", ["", "vertex", "bedrock"])
def test_claude_gets_it_in_its_own_format(host: str):
    model = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0" if host == "bedrock" else ""
    status, world, named = told(
        "anthropic.messages", host=host, model=model, additionalModelRequestFields=CLAUDES
    )
    sent = world.sent[-1]
    assert (status, named) == (200, set())
    assert sent.json["tools"] == [SHELL, LOOK]
    assert sent.json["context_management"] == EDITS
    header = dict(sent.headers).get("anthropic-beta")
    assert sent.json.get("anthropic_beta") == (FLAGS if host == "bedrock" else None)
    assert header == (None if host == "bedrock" else ",".join(FLAGS))


OTHERS = [name for name in CHAT if name not in ("anthropic.messages", "bedrock.converse")]


@pytest.mark.parametrize("target", OTHERS)
def test_others_are_told_of_functions_alone(target: str):
    refused, _, _ = told(target, additionalModelRequestFields=CLAUDES)
    assert refused == 400
    status, world, named = told(target, drops=True, additionalModelRequestFields=CLAUDES)
    assert status == 200
    assert named == {f"{AT}.anthropic_beta", f"{AT}.tools", f"{AT}.context_management.edits"}
    said = orjson.dumps(world.sent[-1].json["tools"]).decode()
    assert "look" in said
    assert "bash" not in said


@pytest.mark.parametrize("target", OTHERS)
def test_which_stop_sequence_it_was_is_always_said(target: str):
    for paths, lost in ((["/stop_sequence"], False), (["/stop_sequence", "/id"], True)):
        _, _, named = told(target, additionalModelResponseFieldPaths=paths)
        assert named == ({"additionalModelResponseFieldPaths"} if lost else set())


@pytest.mark.parametrize("odd", [7, "x", [1], {"anthropic_beta": 7}, {"anthropic_beta": {"a": 1}}])
def test_odd_members_are_left_to_who_refuses_them(odd: Any):
    assert betas({AT: odd}, {"anthropic-beta": FLAGS[0]}, CLAUDE) == {}


@pytest.mark.parametrize("said", [None, [], [FLAGS[0]], [{"a": 1}]])
def test_flags_of_a_header_follow_those_of_the_body(said: Any):
    found = betas({AT: {"anthropic_beta": said}}, {"anthropic-beta": FLAGS[0]}, CLAUDE)
    others = [flag for flag in said or () if flag != FLAGS[0]]
    assert found == {AT: {"anthropic_beta": [*others, FLAGS[0]]}}
