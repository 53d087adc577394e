"""Mistral's completions of code: what stands between a prompt and a suffix."""

from typing import Any

import orjson
import pytest
from mistralai.client.models import CompletionChunk, FIMCompletionRequest, FIMCompletionResponse

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Context, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS, PROVIDERS
from providers.errors import InvalidRequest, Unsupported
from providers.operations import Operation

FIM = DIALECTS["mistral.fim"]
CONTEXT = Context(model="shown", id="id-1", now=1)
BODY: dict[str, Any] = {
    "model": "codestral-latest",
    "prompt": "def f(",
    "suffix": "return x",
    "max_tokens": 9,
    "temperature": 0.5,
    "top_p": 0.9,
    "stop": ["END"],
}


def sent(client: str, target: str, **members: Any) -> tuple[Any, tuple[str, ...]]:
    body = {**BODY, **members}
    call = Call(data=orjson.dumps(body), body=body, model=body["model"], stream=False)
    asked = bridge(DIALECTS[client], DIALECTS[target], Quirks()).request(call)
    assert isinstance(asked, Sent)
    return orjson.loads(asked.body or call.data), asked.dropped


def test_openais_clients_fill_in_at_mistral():
    body, dropped = sent("openai.completions", "mistral.fim", seed=5, user="u")
    assert body == {**BODY, "random_seed": 5}
    assert dropped == ("user",)
    FIMCompletionRequest.model_validate(body, strict=True)


def test_mistrals_clients_fill_in_elsewhere():
    body, dropped = sent("mistral.fim", "openai.completions", random_seed=5, min_tokens=2)
    assert body == {**BODY, "seed": 5}
    assert dropped == ("min_tokens",)
    body, dropped = sent("mistral.fim", "ollama.generate", random_seed=5)
    assert (body["suffix"], body["options"]["seed"], dropped) == ("return x", 5, ())


@pytest.mark.parametrize("target", ["openai.chat", "anthropic.messages", "cohere.generate"])
@pytest.mark.parametrize("client", ["mistral.fim", "openai.completions", "ollama.generate"])
def test_nobody_else_fills_in(client: str, target: str):
    with pytest.raises(Unsupported) as refused:
        sent(client, target)
    assert refused.value.param == "suffix"


@pytest.mark.parametrize("name", ["n", "logprobs"])
def test_what_mistral_cannot_be_told_is_refused(name: str):
    with pytest.raises(Unsupported) as refused:
        sent("openai.completions", "mistral.fim", **{name: 2})
    assert refused.value.param == name


@pytest.mark.parametrize("prompt", [None, 5, ["a"]])
def test_a_prompt_is_a_text(prompt: Any):
    with pytest.raises(InvalidRequest) as refused:
        sent("mistral.fim", "openai.completions", prompt=prompt)
    assert refused.value.param == "prompt"


def test_an_answer_without_counts_is_one_that_the_sdk_reads():
    plain = {"choices": [{"index": 0, "text": "x", "finish_reason": "stop"}]}
    made = bridge(FIM, DIALECTS["openai.completions"], Quirks())
    body, _ = made.whole(orjson.dumps(plain), CONTEXT)
    answer = FIMCompletionResponse.model_validate_json(body or b"")
    assert answer.choices[0].message.content == "x"
    assert answer.usage.total_tokens == 0


def test_a_stream_is_one_that_the_sdk_reads():
    relay = bridge(FIM, DIALECTS["openai.completions"], Quirks()).stream(CONTEXT)
    choice = {"index": 0, "text": "x", "finish_reason": "length"}
    event = b"data: " + orjson.dumps({"id": "c", "model": "m", "choices": [choice]}) + b"\n\n"
    told = (relay.feed(event + b"data: [DONE]\n\n") or b"") + relay.flush()
    chunks = [each.removeprefix(b"data: ") for each in told.split(b"\n\n") if each]
    assert chunks.pop() == b"[DONE]"
    read = [CompletionChunk.model_validate_json(chunk) for chunk in chunks]
    assert "".join(each.choices[0].delta.content or "" for each in read if each.choices) == "x"
    assert read[-1].choices[0].finish_reason == "length"


def test_only_coders_are_asked_so():
    mistral = PROVIDERS["mistral"]
    assert mistral.dialects[Operation.COMPLETIONS] == ("mistral.fim",)
    assert mistral.speaks["mistral.fim"] in "ft:codestral-latest:x"
