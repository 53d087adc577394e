"""What single vendors demand of OpenAI's formats, from clients of every dialect."""

from typing import Any

import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS, PROVIDERS
from providers.errors import Unsupported

CHAT, COMPLETIONS, MESSAGES = "openai.chat", "openai.completions", "anthropic.messages"
HELLO = [{"role": "user", "content": "hi"}]


def sent(
    provider: str, body: dict[str, Any], client: str = CHAT, dialect: str = CHAT, model: str = "m"
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body that a provider gets from a client, and what was dropped."""
    row = PROVIDERS[provider]
    target = row.forms.get(dialect, DIALECTS[dialect])
    quirks = Quirks(
        drops=row.drops | target.drops,
        refuses=row.refuses | target.refuses,
        renames=row.renames,
        provider=row.title,
    )
    call = Call(data=orjson.dumps(body), body=body, model=model, stream=False)
    found = bridge(DIALECTS[client], target, quirks).request(call)
    assert isinstance(found, Sent)
    return orjson.loads(found.body or call.data), found.dropped


FIVE = ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("provider", ["openai", "azure", "foundry", "groq"])
def test_a_fifth_stop_sequence_is_refused_where_it_would_be_an_error(provider: str) -> None:
    own = {"model": "m", "messages": HELLO}
    foreign = {"model": "m", "max_tokens": 9, "messages": HELLO}
    with pytest.raises(Unsupported, match="at most 4 stop"):
        sent(provider, {**own, "stop": FIVE})
    with pytest.raises(Unsupported, match="at most 4 stop"):
        sent(provider, {**foreign, "stop_sequences": FIVE}, client=MESSAGES)
    assert sent(provider, {**own, "stop": FIVE[:4]})[0]["stop"] == FIVE[:4]


@pytest.mark.parametrize("provider", ["openai", "azure"])
def test_text_completions_have_the_same_limit(provider: str) -> None:
    with pytest.raises(Unsupported, match="at most 4 stop"):
        sent(
            provider,
            {"model": "m", "prompt": "x", "stop": FIVE},
            client=COMPLETIONS,
            dialect=COMPLETIONS,
        )


def test_servers_of_open_models_take_any_number_of_stop_sequences() -> None:
    body, _ = sent("vllm", {"model": "m", "messages": HELLO, "stop": FIVE})
    assert body["stop"] == FIVE


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-5-mini", "max_completion_tokens"),
        ("o4-mini", "max_completion_tokens"),
        ("ft:gpt-5.1:org", "max_completion_tokens"),
        ("gpt-4o", "max_tokens"),
        ("gpt-3.5-turbo", "max_tokens"),
    ],
)
@pytest.mark.parametrize("provider", ["openai", "azure"])
def test_models_that_think_are_told_a_limit_by_its_newer_name(
    provider: str, model: str, name: str
) -> None:
    asked = {"model": "alias", "messages": HELLO, "max_tokens": 7}
    body, dropped = sent(provider, asked, model=model)
    assert (body, dropped) == ({"model": model, "messages": HELLO, name: 7}, ())


def turns(first: str, second: str) -> list[dict[str, Any]]:
    calls = [
        {"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}}
        for id in (first, second)
    ]
    results = [{"role": "tool", "tool_call_id": id, "content": id} for id in (first, second)]
    return [*HELLO, {"role": "assistant", "content": "", "tool_calls": calls}, *results]


def test_mistral_gets_ids_of_nine_letters_and_digits() -> None:
    body, _ = sent("mistral", {"model": "m", "messages": turns("call_abc", "call_abd")})
    _, called, one, two = body["messages"]
    ids = [call["id"] for call in called["tool_calls"]]
    assert all(len(id) == 9 and id.isalnum() and id.isascii() for id in ids)
    assert ids == [one["tool_call_id"], two["tool_call_id"]]
    assert len(set(ids)) == 2
    assert [one["content"], two["content"]] == ["call_abc", "call_abd"]


def test_mistrals_own_ids_pass_with_the_clients_bytes() -> None:
    body = {"model": "m", "messages": turns("D681PevKs", "ZuMPyUpuF")}
    assert sent("mistral", body) == (body, ())


def test_mistral_gets_such_ids_from_other_dialects_too() -> None:
    used = {"type": "tool_use", "id": "toolu_01", "name": "f", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_01", "content": "1"}
    messages = [
        *HELLO,
        {"role": "assistant", "content": [used]},
        {"role": "user", "content": [result]},
    ]
    tools = [{"name": "f", "input_schema": {"type": "object"}}]
    asked = {"model": "m", "max_tokens": 9, "messages": messages, "tools": tools}
    body, _ = sent("mistral", asked, client=MESSAGES)
    _, called, told = body["messages"]
    assert called["tool_calls"][0]["id"] == told["tool_call_id"]
    assert len(told["tool_call_id"]) == 9


@pytest.mark.parametrize(("effort", "known"), [("low", "high"), ("none", "none"), ("high", "high")])
def test_mistral_knows_one_effort(effort: str, known: str) -> None:
    body, _ = sent("mistral", {"model": "m", "messages": HELLO, "reasoning_effort": effort})
    assert body["reasoning_effort"] == known


def test_deepseek_is_told_not_to_think_in_its_own_words() -> None:
    off = {"type": "disabled"}
    body, _ = sent("deepseek", {"model": "m", "messages": HELLO, "reasoning_effort": "none"})
    assert body["thinking"] == off
    assert "reasoning_effort" not in body
    asked = {"model": "m", "max_tokens": 9, "messages": HELLO, "thinking": off}
    body, _ = sent("deepseek", asked, client=MESSAGES)
    assert body["thinking"] == off
    assert "reasoning_effort" not in body


def test_a_schema_is_told_deepseek_in_words_which_knows_none() -> None:
    form = {"format": {"type": "json_schema", "schema": {"type": "object"}}}
    asked = {"model": "m", "max_tokens": 9, "messages": HELLO, "output_config": form}
    body, dropped = sent("deepseek", asked, client=MESSAGES)
    assert body["response_format"] == {"type": "json_object"}
    assert "output_config.format" in dropped


THOUGHT = {
    "role": "assistant",
    "content": "hi",
    "reasoning_content": "hm",
    "reasoning": "hm",
    "reasoning_details": [{"type": "reasoning.text", "text": "hm"}],
    "thinking_blocks": [],
}


@pytest.mark.parametrize("provider", ["openai", "azure", "groq", "mistral"])
def test_thoughts_of_other_vendors_stay_behind_where_they_would_be_errors(provider: str) -> None:
    body, dropped = sent(provider, {"model": "m", "messages": [*HELLO, THOUGHT, *HELLO]})
    assert body["messages"] == [*HELLO, {"role": "assistant", "content": "hi"}, *HELLO]
    assert dropped == (
        "messages.reasoning_content",
        "messages.reasoning",
        "messages.reasoning_details",
        "messages.thinking_blocks",
    )
    assert sent(provider, {"model": "m", "messages": HELLO})[1] == ()


def test_cerebras_gets_thoughts_as_it_tells_them() -> None:
    body, _ = sent("cerebras", {"model": "m", "messages": [*HELLO, THOUGHT]})
    assert body["messages"][1] == {"role": "assistant", "content": "hi", "reasoning": "hm"}


def test_thoughts_pass_where_they_are_understood() -> None:
    asked = {"model": "m", "messages": [*HELLO, THOUGHT]}
    assert sent("deepseek", asked) == (asked, ())


def test_plain_thoughts_of_one_vendor_do_not_reach_another_through_a_third_dialect() -> None:
    signed = {"type": "thinking", "thinking": "hm", "signature": "ai.extproc/openai/reasoning"}
    turns = [*HELLO, {"role": "assistant", "content": [signed, {"type": "text", "text": "hi"}]}]
    asked = {"model": "m", "max_tokens": 9, "messages": [*turns, *HELLO]}
    body, _ = sent("groq", asked, client=MESSAGES)
    assert body["messages"][1] == {"role": "assistant", "content": "hi"}


@pytest.mark.parametrize("provider", ["deepseek", "mistral", "perplexity"])
def test_the_system_speaks_where_no_developer_is_known(provider: str) -> None:
    asked = {"model": "m", "messages": [{"role": "developer", "content": "be brief"}, *HELLO]}
    body, _ = sent(provider, asked)
    assert body["messages"] == [{"role": "system", "content": "be brief"}, *HELLO]
    assert sent("openai", asked) == (asked, ())


@pytest.mark.parametrize("provider", ["deepseek", "groq", "perplexity", "cohere-compat"])
def test_several_answers_are_refused_where_only_one_would_come(provider: str) -> None:
    with pytest.raises(Unsupported, match=r"does not support n\b"):
        sent(provider, {"model": "m", "messages": HELLO, "n": 2})
    assert "n" not in sent(provider, {"model": "m", "messages": HELLO, "n": 1})[0]


@pytest.mark.parametrize(
    ("model", "effort"),
    [
        ("grok-3", None),
        ("grok-3-mini", "low"),
        ("grok-4-0709", None),
        ("grok-4-fast-reasoning", None),
        ("grok-4.20-0309-reasoning", None),
        ("grok-4.20-multi-agent-0309", "low"),
        ("grok-4.3", "low"),
        ("llama-3.3-70b-versatile", None),
        ("meta-llama/llama-4-scout-17b-16e-instruct", None),
        ("deepseek-r1-distill-llama-70b", "low"),
    ],
)
def test_models_that_cannot_be_told_how_much_to_think_are_not(
    model: str, effort: str | None
) -> None:
    thinking = {"type": "enabled", "budget_tokens": 1024}
    asked = {"model": model, "max_tokens": 2000, "messages": HELLO, "thinking": thinking}
    body, dropped = sent("xai", asked, client=MESSAGES, model=model)
    assert body.get("reasoning_effort") == effort
    assert any("thinking" in name or "effort" in name for name in dropped)


ITEM = {"type": "reasoning", "id": "rs_1", "summary": []}
TOLD = {**ITEM, "content": [{"type": "reasoning_text", "text": "a"}]}


@pytest.mark.parametrize(("provider", "kept"), [("openai", True), ("azure", False)])
def test_codex_may_say_that_a_thought_has_no_content(provider: str, kept: bool) -> None:
    null = {**ITEM, "content": None}
    items = [null, TOLD, *HELLO]
    body, _ = sent(provider, {"model": "m", "input": items}, *["openai.responses"] * 2)
    assert body["input"] == [null if kept else ITEM, TOLD, *HELLO]


@pytest.mark.parametrize("said", ["hi", [TOLD, *HELLO], [7]])
def test_other_thoughts_pass_to_azure(said: Any) -> None:
    body, _ = sent("azure", {"model": "m", "input": said}, *["openai.responses"] * 2)
    assert body["input"] == said
