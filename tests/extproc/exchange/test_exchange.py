"""What an exchange answers to what Envoy tells it, event by event."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extproc.exchange.account import STEP
from extproc.exchange.events import (
    GO_ON,
    BodyMode,
    Change,
    Fetched,
    Ignore,
    Reject,
    Replace,
    RequestTrailers,
    ResponseTrailers,
)
from extproc.exchange.machine import NEXT, OrderError, State
from providers.bridging.estimate import ENOUGH, tokens
from providers.bridging.quirks import Quirks
from providers.errors import InvalidRequest
from providers.neutral.media import Data
from providers.usage import Price
from tests.plans import (
    exchange,
    plan,
    request_body,
    request_headers,
    response_body,
    response_headers,
    served,
)

HELLO = {"model": "small", "messages": [{"role": "user", "content": "hello"}]}
ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "small-2024",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10},
}
UNWEIGHED = ENOUGH // 8
"""Tokens by which the last words, not weighed yet, may be told too many or too few."""
CHUNK = (
    b'data: {"id":"c","model":"small-2024","choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n'
)
LAST = b'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
USAGE = (
    b'data: {"id":"c","choices":[],"usage":'
    b'{"prompt_tokens":8,"completion_tokens":2,"total_tokens":10}}\n\n'
)
DONE = b"data: [DONE]\n\n"


def asked(body=HELLO, made=None, **headers):
    """An exchange whose request has been sent, and what was sent."""
    one = exchange(made)
    assert one.handle(request_headers(**headers)) is GO_ON
    return one, one.handle(request_body(body))


def error_of(action):
    return json.loads(action.body)["error"]


def test_a_request_gets_the_providers_path_host_and_credential():
    one, event = exchange(), request_headers()
    event.headers._pairs |= {"authorization": "Bearer of-client", "x-ai-model": "small"}
    one.handle(event)
    sent = one.handle(request_body(HELLO))
    headers = dict(sent.set_headers)
    assert headers[":path"] == "/v1/chat/completions"
    assert headers[":authority"] == "api.openai.com"
    assert headers["authorization"] == "Bearer key-of-up"
    assert "authorization" in sent.remove_headers
    assert "x-ai-model" in sent.remove_headers


def test_a_body_that_needs_no_change_is_not_sent_back():
    _, sent = asked()
    assert sent.body is None
    assert dict(sent.set_headers)["content-length"] == str(len(json.dumps(HELLO)))


def test_the_providers_name_of_the_model_is_written_into_the_clients_bytes():
    raw = b'{ "model" : "small", "messages": [], "unknown": 1.50 }'
    _, sent = asked(raw, plan(upstream={"up": "gpt-4o-2024"}))
    assert sent.body == raw.replace(b'"small"', b'"gpt-4o-2024"')
    assert dict(sent.set_headers)["content-length"] == str(len(sent.body))


def test_a_streamed_request_asks_for_usage_and_hides_it():
    one, sent = asked({**HELLO, "stream": True})
    assert json.loads(sent.body)["stream_options"] == {"include_usage": True}
    opened = one.handle(response_headers(content_type="text/event-stream"))
    assert opened.mode is BodyMode.STREAMED
    assert one.handle(response_body(CHUNK, end=False)).body is None
    last = one.handle(response_body(LAST + USAGE + DONE))
    assert last.body == LAST + DONE
    assert last.metadata["input_tokens"] == 8
    assert last.metadata["estimated"] is False
    assert last.metadata["finish_reason"] == "stop"


def test_a_client_that_asks_for_usage_sees_it():
    one, sent = asked({**HELLO, "stream": True, "stream_options": {"include_usage": True}})
    assert sent.body is None
    one.handle(response_headers(content_type="text/event-stream"))
    assert one.handle(response_body(CHUNK + LAST + USAGE + DONE)).body is None


def test_a_running_stream_reports_an_estimate_that_grows():
    one, _ = asked({**HELLO, "stream": True})
    opened = one.handle(response_headers(content_type="text/event-stream"))
    assert opened.metadata["estimated"] is True
    assert opened.metadata["input_tokens"] > 0
    told = [one.handle(response_body(CHUNK, end=False)).metadata for _ in range(200)]
    counts = [record["output_tokens"] for record in told if record]
    assert counts[0] == 1
    assert len(counts) < 60
    # What was generated is never far from what was told.
    known = 0
    for number, record in enumerate(told, 1):
        known = record["output_tokens"] if record else known
        written = tokens("hi" * number)
        assert abs(written - known) < max(STEP, written >> 4) + UNWEIGHED


def test_a_whole_answer_passes_and_its_usage_is_reported_with_its_cost():
    one, sent = asked(made=plan(price=Price(input=2.5, output=10)))
    assert sent.metadata["backend"] == "up"
    assert sent.metadata["request_model"] == "small"
    assert one.handle(response_headers()).mode is BodyMode.BUFFERED
    answered = one.handle(response_body(ANSWER))
    assert answered.body is None
    assert answered.metadata["total_tokens"] == 10
    assert answered.metadata["cost_nanousd"] == 8 * 2_500 + 2 * 10_000
    assert answered.metadata["response_model"] == "small-2024"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not valid JSON"),
        (b"[1]", "must be a JSON object"),
        (b'{"messages":[]}', "model must be a string"),
        (b'{"model":7}', "model must be a string"),
        (b'{"model":"small","model":"large"}', "more than once"),
    ],
)
def test_a_bad_body_is_refused_and_nothing_is_sent(body, words):
    _, action = asked(body)
    assert isinstance(action, Reject)
    assert action.status == 400
    assert words in error_of(action)["message"]


def test_a_model_named_by_a_header_wins_over_the_body():
    _, sent = asked({**HELLO, "model": "other"}, source="header")
    assert json.loads(sent.body)["model"] == "small"


def test_an_unknown_path_is_a_404():
    action = exchange().handle(request_headers(path="/v1/nothing"))
    assert action.status == 404
    assert "/v1/nothing" in error_of(action)["message"]


def test_a_backend_that_is_not_configured_is_a_503():
    assert exchange().handle(request_headers(backend="gone")).status == 503


def test_a_model_without_a_route_is_a_404():
    action = exchange().handle(request_headers(model="large"))
    assert action.status == 404
    assert error_of(action)["code"] == "model_not_found"


def test_the_models_are_listed():
    action = exchange().handle(request_headers(path="/v1/models", method="GET", end=True))
    assert [model["id"] for model in json.loads(action.body)["data"]] == ["small"]
    one = exchange().handle(request_headers(path="/v1/models/small", method="GET", end=True))
    assert json.loads(one.body)["object"] == "model"
    missing = exchange().handle(request_headers(path="/v1/models/x", method="GET", end=True))
    assert missing.status == 404


def test_a_model_name_cannot_leave_its_path_segment():
    made = plan(models=("*",), backends={"up": served(paths={"chat": "/deployments/{model}/chat"})})
    name = "../../admin%2f?x=1\u00e9"
    _, sent = asked({**HELLO, "model": name}, made, model=name)
    path = dict(sent.set_headers)[":path"]
    assert path == "/deployments/..%2F..%2Fadmin%252f%3Fx%3D1%C3%A9/chat"


@pytest.mark.parametrize("name", [".", ".."])
def test_a_model_that_would_change_the_path_is_none(name):
    made = plan(models=("*",), backends={"up": served(paths={"chat": "/deployments/{model}/chat"})})
    one = exchange(made)
    one.handle(request_headers(model=name))
    action = one.handle(request_body({**HELLO, "model": name}))
    assert action.status == 404


def test_defaults_overrides_and_removals_change_the_body():
    quirks = Quirks(
        defaults={"temperature": 0.2, "top_p": 0.5},
        override={"max_tokens": 7},
        remove=(("logit_bias",), ("metadata", "internal")),
    )
    body = {**HELLO, "top_p": 1, "logit_bias": {"1": 2}, "metadata": {"internal": "s", "a": "b"}}
    sent = json.loads(asked(body, plan(quirks=quirks))[1].body)
    assert sent["temperature"] == 0.2
    assert sent["top_p"] == 1
    assert sent["max_tokens"] == 7
    assert "logit_bias" not in sent
    assert sent["metadata"] == {"a": "b"}


def test_a_dotted_name_reaches_into_objects_and_makes_those_that_are_missing():
    quirks = Quirks(
        defaults={"metadata.team": "x", "metadata.a": "own", "made.here.too": 1, "tools.x": 1},
        override={"metadata.b": 2, "stream_options.more": True},
    )
    body = {**HELLO, "metadata": {"a": "b", "b": 1}, "tools": [], "stream": True}
    sent = json.loads(asked(body, plan(quirks=quirks))[1].body)
    assert sent["metadata"] == {"a": "b", "b": 2, "team": "x"}
    assert sent["made"] == {"here": {"too": 1}}
    assert sent["tools"] == []
    assert sent["stream_options"] == {"include_usage": True, "more": True}


def test_a_hint_that_the_provider_rejects_is_dropped_and_named():
    one, sent = asked({**HELLO, "top_k": 5})
    assert "top_k" not in json.loads(sent.body)
    named = dict(one.handle(response_headers()).set_headers)
    assert named["x-ai-dropped-params"] == "top_k"


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"", b"{}", b"[]", b'"x"', b"\xff"])
@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
def test_any_error_of_a_provider_has_openais_shape_and_its_own_status(status, body):
    one, _ = asked()
    one.handle(response_headers(status=status, content_type="text/html"))
    refused = one.handle(response_body(body))
    assert dict(refused.set_headers)[":status"] == str(status)
    assert error_of(refused)["message"]
    assert refused.metadata["status"] == status
    assert refused.metadata["error_type"]
    assert refused.metadata["total_tokens"] == 0


def test_an_error_without_a_body_gets_one():
    one, _ = asked()
    action = one.handle(response_headers(status=502, end=True))
    assert isinstance(action, Replace)
    assert error_of(action)["message"]


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"", b"[]"])
def test_an_answer_that_is_none_is_a_502(body):
    one, _ = asked()
    one.handle(response_headers(content_type="text/html"))
    action = one.handle(response_body(body))
    assert dict(action.set_headers)[":status"] == "502"
    assert error_of(action)["message"]


def test_a_cut_stream_ends_with_an_error_event():
    one, _ = asked({**HELLO, "stream": True})
    one.handle(response_headers(content_type="text/event-stream"))
    one.handle(response_body(CHUNK, end=False))
    cut = one.handle(response_body(b"data: {"))
    assert b'"error"' in cut.body
    assert cut.metadata["error_type"]
    assert cut.metadata["estimated"] is True


def test_a_stream_that_comes_as_one_object_becomes_a_stream():
    one, _ = asked({**HELLO, "stream": True})
    assert one.handle(response_headers()).mode is BodyMode.BUFFERED
    action = one.handle(response_body(ANSWER))
    assert dict(action.set_headers)["content-type"] == "text/event-stream"
    assert action.body.endswith(DONE)
    assert action.metadata["total_tokens"] == 10


PICTURE = {
    "model": "small",
    "messages": [
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "https://media.test/a.png"}}],
        }
    ],
}
PIXEL = Data(base64="iVBORw0KGgo=", media_type="image/png")


def with_a_picture(**options):
    """An exchange with a provider that takes no URL, and what becomes of a picture's URL."""
    one = exchange(
        plan(backends={"up": served(provider="ollama", dialects={"chat": "ollama.chat"})}),
        **options,
    )
    one.handle(request_headers())
    return one, one.handle(request_body(PICTURE))


def test_a_picture_is_not_fetched_unless_that_is_on():
    _, refused = with_a_picture()
    assert refused.status == 400
    assert error_of(refused)["param"] == "messages.image_url"
    assert "messages.image_url" in error_of(refused)["message"]
    assert "extproc.fetch" in error_of(refused)["message"]


def test_a_picture_is_fetched_first_and_then_sent():
    one, fetch = with_a_picture(fetching=True)
    (link,) = fetch.links
    assert (link.url, link.kind) == ("https://media.test/a.png", "image")
    assert fetch.backend == "up"
    with pytest.raises(OrderError):
        one.handle(response_headers())
    sent = one.handle(Fetched(files={link.url: PIXEL}))
    assert json.loads(sent.body)["messages"][0]["images"] == [PIXEL.base64]
    assert dict(sent.set_headers)["content-length"] == str(len(sent.body))
    assert sent.metadata["request_model"] == "small"
    assert one.handle(response_headers()).mode is BodyMode.BUFFERED


def test_a_failed_fetch_ends_the_exchange():
    one, _ = with_a_picture(fetching=True)
    refused = one.handle(Fetched(error=InvalidRequest("gone", param="image_url")))
    assert refused.status == 400
    assert error_of(refused)["message"] == "gone"
    assert one.handle(response_headers()) is GO_ON


def test_nothing_is_fetched_that_nobody_waits_for():
    with pytest.raises(OrderError):
        exchange(fetching=True).handle(Fetched())


EVENTS = {
    "request headers": request_headers(),
    "request body": request_body(HELLO),
    "request trailers": RequestTrailers(),
    "response headers": response_headers(),
    "response stream": response_headers(content_type="text/event-stream"),
    "response error": response_headers(status=500),
    "response body": response_body(ANSWER),
    "response piece": response_body(CHUNK, end=False),
    "response trailers": ResponseTrailers(),
}


@given(st.lists(st.sampled_from(sorted(EVENTS)), max_size=12))
def test_any_order_of_events_is_answered_or_refused(names):
    one = exchange()
    state = State.NEW
    for event in map(EVENTS.get, names):
        if type(event) not in NEXT[state]:
            with pytest.raises(OrderError):
                one.handle(event)
            return
        action = one.handle(event)
        assert isinstance(action, Change | Reject | Replace)
        ended = isinstance(action, Reject | Ignore)
        state = State.REJECTED if ended else NEXT[state][type(event)]


@given(cuts=st.lists(st.integers(0, 400), max_size=6))
def test_where_a_stream_is_cut_means_nothing(cuts):
    stream = CHUNK + CHUNK + LAST + USAGE + DONE
    edges = sorted({0, len(stream), *(min(cut, len(stream)) for cut in cuts)})
    one, _ = asked({**HELLO, "stream": True})
    one.handle(response_headers(content_type="text/event-stream"))
    seen = b""
    action = Change()
    for start, end in pairwise(edges):
        piece = response_body(stream[start:end], end=end == len(stream))
        action = one.handle(piece)
        seen += piece.data if action.body is None else action.body
    assert seen == CHUNK + CHUNK + LAST + DONE
    assert action.metadata["total_tokens"] == 10
    assert action.metadata["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("path", "provider", "sent", "shown"),
    [
        ("/v1/messages", "openai", "x-request-id", "request-id"),
        ("/v1/chat/completions", "anthropic", "request-id", "x-request-id"),
        ("/v1/messages", "anthropic", "request-id", None),
        ("/v1/chat/completions", "gemini", "x-request-id", None),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_has_its_id_where_the_clients_sdk_looks_for_it(
    path, provider, sent, shown, stream
):
    made = plan(backends={"up": served(provider=provider)})
    one = exchange(made)
    one.handle(request_headers(path=path))
    one.handle(request_body({**HELLO, "max_tokens": 9, "stream": stream}))
    kind = "text/event-stream" if stream else "application/json"
    headers = response_headers(content_type=kind)
    headers.headers._pairs[sent] = "req_1"
    added = dict(one.handle(headers).set_headers)
    assert added.get(shown) == ("req_1" if shown else None)


@pytest.mark.parametrize("provider", ["anthropic", "groq", "gemini"])
def test_a_conversation_is_compacted_by_who_can_and_else_not_found(provider):
    made = plan(backends={"up": served(provider=provider)})
    refused = exchange(made).handle(request_headers(path="/v1/responses/compact"))
    assert refused.status == 404
    assert b"'up' does not serve compaction" in refused.body
