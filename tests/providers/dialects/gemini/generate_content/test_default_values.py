"""Vertex AI leaves out of its JSON what has its default value, such as an index of 0."""

from typing import Any

import orjson
import pytest

from providers.catalog import DIALECTS, PROVIDERS
from providers.dialects.gemini.generate_content import DIALECT
from providers.neutral.chat import ChatRequest, Finish, Message, Role, Text
from providers.neutral.deltas import AnyDelta, End, TextDelta
from tests.e2e.clients.backends import CHAT
from tests.providers.matrix.test_random import ask, understood
from tests.providers.matrix.world import MODEL, World

HI = Message(role=Role.USER, parts=(Text(text="hi"),))


def candidate(text: str, **beside: Any) -> dict[str, Any]:
    content = {"role": "model", "parts": [{"text": text}]}
    return {"candidates": [{"content": content, **beside}]}


def streamed(*chunks: dict[str, Any]) -> list[AnyDelta]:
    parser = DIALECT.parser()
    data = b"".join(b"data: %b\r\n\r\n" % orjson.dumps(chunk) for chunk in chunks)
    return parser.feed(data) + parser.flush()


@pytest.mark.parametrize("index", [{}, {"index": 0}])
@pytest.mark.parametrize("beside", [{}, {"avgLogprobs": -0.1}])
def test_an_end_is_seen_beside_whatever_stands_there(index: Any, beside: Any) -> None:
    deltas = streamed(
        candidate("a", **index), candidate("b", finishReason="STOP", **index, **beside)
    )
    assert [each.text for each in deltas if isinstance(each, TextDelta)] == ["a", "b"]
    assert isinstance(deltas[-1], End)
    assert deltas[-1].finish is Finish.STOP


def test_sources_without_an_index_are_kept() -> None:
    grounding = {"webSearchQueries": ["q"]}
    *_, end = streamed(
        candidate("a", groundingMetadata=grounding), candidate("b", finishReason="STOP")
    )
    assert isinstance(end, End)
    assert end.native["groundingMetadata"] == grounding


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("client", CHAT)
def test_every_client_reads_vertex(client: str, stream: bool) -> None:
    world = World("gemini.generate_content", provider=PROVIDERS["vertex"])
    request = ChatRequest(model=MODEL, messages=(HI,), max_tokens=100, stream=stream)
    answer = ask(world, DIALECTS[client], request)
    assert answer.status == 200, answer.body
    assert b'"index"' not in b"".join(_answers(world))
    assert understood(DIALECTS[client], answer, stream)


def _answers(world: World) -> list[bytes]:
    return [each.body for each in world.answers]
