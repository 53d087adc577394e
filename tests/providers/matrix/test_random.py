"""Random conversations through every pair: refused by us by name, or taken by the provider."""

from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Endpoint
from providers.bridging.fidelity import Feature
from providers.catalog import DIALECTS
from providers.errors import Unsupported
from providers.neutral.chat import ChatRequest
from providers.neutral.deltas import Failed
from tests.e2e.clients.backends import CHAT
from tests.histories import kept
from tests.providers.matrix.world import MODEL, Answered, World
from tests.strategies import chat_requests

NOT_OURS = frozenset(
    {
        # Only the provider that signed a thought, or holds a file, can make it.
        Feature.THINKING,
        Feature.IMAGE_FILE,
        Feature.AUDIO_FILE,
        Feature.VIDEO_FILE,
        Feature.DOCUMENT_FILE,
        # Four markers are the most that any provider takes.
        Feature.CACHE,
    }
)
"""Features with values that nobody can make up."""

PAIRS = [(client, target) for client in CHAT for target in CHAT]


def endpoint(dialect: ChatDialect, stream: bool) -> Endpoint:
    """Where a client asks for an answer, or for a stream of one."""
    return next(one for one in dialect.client if one.stream in (None, stream))


def ask(world: World, dialect: ChatDialect, request: ChatRequest) -> Answered:
    """What a client gets that asks for `request` in its own format, if that can say it."""
    try:
        body: dict[str, Any] = dialect.render_request(request, [])
    except Unsupported:
        reject()
    if "model" in body:
        body["model"] = MODEL
    path = endpoint(dialect, request.stream).path.replace("{model}", MODEL)
    return world.ask(path, [("content-type", "application/json")], orjson.dumps(body))


def understood(dialect: ChatDialect, answer: Answered, stream: bool) -> bool:
    """Whether the answer is one, in the client's format."""
    if not stream:
        return bool(dialect.parse_response(orjson.loads(answer.body)).choices)
    parser = dialect.parser()
    deltas = parser.feed(answer.body) + parser.flush()
    return not any(isinstance(delta, Failed) for delta in deltas)


@pytest.mark.parametrize(("client", "target"), PAIRS)
@settings(max_examples=settings().max_examples // 8, suppress_health_check=[*HealthCheck])
@given(data=st.data())
def test_no_provider_refuses_what_we_send(client: str, target: str, data: st.DataObject) -> None:
    dialect = DIALECTS[client]
    world = World(target, cut=data.draw(st.integers(0, 9), label="cut"))
    provider = world.plan.target(dialect, MODEL, "up").dialect
    features = (dialect.carries & provider.carries) - NOT_OURS
    family = client.partition(".")[0]
    request = data.draw(chat_requests(features=features, family=family), label="request")
    if client != target:
        messages = data.draw(kept(request.messages), label="kept")
        request = msgspec.structs.replace(request, messages=messages)
    answer = ask(world, dialect, request)
    # Between equal dialects the bytes pass, and what the vendor refuses of them is the client's.
    if answer.status == 400 and (not world.sent or client == target):
        assert dialect.parse_error(400, {}, answer.body).message
        return
    assert answer.status == 200, answer.body
    assert understood(dialect, answer, request.stream)
