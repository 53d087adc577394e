"""What OpenAI's families of models refuse, and how open models are told to think."""

import pytest

from providers.bridging.fidelity import Feature
from providers.models.openai import lacks
from providers.models.switches import by_member, by_template
from providers.neutral.chat import ChatRequest, Reasoning
from providers.wire.splice import REMOVED

SAID = {"temperature": 0.5, "stop": ("x",), "presence_penalty": 1.0}


@pytest.mark.parametrize(
    ("model", "effort", "refused"),
    [
        ("gpt-4o", None, set()),
        ("gpt-5-chat-latest", None, set()),
        ("gpt-5", None, {"temperature", "stop", "presence_penalty"}),
        ("openai/gpt-5-mini-2025-08-07", None, {"temperature", "stop", "presence_penalty"}),
        ("o4-mini", None, {"temperature", "stop", "presence_penalty"}),
        ("gpt-5.2", None, {"stop", "presence_penalty"}),
        ("gpt-5.2", "high", {"temperature", "stop", "presence_penalty"}),
        ("grok-4", None, {"stop", "presence_penalty"}),
    ],
)
def test_a_model_that_thinks_takes_less(model, effort, refused):
    reasoning = Reasoning(effort=effort) if effort else None
    found = lacks(ChatRequest(model=model, reasoning=reasoning, **SAID))
    assert {name for name in SAID if Feature(name) in found} == refused


def test_a_default_is_always_taken_and_a_family_may_be_named():
    asked = ChatRequest(model="my-deployment", family="gpt-5", temperature=1, top_p=0.5)
    assert Feature.TEMPERATURE not in lacks(asked)
    assert Feature.TOP_P in lacks(asked)


@pytest.mark.parametrize(
    ("model", "effort", "changes", "lost"),
    [
        ("Qwen/Qwen3-8B", "none", {"enable_thinking": False}, []),
        ("zai-org/GLM-4.6", "high", {"enable_thinking": True}, ["reasoning_effort"]),
        ("deepseek-ai/DeepSeek-V3.1", "low", {"thinking": True}, ["reasoning_effort"]),
        ("openai/gpt-oss-120b", "low", None, []),
        ("Qwen/Qwen3-30B-A3B-Instruct-2507", "low", None, []),
    ],
)
def test_a_template_is_told_whether_to_think(model, effort, changes, lost):
    dropped = []
    found = by_template({"reasoning_effort": effort}, model, dropped)
    told = {"reasoning_effort": REMOVED, "chat_template_kwargs": changes}
    assert found == ({} if changes is None else told)
    assert dropped == lost


def test_a_client_that_tells_the_template_itself_is_left_alone():
    body = {"reasoning_effort": "low", "chat_template_kwargs": {"enable_thinking": False}}
    assert by_template(body, "qwen3", []) == {}


def test_dashscopes_open_models_think_in_streams_alone():
    stream = {"reasoning_effort": "low", "stream": True}
    assert by_member(stream, "qwen3-8b", [])["enable_thinking"] is True
    assert "enable_thinking" not in by_member({"reasoning_effort": "low"}, "qwen3-8b", [])
    assert by_member({"reasoning_effort": "none"}, "qwen3-8b", [])["enable_thinking"] is False
