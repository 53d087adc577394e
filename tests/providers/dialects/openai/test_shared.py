"""What OpenAI's models take: how much to think, and which schemas they keep to."""

import pytest

from providers.dialects.openai.citations import placed
from providers.dialects.openai.strict import is_closed
from providers.dialects.openai.thinking import effort_of
from providers.neutral.chat import Citation, Reasoning, Tool
from providers.neutral.functions import arguments_of

OFF, ON, LITTLE = Reasoning(enabled=False), Reasoning(enabled=True), Reasoning(effort="low")
OPEN = {"type": "object", "properties": {"a": {"type": "string"}}}
CLOSED = {**OPEN, "required": ["a"], "additionalProperties": False}


@pytest.mark.parametrize(
    ("model", "reasoning", "effort", "lost"),
    [
        ("gpt-5.1", OFF, "none", []),
        ("gpt-5.5-pro", OFF, "none", []),
        ("gpt-5", OFF, "minimal", ["reasoning.off"]),
        ("openai/gpt-5-mini-2025-08-07", OFF, "minimal", ["reasoning.off"]),
        ("o4-mini", OFF, "low", ["reasoning.off"]),
        ("gpt-4o", OFF, None, []),
        ("qwen3", OFF, "none", []),
        ("gpt-5", ON, "medium", []),
        ("gpt-5", Reasoning(budget=-1), "medium", []),
        ("gpt-5", Reasoning(show=True), None, []),
        ("gpt-5", LITTLE, "low", []),
        ("gpt-5", Reasoning(effort="max"), "max", []),
        ("gpt-5", Reasoning(enabled=True, budget=1024), "low", ["reasoning.budget"]),
        ("gpt-5", Reasoning(enabled=True, budget=1025), "medium", ["reasoning.budget"]),
        ("gpt-5", Reasoning(enabled=True, budget=9000), "high", ["reasoning.budget"]),
        ("gpt-4.1-mini", LITTLE, None, ["reasoning.effort"]),
        ("ft:gpt-4o:acme", LITTLE, None, ["reasoning.effort"]),
        ("chatgpt-4o-latest", ON, None, ["reasoning.effort"]),
    ],
)
def test_a_model_is_told_to_think_in_words_that_it_knows(model, reasoning, effort, lost):
    dropped: list[str] = []
    assert effort_of(reasoning, model, dropped) == effort
    assert dropped == lost


@pytest.mark.parametrize(
    ("schema", "closed"),
    [
        (CLOSED, True),
        (OPEN, False),
        ({**CLOSED, "required": []}, False),
        ({**CLOSED, "additionalProperties": True}, False),
        ({"type": "array", "items": OPEN}, False),
        ({"anyOf": [CLOSED, {"type": "null"}]}, True),
        ({"$defs": {"x": OPEN}, **CLOSED}, False),
        ({"type": "string"}, True),
        ({"type": "object"}, False),
        ({**CLOSED, "required": "a"}, False),
        ({**CLOSED, "properties": 3}, False),
    ],
)
def test_a_closed_schema_is_known(schema, closed):
    assert is_closed(schema) is closed


@pytest.mark.parametrize(
    ("schema", "sent"),
    [
        (None, {"type": "object", "properties": {}}),
        ({"type": "object"}, {"type": "object", "properties": {}}),
        ({"type": "object", "$schema": "x"}, {"type": "object", "$schema": "x", "properties": {}}),
        (OPEN, OPEN),
        ({"anyOf": [OPEN]}, {"anyOf": [OPEN]}),
    ],
)
def test_a_tool_without_arguments_says_so(schema, sent):
    assert arguments_of(Tool(name="f", schema=schema)) == sent


@pytest.mark.parametrize(
    ("citation", "start", "end"),
    [(Citation(), 10, 15), (Citation(start=1, end=2), 11, 12), (Citation(start=1), 11, 15)],
)
def test_a_citation_without_a_place_is_of_its_whole_text(citation, start, end):
    found = placed(citation, 5, 10)
    assert (found.start, found.end) == (start, end)
