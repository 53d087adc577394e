"""How many tokens a text has, roughly."""

# ruff: noqa: RUF001  (texts in other scripts)

import base64
import json
import random

import pytest

from providers.bridging import estimate
from providers.bridging.estimate import Words
from providers.wire.multipart import Upload

# Text, and its tokens in the vocabularies of GPT-4o and of Mistral's Tekken (both counted once).
MEASURED = [
    (
        "When the river rose in the spring of that year, nobody in the village though"
        "t much of it. The old bridge had stood for two centuries, and every flood ha"
        "d passed beneath its arches without loosening a stone.",
        43,
        43,
    ),
    (
        "Als der Fluss im Frühjahr jenes Jahres stieg, dachte sich im Dorf niemand vi"
        "el dabei. Die alte Brücke stand seit zweihundert Jahren, und jedes Hochwasse"
        "r war unter ihren Bögen hindurchgeflossen.",
        46,
        43,
    ),
    (
        "Когда весной того года река поднялась, в деревне никто не придал этому особо"
        "го значения. Старый мост стоял уже двести лет, и все половодья проходили под"
        " его арками.",
        44,
        44,
    ),
    (
        "请用三个要点总结所附的报告，并指出对交付日期的任何风险。我们的客户希望在星期一得"
        "到新版本；由于测试服务器的证书过期，集成测试从星期四开始一直失败。",
        49,
        63,
    ),
    (
        "その年の春に川の水かさが増したとき、村では誰もそれほど気に留めなかった。古い橋は"
        "二百年も立ち続けており、洪水はどれもその下を流れ去っていた。",
        60,
        53,
    ),
    (
        'def find(self, model: str) -> Route | None:\n    """The route of `model`."""\n'
        "    route = self._exact.get(model)\n    if route is not None:\n        return "
        "route\n    for length in self._lengths:\n        route = self._prefixes.get(mo"
        "del[:length])\n",
        63,
        64,
    ),
    (
        '{"type":"function","function":{"name":"get_weather","description":"The weath'
        'er at a place.","parameters":{"type":"object","properties":{"city":{"type":"'
        'string"},"days":{"type":"integer"}},"required":["city"]}}}',
        48,
        50,
    ),
]


def body(*parts: object, **more: object) -> tuple[bytes, dict]:
    made = {"model": "m", "messages": [{"role": "user", "content": list(parts)}], **more}
    return json.dumps(made).encode(), made


def text(said: str) -> dict[str, str]:
    return {"type": "text", "text": said}


def picture(size: int) -> dict[str, object]:
    data = base64.b64encode(random.Random(0).randbytes(size * 3 // 4)).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}


@pytest.mark.parametrize(("said", "one", "other"), MEASURED)
def test_an_estimate_is_within_a_fourth_of_what_vocabularies_count(said, one, other):
    expected = (one + other) / 2
    assert estimate.tokens(said) == pytest.approx(expected, rel=0.25)
    long = said * (20_000 // len(said))
    times = 20_000 // len(said)
    for dump in (True, False):
        made = {"model": "m", "messages": [{"role": "user", "content": long}]}
        data = json.dumps(made, ensure_ascii=dump).encode()
        assert estimate.prompt(data, made) == pytest.approx(expected * times, rel=0.27)


@pytest.mark.parametrize(("said", "one", "other"), MEASURED)
def test_a_stream_is_counted_as_its_text_is(said, one, other):
    words = Words(b'"text":"')
    pieces = [said[at : at + 7] for at in range(0, len(said), 7)]
    events = [b'{"text":' + json.dumps(piece, ensure_ascii=False).encode() for piece in pieces]
    assert [words.read(event) for event in events][-1] == pytest.approx((one + other) / 2, rel=0.3)


def test_a_short_prompt_is_not_told_by_its_wrapping():
    data, made = body(text("The quick brown fox jumps over the lazy dog."))
    assert 10 <= estimate.prompt(data, made) <= 18
    assert estimate.answer(b'{"id":"chatcmpl-1","model":"m","choices":[{"text":"Hi!"}]}') <= 2


@pytest.mark.parametrize("size", [400, 9_000, 300_000])
@pytest.mark.parametrize("words", [100, 50_000])
def test_a_picture_counts_as_one_whatever_its_size(words, size):
    said = "gateway turns one wire format into another. " * (words // 44)
    data, made = body(text(said), picture(size))
    alone = estimate.prompt(*body(text(said)))
    found = estimate.prompt(data, made) - alone
    assert abs(found - 765) <= 10 + alone // 8


def test_documents_are_counted_by_what_they_are():
    plain = {"type": "document", "source": {"type": "text", "data": "words " * 100}}
    pdf = {"type": "document", "source": {"type": "base64", "data": "JVBERi0="}}
    assert 80 <= estimate.prompt(*body(plain)) <= 160
    assert 765 <= estimate.prompt(*body(pdf)) <= 775


def test_tools_are_counted_as_they_are_written_and_tags_are_not():
    tool = {"name": "get_weather", "input_schema": {"type": "object", "properties": {}}}
    bare = estimate.prompt(*body(text("hi")))
    assert 10 <= estimate.prompt(*body(text("hi"), tools=[tool])) - bare <= 40
    assert estimate.prompt(*body(text("hi"), metadata={"tag": "x" * 1000})) == bare


def test_nothing_has_no_tokens_and_text_is_never_free():
    assert estimate.prompt(b"{}", {}) == 0
    assert estimate.tokens("") == 0
    assert estimate.tokens("x") == 1
    assert estimate.answer(b"<html>no JSON</html>") == 0


def test_what_is_nested_deeply_is_counted():
    data = b'{"messages":' + b"[" * 900 + b'"words"' + b"]" * 900 + b"}"
    assert estimate.prompt(data, json.loads(data)) == 1


@pytest.mark.parametrize("piece", [b"\xf0", "😀".encode(), b"9", b".", b"\xe4\xb8\xad"])
def test_no_text_overflows_the_sum(piece):
    count = 640 // len(piece)
    weight = estimate._weighed(piece * count)
    assert weight == sum(estimate.WEIGHTS[byte] for byte in piece) * count or piece == b"\xf0"


def test_an_escaped_quote_does_not_end_a_text_and_a_space_hides_none():
    said = Words(b'"text":"')
    assert said.read(rb'{"text":"say \"one two three four five six seven\" loudly"}') >= 10
    assert Words(b'"text":"').read(b'{"text": "one two three four five six seven eight"}') >= 8
    assert Words(b'"text":"', b'"json":"').read(b'{"json":"one two three four five six"}') >= 6
    assert Words(b'"text":"').read(b'{"role":"assistant"}') == 0


@pytest.mark.parametrize("given", [[1, 2, 3], [[1, 2], [3]]])
def test_numbers_in_arrays_are_a_token_each(given):
    body = {"model": "m", "input": given, "dimensions": 1536}
    assert estimate.prompt(json.dumps(body).encode(), body) == 3


def test_a_file_in_the_place_of_what_is_read_counts_for_nothing():
    file = Upload(data=b"x" * 100, filename="a", media_type="")
    assert estimate.prompt(b"", {"response_format": file, "tools": [file]}) <= 4


def test_a_stream_may_be_cut_anywhere():
    said = rb'{"text":"one \"two\" three"}' + b'\n{"text": "four five"}\n'
    for at in range(len(said) + 1):
        words = Words(b'"text":"')
        words.read(said[:at])
        assert words.read(said[at:]) <= 20
