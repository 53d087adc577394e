"""Compressed request bodies, through a real Envoy."""

import gzip
import json
import zlib
from collections.abc import Iterator
from random import Random

import brotli
import pytest

from tests.extproc.render.support import Answer, Envoy, Provider, backend, route, running

CHAT = "/v1/chat/completions"
WORDS = " ".join(f"{Random(7).random()}-{number}" for number in range(5_000))
BODY = json.dumps({"messages": [{"role": "user", "content": WORDS}], "model": "good"}).encode()
LIMIT = 1024 * 1024


@pytest.fixture(scope="module")
def envoy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Envoy]:
    provider = Provider()
    settings = {
        "backends": {"good": backend(provider.port)},
        "routes": [route(["good"], "good")],
        "envoy": {"max_body_bytes": LIMIT},
    }
    with running(settings, tmp_path_factory.mktemp("unpacking")) as envoy:
        yield envoy
    provider.stop()


def send(envoy: Envoy, body: bytes, encoding: str, **headers: str) -> Answer:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return envoy.request("POST", CHAT, body, {"content-encoding": encoding, **more})


@pytest.mark.parametrize("headers", [{}, {"x_ai_model": "good"}])
@pytest.mark.parametrize(
    ("encoding", "body"), [("gzip", gzip.compress(BODY)), ("br", brotli.compress(BODY))]
)
def test_a_compressed_body_is_unpacked(
    envoy: Envoy, encoding: str, body: bytes, headers: dict[str, str]
) -> None:
    send(envoy, body, encoding, **headers)
    asked = envoy.server.asked[-1]
    assert asked.body == BODY
    assert asked.call == ["header" if headers else "body", CHAT, "good"]
    assert "content-encoding" not in asked.headers
    envoy.server.asked.clear()


BOMBS = [b'{"x":"' + b"a" * size + b'","model":"good"}' for size in (500_000, 200_000_000)]


@pytest.mark.parametrize("bomb", BOMBS, ids=len)
@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_what_unpacks_to_too_much_is_too_large(envoy: Envoy, encoding: str, bomb: bytes) -> None:
    packed = gzip.compress(bomb) if encoding == "gzip" else brotli.compress(bomb, quality=4)
    asked = len(envoy.server.asked)
    answer = send(envoy, packed, encoding)
    assert answer.status == 413, answer
    assert answer.error["code"] == "request_too_large"
    assert len(envoy.server.asked) == asked


@pytest.mark.parametrize("encoding", ["deflate", "compress", "gzip, br"])
def test_an_encoding_that_nobody_unpacks_is_refused_by_name(envoy: Envoy, encoding: str) -> None:
    answer = send(envoy, zlib.compress(BODY), encoding)
    assert answer.status == 415
    assert "gzip, br or zstd" in answer.error["message"]


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(BODY)[:500]])
def test_a_broken_body_is_refused(envoy: Envoy, body: bytes) -> None:
    assert send(envoy, body, "gzip").status in (400, 413)
