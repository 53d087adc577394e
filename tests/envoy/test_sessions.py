"""The model of a session stands in its query or a header: no frame is there yet."""

import pytest

from tests.envoy.finder import find

LIVE = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
VERTEX = "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent"
HANDSHAKE = {":method": "GET", "upgrade": "websocket"}


@pytest.mark.parametrize(
    ("path", "place", "model"),
    [
        ("/v1/realtime?model=a", "/v1/realtime?model=a", "a"),
        ("/realtime?x=1&model=a%2Fb", "/v1/realtime?x=1&model=a%2Fb", "a/b"),
        ("/v1/v1/realtime?model=a", "/v1/realtime?model=a", "a"),
        ("/v1/realtime/?model=a+b", "/v1/realtime?model=a+b", "a b"),
        (
            "/openai/realtime?api-version=1&deployment=a",
            "/openai/realtime?api-version=1&deployment=a",
            "a",
        ),
        ("/openai/v1/realtime?model=a", "/openai/v1/realtime?model=a", "a"),
        (f"{LIVE}?key=k&model=a", f"{LIVE}?key=k&model=a", "a"),
        (f"{LIVE}Constrained?model=a", f"{LIVE}Constrained?model=a", "a"),
        (f"/v1beta{LIVE}?model=a", f"{LIVE}?model=a", "a"),
        (f"{VERTEX}?model=a", f"{VERTEX}?model=a", "a"),
    ],
)
def test_the_query_names_the_model(path, place, model):
    found = find(None, **{**HANDSHAKE, ":path": path})
    assert found.call == f"session/query\n{place}\n{model}"
    assert (found.model, found.status, found.reads) == (model, None, 0)
    assert found.cleared


def test_a_header_wins():
    found = find(None, **{**HANDSHAKE, ":path": "/v1/realtime?model=a"}, x_ai_model="b")
    assert found.call == "session/header\n/v1/realtime?model=a\nb"


@pytest.mark.parametrize(
    "query", ["", "?", "?model=", "?models=a", "?model=%zz", "?model=%00", "?model=" + "a" * 300]
)
def test_a_session_without_a_model_is_refused(query):
    found = find(None, **{**HANDSHAKE, ":path": f"/v1/realtime{query}"})
    assert (found.status, found.call, found.reads) == ("400", None, 0)


@pytest.mark.parametrize(
    "headers",
    [
        {":method": "POST"},
        {"upgrade": "h2c"},
        {":path": "/v1/realtime/x?model=a"},
        {":path": "/v1/chat/completions?model=a"},
        {":path": "/ws/google.ai.other.v1.Service.Get?model=a"},
    ],
)
def test_nothing_else_is_a_session(headers):
    found = find(None, **{**HANDSHAKE, ":path": "/v1/realtime?model=a", **headers})
    assert (found.status, found.call, found.model) == (None, None, None)
