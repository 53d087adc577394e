"""The most that clients may ask for, in each dialect's words."""

import pytest

from providers.bridging.caps import Cap, Caps
from providers.catalog import DIALECTS
from providers.errors import Unsupported
from providers.wire.splice import REMOVED

TOKENS = {"max_tokens": Cap(4096)}


def kept(dialect, body, caps=TOKENS):
    """(the body as it goes on, what was lowered)."""
    changes, lowered = Caps(DIALECTS[dialect], caps).changes(body)
    whole = {**body, **changes}
    return {name: value for name, value in whole.items() if value is not REMOVED}, lowered


@pytest.mark.parametrize(
    ("dialect", "body", "name"),
    [
        ("openai.chat", {"max_tokens": 9000}, "max_tokens"),
        ("openai.chat", {"max_completion_tokens": "9000"}, "max_completion_tokens"),
        ("openai.responses", {"max_output_tokens": 9e3}, "max_output_tokens"),
        ("openai.completions", {"max_tokens": 9000}, "max_tokens"),
        ("anthropic.messages", {"max_tokens": 9000}, "max_tokens"),
        ("anthropic.complete", {"max_tokens_to_sample": 9000}, "max_tokens_to_sample"),
        (
            "gemini.generate_content",
            {"generation_config": {"max_output_tokens": 9000}},
            "generation_config.max_output_tokens",
        ),
        ("bedrock.converse", {"inferenceConfig": {"maxTokens": 9000}}, "inferenceConfig.maxTokens"),
        ("cohere.chat", {"max_tokens": 9000}, "max_tokens"),
        ("ollama.chat", {"options": {"num_predict": -1}}, "options.num_predict"),
        ("ollama.generate", {"options": {"num_predict": 9000}}, "options.num_predict"),
        (
            "huggingface.generate",
            {"parameters": {"max_new_tokens": 9000}},
            "parameters.max_new_tokens",
        ),
    ],
)
def test_a_larger_number_is_lowered_and_named_as_the_client_says_it(dialect, body, name):
    whole, lowered = kept(dialect, body)
    assert lowered == [name]
    for step in name.split("."):
        whole = whole[step]
    assert whole == 4096


@pytest.mark.parametrize(
    ("dialect", "body", "added"),
    [
        ("openai.chat", {}, {"max_tokens": 4096}),
        ("openai.chat", {"max_completion_tokens": None}, {"max_tokens": 4096}),
        ("openai.responses", {}, {"max_output_tokens": 4096}),
        ("gemini.generate_content", {}, {"generationConfig": {"maxOutputTokens": 4096}}),
        (
            "ollama.generate",
            {"options": {"seed": 1}},
            {"options": {"seed": 1, "num_predict": 4096}},
        ),
        ("openai.completions", {}, {}),
        ("openai.embeddings", {}, {}),
    ],
)
def test_who_asks_for_no_number_of_tokens_gets_the_most_where_answers_have_no_end(
    dialect, body, added
):
    whole, lowered = kept(dialect, body)
    assert lowered == []
    assert whole == {**body, **added}


def test_what_is_within_the_cap_stays_as_it_is():
    for body in ({"max_tokens": 4096}, {"max_completion_tokens": 1}):
        assert Caps(DIALECTS["openai.chat"], TOKENS).changes(body) == ({}, [])


def test_every_spelling_is_found():
    body = {"generationConfig": {"maxOutputTokens": 9000, "max_output_tokens": 8000}}
    whole, lowered = kept("gemini.generate_content", body)
    assert whole["generationConfig"] == {"maxOutputTokens": 4096, "max_output_tokens": 4096}
    assert len(lowered) == 2


@pytest.mark.parametrize(
    ("limit", "thinking"),
    [(4096, {"type": "enabled", "budget_tokens": 2048}), (1500, 1024), (1024, None)],
)
def test_thoughts_leave_room_for_an_answer(limit, thinking):
    asked = {"max_tokens": 9000, "thinking": {"type": "enabled", "budget_tokens": 8000}}
    whole, lowered = kept("anthropic.messages", asked, {"max_tokens": Cap(limit)})
    assert lowered == ["max_tokens", "thinking.budget_tokens"]
    if isinstance(thinking, int):
        thinking = {"type": "enabled", "budget_tokens": thinking}
    assert whole.get("thinking") == thinking


def test_a_refusal_names_member_and_cap():
    caps = {"temperature": Cap(1, refuse=True)}
    with pytest.raises(Unsupported, match=r"generationConfig.temperature may be at most 1 here"):
        kept("gemini.generate_content", {"generationConfig": {"temperature": 1.5}}, caps)
    assert kept("openai.chat", {"temperature": 1}, caps) == ({"temperature": 1}, [])


def test_other_words_are_members_of_the_body():
    caps = {"dimensions": Cap(256), "options.num_ctx": Cap(8192)}
    assert kept("openai.embeddings", {"dimensions": 512}, caps) == (
        {"dimensions": 256},
        ["dimensions"],
    )
    body = {"options": {"num_ctx": 131072}}
    assert kept("ollama.chat", body, caps)[0] == {"options": {"num_ctx": 8192}}


@pytest.mark.parametrize("value", [True, None, [], {}, "many", "nan"])
def test_what_is_no_number_is_the_providers_affair(value):
    caps = {"top_k": Cap(40)}
    whole, _ = kept("openai.chat", {"top_k": value}, caps)
    assert whole == {"top_k": 40 if value == "nan" else value}
