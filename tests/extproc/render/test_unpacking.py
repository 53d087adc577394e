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


ZSTD_WINDOW = 0x38
"""The descriptor of a window of 128 KiB: RFC 8878, section 3.1.1.1.2."""
BLOCK = 0x20000
RAW, REPEATED = 0, 1


def zstd(*blocks: tuple[int, int, bytes]) -> bytes:
    """A frame of (kind, size, bytes): RFC 8878, section 3.1.1, of which Python 3.11 has nothing."""
    frame = b"\x28\xb5\x2f\xfd\x00" + bytes([ZSTD_WINDOW])
    for at, (kind, size, data) in enumerate(blocks, 1):
        header = (size << 3) | (kind << 1) | (at == len(blocks))
        frame += header.to_bytes(3, "little") + data
    return frame


def raw(body: bytes) -> list[tuple[int, int, bytes]]:
    pieces = [body[at : at + BLOCK] for at in range(0, len(body), BLOCK)]
    return [(RAW, len(piece), piece) for piece in pieces]


PACKED = {
    "gzip": gzip.compress(BODY),
    "br": brotli.compress(BODY),
    "zstd": zstd(*raw(BODY)),  # Codex sends it: enable_request_compression
}


@pytest.mark.parametrize("headers", [{}, {"x_ai_model": "good"}])
@pytest.mark.parametrize(("encoding", "body"), PACKED.items(), ids=PACKED)
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


def test_what_zstd_repeats_is_bounded_too(envoy: Envoy) -> None:
    start, end = b'{"x":"', b'","model":"good"}'
    many = [(REPEATED, BLOCK, b"a")] * 8000
    asked = len(envoy.server.asked)
    answer = send(envoy, zstd(*raw(start), *many, *raw(end)), "zstd")
    assert (answer.status, answer.error["code"]) == (413, "request_too_large")
    assert len(envoy.server.asked) == asked


@pytest.mark.parametrize("encoding", ["deflate", "compress", "gzip, br"])
def test_an_encoding_that_nobody_unpacks_is_refused_by_name(envoy: Envoy, encoding: str) -> None:
    answer = send(envoy, zlib.compress(BODY), encoding)
    assert answer.status == 415
    assert "gzip, br or zstd" in answer.error["message"]


BROKEN = [
    ("gzip", b"no gzip"),
    ("gzip", PACKED["gzip"][:500]),
    ("zstd", b"no zstd"),
    ("zstd", PACKED["zstd"][:500]),
]


@pytest.mark.parametrize(("encoding", "body"), BROKEN)
def test_a_broken_body_is_refused(envoy: Envoy, encoding: str, body: bytes) -> None:
    assert send(envoy, body, encoding).status in (400, 413)
