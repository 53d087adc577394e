"""What Bedrock's families take, and what nobody knows of an ARN."""

import pytest

from providers.bridging.fidelity import Feature
from providers.dialects.bedrock.converse import DIALECT
from providers.models.bedrock import lacks
from providers.neutral.chat import ChatRequest, Message, Reasoning, Role, Text

ARN = "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc"
SCHEMA, NAMED = Feature.JSON_SCHEMA, Feature.TOOL_CHOICE_NAMED
PARALLEL = Feature.PARALLEL_TOOL_CALLS


@pytest.mark.parametrize(
    ("model", "lacking"),
    [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", set()),
        ("anthropic.claude-sonnet-4-20250514-v1:0", {SCHEMA}),
        ("amazon.nova-pro-v1:0", {SCHEMA, PARALLEL}),
        ("meta.llama3-3-70b-instruct-v1:0", {SCHEMA, NAMED, PARALLEL}),
        ("openai.gpt-oss-120b-1:0", {PARALLEL}),
        ("qwen.qwen3-32b-v1:0", {PARALLEL}),
        (ARN, {SCHEMA, PARALLEL}),
    ],
)
def test_a_family_lacks(model, lacking):
    found = lacks(ChatRequest(model=model))
    assert found & {SCHEMA, NAMED, PARALLEL} == lacking


def rendered(**members):
    said = Message(role=Role.USER, parts=(Text(text="hi"),))
    dropped = []
    request = ChatRequest(model=ARN, messages=(said,), max_tokens=9_000, **members)
    return DIALECT.render_request(request, dropped), dropped


def test_a_model_that_nobody_knows_is_asked_to_think_by_who_knows_it():
    body, dropped = rendered(reasoning=Reasoning(enabled=True, budget=2_000), temperature=0.5)
    thinking = body["additionalModelRequestFields"]["thinking"]
    assert thinking == {"type": "enabled", "budget_tokens": 2_000}
    assert dropped == ["temperature"]
    assert "additionalModelRequestFields" not in rendered()[0]


def test_the_configuration_may_say_the_family():
    asked = {"reasoning": Reasoning(effort="low"), "family": "amazon.nova-2-lite-v1:0"}
    body, _ = rendered(**asked)
    assert "reasoningConfig" in body["additionalModelRequestFields"]
    assert lacks(ChatRequest(model=ARN, family="anthropic.claude-opus-4-6-v1")) == set()
