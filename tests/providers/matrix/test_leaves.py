"""Single members far below the top level: each is carried, or named as what it is."""

from typing import Any

import orjson
import pytest

from tests.e2e.clients.backends import CHAT
from tests.providers.matrix.fates import Outcome
from tests.providers.matrix.fields import BASE, TOOL

CLAUDES = {
    **BASE["anthropic.messages"],
    "thinking": {"type": "enabled", "budget_tokens": 1500},
    "output_config": {"effort": "high"},
}


@pytest.mark.parametrize("target", [name for name in CHAT if name != "anthropic.messages"])
def test_of_a_budget_and_an_effort_the_one_that_is_not_told_is_named(target: str):
    both = Outcome("anthropic.messages", target, CLAUDES)
    names = {"output_config": "output_config.effort", "thinking": "thinking.budget_tokens"}
    less = {name: {k: v for k, v in CLAUDES.items() if k != name} for name in names}
    told = {
        name: Outcome("anthropic.messages", target, body).sent != both.sent
        for name, body in less.items()
    }
    lost = {names[name] for name, is_told in told.items() if not is_told}
    assert lost <= both.dropped


SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}


@pytest.mark.parametrize("target", [name for name in CHAT if name != "openai.chat"])
def test_the_description_of_an_answer_reaches_the_model(target: str):
    described = {"name": "n", "description": "In French.", "schema": SCHEMA, "strict": True}
    asked = {"response_format": {"type": "json_schema", "json_schema": described}}
    sent = Outcome("openai.chat", target, {**BASE["openai.chat"], **asked}).sent
    assert b"In French." in orjson.dumps(sent)


def test_a_format_that_is_carried_is_not_named():
    text = {"verbosity": "low", "format": {"type": "json_schema", "name": "n", "schema": SCHEMA}}
    outcome = Outcome("openai.responses", "openai.chat", {**BASE["openai.responses"], "text": text})
    assert outcome.dropped == set()
    text["other"] = 1
    outcome = Outcome("openai.responses", "openai.chat", {**BASE["openai.responses"], "text": text})
    assert outcome.dropped == {"text.other"}


THOUGHT = {"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "hm"}]}
ANSWERED = {"functionResponse": {"name": "f", "response": {"a": 1}, "scheduling": "SILENT"}}
PARTIAL: dict[tuple[str, str], tuple[dict[str, Any], str]] = {
    ("openai.responses", "anthropic.messages"): (
        {"input": [{"role": "user", "content": "hi"}, THOUGHT, {"role": "user", "content": "so"}]},
        "input.reasoning",
    ),
    ("openai.chat", "ollama.chat"): (
        {"tools": [{"type": "function", "function": {**TOOL["function"], "strict": True}}]},
        "tools.function.strict",
    ),
    ("gemini.generate_content", "openai.chat"): (
        {
            "contents": [
                {"role": "user", "parts": [{"text": "hi"}]},
                {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]},
                {"role": "user", "parts": [ANSWERED]},
            ]
        },
        "contents.parts.functionResponse.scheduling",
    ),
}


@pytest.mark.parametrize("pair", PARTIAL, ids="-".join)
def test_a_part_of_an_array_is_not_named_as_the_whole(pair: tuple[str, str]):
    client, target = pair
    members, name = PARTIAL[pair]
    assert Outcome(client, target, {**BASE[client], **members}).dropped == {name}


def test_an_order_of_no_names_orders_nothing():
    schema = {
        "type": "OBJECT",
        "properties": {"a": {"type": "STRING"}},
        "propertyOrdering": [[], 1],
    }
    asked = {"responseMimeType": "application/json", "responseSchema": schema}
    body = {**BASE["gemini.generate_content"], "generationConfig": asked}
    assert Outcome("gemini.generate_content", "openai.chat", body).answer.status == 200
