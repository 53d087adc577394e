"""Every SDK for text completions through a real Envoy to every provider that can write."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients import TALKS, facts
from tests.e2e.clients.backends import CHAT, ENV, MODELS, backend
from tests.e2e.clients.talk import Link, Talk, Wish, order
from tests.e2e.writers import WRITERS, Failed, Writer

KEY = {"api_key": "env:KEY"}
PROVIDERS = {
    "anthropic.complete": ("anthropic", "claude-2.1"),
    "cohere.generate": ("cohere", "command"),
    "huggingface.generate": ("tgi", "m"),
    "mistral.fim": ("mistral", "codestral-latest"),
    "ollama.generate": ("ollama", "m"),
    "openai.completions": ("vllm", "m"),
}
"""Dialect → (a provider that speaks it, a model that it speaks it with)."""
LLAMAS = ("llama-2-7b-chat", "llama-3.1-8b", "llama-4-scout")
TARGETS = (*PROVIDERS, *CHAT, LLAMAS[0])
EVERY = dict.fromkeys((*TARGETS, *LLAMAS))
SILENT = ("anthropic.complete",)
"""Formats without counts."""
ERRORS = (400, 401, 429, 500, 529)

STREAM = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
TARGET = pytest.mark.parametrize("target", TARGETS)
CLIENT = pytest.mark.parametrize("client", sorted(WRITERS))


def name_of(target: str) -> str:
    return target.replace(".", "-").replace("_", "-")


def backend_of(target: str, url: str) -> dict[str, Any]:
    if target in PROVIDERS:
        name, _ = PROVIDERS[target]
        return {"provider": name, "base_url": url, "credential": KEY, "dialect": target}
    if target in LLAMAS:
        return {"provider": "llama", "base_url": url, "dialect": "llama.generate"}
    return backend(target, url)


def model_of(target: str) -> str:
    return target if target in LLAMAS else PROVIDERS.get(target, ("", MODELS.get(target, "m")))[1]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with RunningSimulator() as sim:
        config = {
            "backends": {name_of(target): backend_of(target, sim.url) for target in EVERY},
            "routes": [
                {
                    "models": [f"to-{name_of(target)}"],
                    "backends": [{"backend": name_of(target), "model": model_of(target)}],
                }
                for target in EVERY
            ],
        }
        with Local(config, ENV) as local:
            yield local.url


@pytest.fixture
def writer(url: str, client: str, target: str) -> Writer:
    return WRITERS[client](url, f"to-{name_of(target)}")


@CLIENT
@TARGET
@STREAM
def test_a_text_is_continued(writer: Writer, target: str, stream: bool):
    said = writer.answer(stream, "hello there")
    assert said.text.endswith("heard: hello there")
    assert said.finish == writer.stop
    if target not in SILENT and said.output is not None:
        assert said.output == 4


@CLIENT
@TARGET
@STREAM
def test_a_text_that_meets_its_limit_says_so(writer: Writer, stream: bool):
    said = writer.answer(stream, order("hello", tokens=40), max_tokens=16)
    assert said.finish == writer.length
    assert said.text.split()[-1] == "word15"


@CLIENT
@TARGET
@STREAM
def test_errors(writer: Writer, stream: bool):
    for status in ERRORS:
        with pytest.raises(Failed) as caught:
            writer.answer(stream, order("hello", status=status, message='no "way"\n\u2028é'))
        assert caught.value.status >= 400, status
        assert "way" in caught.value.message, status


@CLIENT
@TARGET
def test_an_error_in_mid_stream(writer: Writer):
    with pytest.raises(Failed) as caught:
        writer.streamed(order("hello", tokens=20, error_after=6, message="out of luck"))
    assert "out of luck" in caught.value.message


@pytest.mark.parametrize("target", LLAMAS)
@pytest.mark.parametrize("client", sorted(TALKS))
@STREAM
def test_a_conversation_becomes_a_raw_prompt(url: str, client: str, target: str, stream: bool):
    def new(wish: Wish = Wish()) -> Talk:  # noqa: B008
        return TALKS[client](Link(url), f"to-{name_of(target)}", wish)

    facts.a_plain_answer(new, stream)
    facts.a_cut_answer(new, stream)
    talk: Callable[..., Talk] = new
    two = talk(Wish(system="be brief"))
    for words in ("first", "second"):
        two.say(words)
        assert two.answer(stream).text.endswith(f"heard: {words}")


@pytest.mark.parametrize("client", sorted(TALKS))
def test_a_raw_prompt_that_fails_in_mid_stream(url: str, client: str):
    def new(wish: Wish = Wish()) -> Talk:  # noqa: B008
        return TALKS[client](Link(url), f"to-{name_of(LLAMAS[1])}", wish)

    assert "out of luck" in facts.an_error_in_mid_stream(new).message
