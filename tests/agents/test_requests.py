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
CLAUDE = ("anthropic.messages", "bedrock.converse")
GEMINI = ("gemini.generate_content",)
OTHERS = ("cohere.chat", "ollama.chat")

NO_REFERENCE = "an item that only OpenAI has stored, in a form of ids that is not ours"
NO_SEARCH = "a search that the route does not say to leave out (`vendor_tools`)"
DOUBLED = "each function response twice, with one id, to Gemini itself"
AWAITED: dict[str, tuple[tuple[str, ...], str]] = {
    "ai-sdk-openai-steps": (("openai.chat", *CLAUDE, *GEMINI, *OTHERS), NO_REFERENCE),
    "codex-first": (("openai.chat", "bedrock.converse", *OTHERS), NO_SEARCH),
    "gemini-cli-count": (OTHERS, "tokens cannot be counted there"),
    "gemini-cli-resumed": (GEMINI, DOUBLED),
}
"""Request → where it is refused, and why."""


def cases() -> list[Any]:
    """Each request with each dialect."""
    return [
        pytest.param(path, dialect, id=f"{path.stem}-{dialect}", marks=marks(path.stem, dialect))
        for path in REQUESTS
        for dialect in CHAT
    ]


def marks(name: str, dialect: str) -> tuple[pytest.MarkDecorator, ...]:
    dialects, reason = AWAITED.get(name, ((), ""))
    return (pytest.mark.xfail(reason=reason, strict=True),) if dialect in dialects else ()


@pytest.mark.parametrize(("path", "dialect"), cases())
def test_a_provider_takes_it(path: Path, dialect: str):
    one = json.loads(path.read_bytes())
    world = World(dialect)
    answer = world.ask(one["path"], [*one["headers"].items()], json.dumps(one["body"]).encode())
    assert answer.status == 200, answer.body.decode()


def test_nothing_is_awaited_of_a_request_that_is_gone():
    assert AWAITED.keys() <= {path.stem for path in REQUESTS}
