"""What clients are shown of what a backend got and answered, where it says so."""

import json

import orjson
import pytest

from extproc.exchange.events import Change
from extproc.exchange.sent_back import MOST, REQUEST, RESPONSE
from tests.plans import (
    CHAT,
    exchange,
    plan,
    request_body,
    request_headers,
    response_body,
    response_headers,
    served,
)

ASKED = {"model": "small", "messages": [{"role": "user", "content": "hi"}]}
BOTH = frozenset({REQUEST, RESPONSE})
CHOICE = {"index": 0, "message": {"role": "assistant", "content": "yo"}, "finish_reason": "stop"}
COMPLETION = {"id": "c", "object": "chat.completion", "model": "m", "choices": [CHOICE]}
CLAUDE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [{"type": "text", "text": "yo"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 3, "output_tokens": 1},
}
PIECE = b'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"hi"}}]}\n\n'
DONE = b"data: [DONE]\n\n"


def begun(asked=ASKED, sends=BOTH, provider="openai", path=CHAT, **more):
    """(exchange, what the provider gets)."""
    one = exchange(plan(backends={"up": served(provider=provider, sends_back=sends)}, **more))
    one.handle(request_headers(path=path))
    body = request_body(asked)
    action = one.handle(body)
    assert isinstance(action, Change)
    return one, body.data if action.body is None else action.body


def whole(answer, status=200, **more):
    """(the action, what the client gets of it, what the provider got)."""
    one, sent = begun(**more)
    one.handle(response_headers(status=status))
    action = one.handle(response_body(answer))
    return action, orjson.loads(action.body), sent


def test_bytes_that_pass_say_what_was_sent_and_answered():
    answer = b'{"id": "c",\n "n": 12345678901234567890123, ' + json.dumps(COMPLETION).encode()[1:]
    action, told, sent = whole(answer, upstream={"up": "gpt-5"})
    assert b"12345678901234567890123" in action.body
    fields = told.pop("extra_fields")
    assert told == orjson.loads(answer)
    assert fields == {"raw_request": orjson.loads(sent), "raw_response": orjson.loads(answer)}
    assert fields["raw_request"]["model"] == "gpt-5"
    assert dict(action.set_headers)["content-length"] == str(len(action.body))
    assert "content-encoding" in action.remove_headers


def test_a_translated_answer_says_it_in_the_providers_words():
    _, told, _ = whole(CLAUDE, provider="anthropic")
    assert told["choices"][0]["message"]["content"] == "yo"
    assert told["extra_fields"]["raw_response"] == CLAUDE
    assert told["extra_fields"]["raw_request"]["max_tokens"] > 0


@pytest.mark.parametrize("name", sorted(BOTH))
def test_each_of_them_for_itself(name):
    _, told, _ = whole(COMPLETION, sends=frozenset({name}))
    assert [*told["extra_fields"]] == [name]


def test_without_the_setting_nothing_is_added():
    one, _ = begun(sends=frozenset())
    one.handle(response_headers())
    assert one.handle(response_body(COMPLETION)).body is None


def test_a_refusal_says_what_was_refused_but_no_secret():
    _, told, sent = whole({"error": {"message": "bad key key-of-up"}}, status=401)
    fields = told["extra_fields"]
    assert fields["raw_request"] == orjson.loads(sent)
    assert fields["raw_response"] == {"error": {"message": "bad key [redacted]"}}
    assert "[redacted]" in told["error"]["message"]


@pytest.mark.parametrize("said", [b"<html>busy", b"\xff\xfe"])
def test_a_refusal_that_is_no_json_is_told_as_text(said):
    _, told, _ = whole(said, status=503)
    shown = "<html>busy" if said.isascii() else "[left out: 2 bytes]"
    assert told["extra_fields"]["raw_response"] == shown


def test_what_is_too_long_is_left_out_by_name():
    long = {"role": "user", "content": "x" * MOST}
    _, told, sent = whole(COMPLETION, asked={**ASKED, "messages": [long]})
    assert told["extra_fields"]["raw_request"] == f"[left out: {len(sent)} bytes]"


def test_what_is_no_object_stays_as_it_is():
    more = {"path": "/v1/audio/speech", "asked": {"model": "small", "input": "a", "voice": "b"}}
    one, _ = begun(**more)
    one.handle(response_headers(content_type="text/plain"))
    assert one.handle(response_body(b"[1]")).body is None


def streamed(pieces, content_type="text/event-stream", asked=ASKED, **more):
    """What the client gets, piece by piece."""
    one, sent = begun(asked={**asked, "stream": True}, **more)
    one.handle(response_headers(content_type=content_type))
    got = []
    for at, piece in enumerate(pieces):
        action = one.handle(response_body(piece, at == len(pieces) - 1))
        got.append(piece if action.body is None else action.body)
    return b"".join(got), sent


def events(got):
    lines = [line for line in got.split(b"\n") if line.startswith(b"data: {")]
    return [orjson.loads(line[6:]) for line in lines]


def test_each_piece_of_a_stream_says_from_what_it_was_made():
    pieces = [PIECE, PIECE * 2, DONE]
    got, sent = streamed(pieces)
    first, second, third = events(got)
    assert first["extra_fields"]["raw_request"] == orjson.loads(sent)
    assert first["extra_fields"]["raw_response"] == PIECE.decode()
    assert second["extra_fields"] == {"raw_response": (PIECE * 2).decode()}
    assert "extra_fields" not in third
    assert got.endswith(DONE)


@pytest.mark.parametrize("path", [CHAT, "/v1/messages", "/api/chat"])
def test_a_chunk_boundary_means_nothing(path):
    whole_stream = PIECE * 3 + DONE
    asked = {**ASKED, "max_tokens": 9} if path == "/v1/messages" else ASKED
    plain, _ = streamed([whole_stream], path=path, asked=asked, sends=frozenset())
    for cut in range(1, len(PIECE) + 8, 3):
        pieces = [whole_stream[:cut], whole_stream[cut:], b""]
        got, _ = streamed(pieces, path=path, asked=asked)
        lines = [line.removeprefix(b"data: ") for line in got.split(b"\n")]
        said = [orjson.loads(line) for line in lines if line.startswith(b"{")]
        told = [one.pop("extra_fields", {}) for one in said]
        assert sum(REQUEST in one for one in told) == 1
        raw = "".join(one.get(RESPONSE, "") for one in told)
        assert whole_stream.decode().startswith(raw)
        assert raw.count("choices") >= 1
        bare = [line.removeprefix(b"data: ") for line in plain.split(b"\n")]
        unmarked = [orjson.loads(line) for line in bare if line.startswith(b"{")]
        assert [[*one] for one in said] == [[*one] for one in unmarked]


def test_an_array_of_googles_says_it_in_each_element():
    path = "/v1beta/models/small:streamGenerateContent"
    asked = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
    one = exchange(plan(backends={"up": served(sends_back=BOTH)}))
    one.handle(request_headers(path=path, source="path"))
    one.handle(request_body(asked))
    one.handle(response_headers(content_type="text/event-stream"))
    got = b"".join(
        one.handle(response_body(piece, end)).body
        for piece, end in ((PIECE, False), (PIECE, False), (DONE, True))
    )
    found = [each.get("extra_fields") for each in orjson.loads(got)]
    assert [RESPONSE in fields for fields in found[:2]] == [True, True]
    assert REQUEST in found[0]


def test_a_line_without_end_is_left_out():
    got, _ = streamed([b": " + b"x" * MOST + b"\n\n" + PIECE, PIECE, DONE])
    first, second = events(got)
    assert first["extra_fields"][RESPONSE] == "[left out: this, and all that follows]\n"
    assert "extra_fields" not in second


def test_a_whole_answer_to_who_wanted_a_stream_says_both_at_once():
    got, sent = streamed([json.dumps(COMPLETION).encode()], content_type="application/json")
    first, *others = events(got)
    assert first["extra_fields"] == {
        "raw_request": orjson.loads(sent),
        "raw_response": COMPLETION,
    }
    assert not any("extra_fields" in event for event in others)


def test_frames_of_bytes_have_no_place_for_it():
    path = "/model/small/converse-stream"
    asked = {"messages": [{"role": "user", "content": [{"text": "hi"}]}]}
    plain, told = [], []
    for sends, into in ((frozenset(), plain), (BOTH, told)):
        one = exchange(plan(backends={"up": served(sends_back=sends)}))
        one.handle(request_headers(path=path, source="path"))
        one.handle(request_body(asked))
        one.handle(response_headers(content_type="text/event-stream"))
        into += [one.handle(response_body(piece, piece == DONE)).body for piece in (PIECE, DONE)]
    assert [len(one) for one in plain] == [len(one) for one in told]
