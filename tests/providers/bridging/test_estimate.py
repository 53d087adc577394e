"""How many tokens a text has, roughly."""

import base64
import json
import random

import pytest

from providers.bridging import estimate

PROSE = "The gateway turns one wire format into another, and nothing is lost on the way.\n"


def body(*parts: object) -> bytes:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": parts}]}).encode()


def text(size: int) -> dict[str, str]:
    return {"type": "text", "text": (PROSE * (size // len(PROSE) + 1))[:size]}


def picture(size: int) -> dict[str, object]:
    data = base64.b64encode(random.Random(0).randbytes(size * 3 // 4)).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}


@pytest.mark.parametrize("size", [10, 2_000, 100_000, 3_000_000])
def test_a_body_of_texts_counts_as_a_whole(size):
    sent = body(text(size))
    assert estimate.characters_of(sent) == len(sent)


@pytest.mark.parametrize(("words", "bytes_"), [(1_000, 500_000), (50_000, 50_000), (2_000, 8_000)])
def test_a_picture_counts_nearly_nothing(words, bytes_):
    sent = body(text(words), picture(bytes_))
    assert abs(estimate.characters_of(sent) - words) <= len(sent) // 16 + 200


def test_an_empty_body_has_nothing():
    assert estimate.characters_of(b"") == 0


@pytest.mark.parametrize(
    ("value", "characters"),
    [
        ("four", 4),
        ({"a": "x", "data": "opaque", "b": ["yy", {"c": "zzz", "url": "http://a"}]}, 6),
        ("data:image/png;base64,AAAA", 0),
        ([1, None, True, "one"], 3),
    ],
)
def test_texts_of_a_json_value_are_counted(value, characters):
    assert estimate.characters(value) == characters


def test_text_is_never_free():
    assert [estimate.tokens(n) for n in (0, 1, 4, 5)] == [0, 1, 1, 2]
