"""What agents and frameworks send by default, through the translation to every dialect.

A file of `requests/` is one request, distilled from what the client in it was seen to send: its
structure, members and headers, in our own words. The simulated provider refuses what vendors do.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clients.backends import CHAT
from tests.providers.matrix.world import World

REQUESTS = sorted((Path(__file__).parent / "requests").glob("*.json"))
OPENAI = ("openai.chat", "openai.responses")
CLAUDE = ("anthropic.messages", "bedrock.converse")
GEMINI = ("gemini.generate_content",)
OTHERS = ("cohere.chat", "ollama.chat")

NO_SINGLE_CALL = "nobody enforces there yet that tools are called one by one"
NO_JSON_MODE = "JSON without a schema has no equivalent there"
NO_REFERENCE = "an item that only OpenAI has stored"
DOUBLED = "each function response twice, with one id"
AWAITED: dict[str, tuple[tuple[str, ...], str]] = {
    "ai-sdk-anthropic-object": (GEMINI + OTHERS, NO_SINGLE_CALL),
    "ai-sdk-compatible-settings": (("openai.responses",), "stop sequences do not exist there"),
    "ai-sdk-google-object": (GEMINI, "`oneOf`, which Gemini itself does not know"),
    "ai-sdk-openai-json": (CLAUDE, NO_JSON_MODE),
    "ai-sdk-openai-steps": (("openai.chat", *CLAUDE, *GEMINI, *OTHERS), NO_REFERENCE),
    "codex-first": (("openai.chat", *CLAUDE, *GEMINI, *OTHERS), "tools in a namespace"),
    "gemini-cli-count": (CLAUDE + OTHERS, "a function response without its call"),
    "gemini-cli-resumed": (OPENAI + GEMINI, DOUBLED),
    "instructor-anthropic": (GEMINI + OTHERS, NO_SINGLE_CALL),
    "instructor-json": (CLAUDE, NO_JSON_MODE),
    "langchain-function": (GEMINI + OTHERS, NO_SINGLE_CALL),
    "langchain-google-forced": (("ollama.chat",), "a tool cannot be demanded there"),
    "langchain-json-mode": (CLAUDE, NO_JSON_MODE),
    "openai-agents-one-by-one": (GEMINI + OTHERS, NO_SINGLE_CALL),
    "pydantic-ai-output": (("ollama.chat",), "a tool cannot be demanded there"),
}
"""Request → where it is refused today, and why; one that is accepted after all is no failure."""


def cases() -> list[Any]:
    """Each request with each dialect."""
    return [
        pytest.param(path, dialect, id=f"{path.stem}-{dialect}", marks=marks(path.stem, dialect))
        for path in REQUESTS
        for dialect in CHAT
    ]


def marks(name: str, dialect: str) -> tuple[pytest.MarkDecorator, ...]:
    dialects, reason = AWAITED.get(name, ((), ""))
    return (pytest.mark.xfail(reason=reason, strict=False),) if dialect in dialects else ()


@pytest.mark.parametrize(("path", "dialect"), cases())
def test_a_provider_takes_it(path: Path, dialect: str):
    one = json.loads(path.read_bytes())
    world = World(dialect)
    answer = world.ask(one["path"], [*one["headers"].items()], json.dumps(one["body"]).encode())
    assert answer.status == 200, answer.body.decode()


def test_nothing_is_awaited_of_a_request_that_is_gone():
    assert AWAITED.keys() <= {path.stem for path in REQUESTS}
