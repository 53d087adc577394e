"""OpenAI chat to OpenAI chat: bytes pass, usage is seen, its event is hidden where not asked."""

import time
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.catalog import DIALECTS
from providers.dialects.openai.chat import DIALECT
from providers.errors import Cause, FailedAnswer
from providers.neutral.chat import Finish
from providers.usage import Usage
from tests.strategies import cuts


def event(**members: Any) -> bytes:
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", **members}
    return b"data: " + orjson.dumps(chunk) + b"\n\n"


def content(text: str, finish: str | None = None, **members: Any) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return event(choices=[choice], usage=None, **members)


COUNTS = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
USAGE = event(choices=[], usage=COUNTS)
DONE = b"data: [DONE]\n\n"
BODY = content("Hel") + content('say "usage":{"prompt_tokens":9} and [DONE]')
STREAM = BODY + content("", "stop") + USAGE + DONE
SEEN = Usage(input=3, output=4)


def passed(data: list[bytes], wanted: bool) -> tuple[bytes, Any]:
    relay = DIALECT.relay(wanted)
    out = b""
    for piece in data:
        told = relay.feed(piece)
        out += piece if told is None else told
    return out + relay.flush(), relay.seen


@given(cuts(STREAM))
@settings(deadline=None)
def test_the_usage_event_is_hidden_wherever_the_stream_is_cut(pieces: list[bytes]) -> None:
    out, seen = passed(pieces, False)
    assert out == STREAM.replace(USAGE, b"")
    assert (seen.usage, seen.model, seen.finish, seen.error) == (SEEN, "m", Finish.STOP, None)


@given(cuts(STREAM))
@settings(deadline=None)
def test_every_byte_passes_unchanged_where_the_usage_was_asked(pieces: list[bytes]) -> None:
    relay = DIALECT.relay(True)
    assert [relay.feed(piece) for piece in pieces] == [None] * len(pieces)
    assert relay.flush() == b""
    assert relay.seen.usage == SEEN


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
def test_other_ends_of_line_are_understood(end: bytes) -> None:
    stream = STREAM.replace(b"\n", end)
    out, seen = passed([stream[:77], stream[77:]], False)
    assert out == stream.replace(USAGE.replace(b"\n", end), b"")
    assert seen.usage == SEEN


def test_an_incomplete_event_is_sent_as_soon_as_it_cannot_be_the_usage_event() -> None:
    relay = DIALECT.relay(False)
    assert relay.feed(BODY) is None
    assert relay.feed(BODY[:20]) == b""
    assert relay.feed(BODY[20:140]) == BODY[:140]
    assert relay.feed(BODY[140:150]) is None


@pytest.mark.parametrize(
    "chunk",
    [
        content("", "stop", x_groq={"id": "r", "usage": COUNTS}),
        event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}], usage=COUNTS),
        event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop", "usage": COUNTS}]),
    ],
    ids=["groq", "last chunk", "moonshot"],
)
def test_usage_is_found_where_vendors_put_it_and_nothing_is_hidden(chunk: bytes) -> None:
    out, seen = passed([content("a"), chunk, DONE], False)
    assert out == content("a") + chunk + DONE
    assert seen.usage == SEEN


def test_cumulative_counts_replace_each_other() -> None:
    first = content("a").replace(
        b'"usage":null', b'"usage":{"prompt_tokens":3,"completion_tokens":1}'
    )
    _, seen = passed([first, content("", "stop"), USAGE, DONE], True)
    assert seen.usage == SEEN


def test_spaces_in_the_json_change_nothing() -> None:
    stream = STREAM.replace(b'":', b'": ').replace(b',"', b', "')
    _, seen = passed([stream[:200], stream[200:]], False)
    assert seen.usage == SEEN
    assert seen.finish is Finish.STOP


def test_a_cut_stream_ends_with_an_error_and_an_estimate() -> None:
    out, seen = passed([BODY], True)
    error = orjson.loads(out.removeprefix(BODY).removeprefix(b"data: "))["error"]
    assert error["type"] == "server_error"
    assert seen.error.status == 502
    assert seen.usage is None
    assert seen.generated >= 2


def test_the_estimate_follows_the_content() -> None:
    relay = DIALECT.relay(True)
    relay.feed(content("a") + content("some words " * 40))
    relay.feed(content("more words " * 40))
    relay.feed(event(choices=[{"index": 0, "delta": {"tool_calls": [{"index": 0}]}}]))
    assert 130 <= relay.seen.generated <= 220


def test_a_stream_cut_inside_an_event_ends_that_event_before_the_error() -> None:
    out, _ = passed([BODY + BODY[:160]], True)
    assert out.startswith(BODY + BODY[:160] + b'\n\ndata: {"error"')
    held, _ = passed([BODY + BODY[:20]], False)
    assert held.startswith(BODY + b'data: {"error"')


def test_a_stream_without_done_is_complete_once_its_choice_is() -> None:
    stream = BODY + content("", "stop")
    assert passed([stream], False)[0] == stream


def test_a_last_event_without_its_blank_line_counts() -> None:
    stream = BODY + content("", "stop") + USAGE.rstrip()
    out, seen = passed([stream], False)
    assert out == BODY + content("", "stop")
    assert seen.usage == SEEN
    assert passed([BODY + b"data: [DONE]"], True)[1].error is None


def test_an_error_in_the_stream_passes_and_is_seen() -> None:
    error = b'data: {"error":{"message":"no","type":"overloaded_error","code":503}}\n\n'
    out, seen = passed([BODY, error], True)
    assert out == BODY + error
    assert (seen.error.status, seen.error.cause) == (503, Cause.OVERLOADED)


def test_an_error_in_another_shape_gets_openais() -> None:
    error = b'data: {"object":"error","message":"no","type":"BadRequestError","code":400}\n\n'
    out, seen = passed([BODY, error], True)
    assert orjson.loads(out.removeprefix(BODY)[6:])["error"]["message"] == "no"
    assert seen.error.status == 400


@pytest.mark.parametrize("name", ["openai.chat", "openai.completions"])
def test_an_error_that_is_words_only_is_shown_by_the_sdk(name: str) -> None:
    """TGI's; the SDK has words of its own for an error that is no object."""
    relay = DIALECTS[name].relay(True)
    said = b'data:{"error":"Request failed: CUDA","error_type":"generation"}\n\n'
    out = (relay.feed(said) or said) + relay.flush()
    assert orjson.loads(out[6:])["error"]["message"] == "Request failed: CUDA"
    assert relay.seen.error is not None


def test_a_named_error_event_gets_openais_shape_once() -> None:
    error = b'event: error\ndata: {"message":"no","status":429}\n\n'
    out, seen = passed([BODY, error, content("more"), USAGE], True)
    assert out.count(b'{"error":{"message":"no"') == 1
    assert out.endswith(USAGE)
    assert (seen.error.status, seen.usage) == (429, SEEN)


def test_a_large_event_without_choices_is_not_held_back() -> None:
    relay = DIALECT.relay(False)
    relay.feed(BODY)
    beginning = b'data: {"obfuscation":"' + b"x" * 20_000
    assert relay.feed(beginning) is None
    assert relay.feed(b'","choices":[]}\n\n' + DONE) is None


def test_comments_and_azures_first_chunk_pass() -> None:
    first = b'data: {"choices":[],"model":"","prompt_filter_results":[]}\n\n'
    stream = b": OPENROUTER PROCESSING\n\n" + first + STREAM
    out, seen = passed([stream], False)
    assert out == stream.replace(USAGE, b"")
    assert seen.model == "m"


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_garbage_passes(pieces: list[bytes]) -> None:
    relay = DIALECT.relay(True)
    assert (
        b"".join(piece if (out := relay.feed(piece)) is None else out for piece in pieces)[:0]
        == b""
    )
    relay.flush()
    assert relay.seen.usage is None


def test_a_plain_chunk_costs_little() -> None:
    chunk = content("Hello")
    relay = DIALECT.relay(False)
    relay.feed(chunk)
    rounds = 100  # so few that a busy machine lets some of them pass undisturbed
    best = min(_took(relay, chunk, rounds) for _ in range(200))
    assert best / rounds < 20e-6  # the budget is 2 µs; the rest is for a busy machine


def _took(relay: Any, chunk: bytes, rounds: int) -> float:
    start = time.perf_counter()
    for _ in range(rounds):
        relay.feed(chunk)
    return time.perf_counter() - start


def test_a_large_event_in_small_pieces_takes_linear_time() -> None:
    stream = content("x" * 2_000_000) + content("", "stop") + DONE
    pieces = [stream[start : start + 1024] for start in range(0, len(stream), 1024)]
    start = time.perf_counter()
    out, _ = passed_joined(pieces)
    assert out == len(stream)
    assert time.perf_counter() - start < 5


def passed_joined(pieces: list[bytes]) -> tuple[int, Any]:
    relay = DIALECT.relay(False)
    size = 0
    for piece in pieces:
        told = relay.feed(piece)
        size += len(piece) if told is None else len(told)
    return size + len(relay.flush()), relay.seen


@pytest.mark.parametrize(
    ("body", "model", "usage", "changes"),
    [
        ({"model": "m"}, "m", True, {}),
        ({"model": "a"}, "m", True, {"model": "m"}),
        ({"model": "m", "stream": False}, "m", True, {}),
        (
            {"model": "m", "stream": True},
            "m",
            True,
            {"stream_options": {"include_usage": True}},
        ),
        ({"model": "m", "stream": True}, "m", False, {}),
        ({"model": "m", "stream": True, "stream_options": {"include_usage": True}}, "m", True, {}),
        (
            {"model": "m", "stream": True, "stream_options": {"include_usage": False, "x": 1}},
            "m",
            True,
            {"stream_options": {"include_usage": True, "x": 1}},
        ),
    ],
)
def test_only_what_must_change_is_edited(
    body: dict[str, Any], model: str, usage: bool, changes: dict[str, Any]
) -> None:
    assert DIALECT.edits(body, model, usage) == changes


def test_a_whole_answer_says_its_usage_model_and_finish() -> None:
    choice = {"index": 0, "message": {"content": "hi"}, "finish_reason": "length"}
    seen = DIALECT.watch({"model": "m", "choices": [choice], "usage": COUNTS})
    assert (seen.usage, seen.model, seen.finish) == (SEEN, "m", Finish.LENGTH)


@pytest.mark.parametrize("name", ["openai.chat", "openai.responses", "openai.completions"])
def test_a_whole_answer_may_be_an_error_in_disguise(name: str) -> None:
    """OpenRouter answers 200 so; the SDK would show an empty answer."""
    with pytest.raises(FailedAnswer, match="no") as caught:
        DIALECTS[name].watch({"error": {"message": "no", "code": 502}})
    assert caught.value.as_api_error().status == 502


def test_an_answer_with_an_error_beside_it_is_an_answer() -> None:
    choice = {"index": 0, "message": {"content": "hi"}, "finish_reason": "error"}
    seen = DIALECT.watch({"choices": [choice], "error": {"message": "no", "code": 502}})
    assert seen.error is not None
    assert seen.error.status == 502
