"""What is kept of bodies, and what never is."""

import gzip

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extproc.config.telemetry import Raw
from extproc.exchange.raw import Bodies, read, written
from extproc.usage.raw import Redaction, found

SECRET = "a-secret-of-the-gateway"
ASKED = {"model": "m", "messages": [{"role": "user", "content": "my name is Dora"}]}


def bodies(request=b"", response=b"", **more):
    said = {
        "id": "n1",
        "at": 5.0,
        "request_id": "r1",
        "backend": "one",
        "request": request,
        "request_bytes": len(request),
        "response": response,
        "response_bytes": len(response),
    }
    return Bodies(**(said | more))


def row(one, **settings):
    return Redaction(Raw.model_validate(settings)).row(one, (SECRET,))


def test_bodies_are_kept_as_they_were():
    data = orjson.dumps(ASKED)
    kept = row(bodies(data, b'data: {"a": 1}\n\ndata: [DONE]\n\n'))
    assert kept["request"] == data.decode()
    assert kept["response"] == 'data: {"a": 1}\n\ndata: [DONE]\n\n'
    assert (kept["exchange"], kept["request_bytes"]) == ("r1", len(data))


@pytest.mark.parametrize("shape", ["sk-proj-0123456789abcdefgh", SECRET, "AKIAABCDEFGHIJKLMNOP"])
def test_secrets_are_never_kept(shape):
    text = f'{{"key": "{shape}", "other": 1}}'.encode()
    kept = row(bodies(text, text))
    assert shape not in kept["request"] + kept["response"]
    assert '"other": 1' in kept["request"]


def test_a_secret_that_was_cut_is_not_kept_in_part():
    kept = row(bodies(b"x " + SECRET[:-3].encode(), request_bytes=1_000))
    assert kept["request"] == "x "


def test_members_by_path_are_not_kept():
    streamed = b'event: x\ndata: {"delta": {"text": "Dora", "type": "t"}}\n\ndata: [DONE]\n\n'
    paths = ["messages.*.content", "delta.text", "absent.*.x"]
    kept = row(bodies(orjson.dumps(ASKED), streamed), redact=paths)
    assert "Dora" not in kept["request"] + kept["response"]
    assert orjson.loads(kept["request"])["messages"][0]["role"] == "user"
    first, second, *_ = kept["response"].splitlines()
    assert first == "event: x"
    assert orjson.loads(second.removeprefix("data: "))["delta"]["type"] == "t"


NO_JSON = [b"Dora", b'{"Dora": ', b'data: {"Dora"\n', b'Dora\n{"a": 1}\n', b"event: Dora x"]


@pytest.mark.parametrize("body", NO_JSON)
def test_what_paths_cannot_be_looked_for_in_is_not_kept(body):
    assert "Dora" not in row(bodies(body), redact=["a"])["request"]
    whole = b'{"a": "Dora"}'
    assert row(bodies(whole, request_bytes=100), redact=["a"])["request"] == ""


def test_text_by_pattern_is_not_kept():
    kept = row(bodies(orjson.dumps(ASKED)), patterns=["D[a-z]+a"])
    assert "Dora" not in kept["request"]
    assert "my name is [redacted]" in kept["request"]


def test_what_is_compressed_is_read():
    packed = gzip.compress(b'{"a": "Dora", "b": 1}')
    assert row(bodies(b"", packed, encoding="gzip"))["response"] == '{"a": "Dora", "b": 1}'
    assert row(bodies(b"", packed, encoding="gzip"), redact=["a"])["response"].endswith('"b":1}')
    large = gzip.compress(b"[" + b" " * 10_000_000 + b"]")
    assert len(row(bodies(b"", large, encoding="gzip"))["response"]) <= 64 * 1024
    assert row(bodies(b"", b"no gzip", encoding="gzip"))["response"] == ""


def test_what_is_no_text_is_not_kept():
    assert row(bodies(b"\xff\xfe\x00", "é".encode()[:1]))["request"] == ""


@given(request=st.binary(max_size=200), response=st.binary(max_size=200))
def test_whatever_bodies_are_is_no_failure(request, response):
    one = bodies(request, response, response_bytes=300)
    for settings in ({}, {"redact": ["a.*"], "patterns": ["x+"]}):
        row(read(written(one)), **settings)


def test_they_are_found_by_request_and_by_attempt(store):
    first = row(bodies(b"{}", b"[]"))
    later = {**first, "id": "n2", "at": 6.0}
    store.write_raw([first, later, first])
    for name, ids in (("r1", ["n1", "n2"]), ("n2", ["n2"]), ("none", [])):
        assert [one["id"] for one in store.ask(lambda e, n=name: found(e, n))] == ids
    assert orjson.dumps(store.ask(lambda engine: found(engine, "n1")))
    store.forget_raw(5.5)
    assert [one["id"] for one in store.ask(lambda engine: found(engine, "r1"))] == ["n2"]
