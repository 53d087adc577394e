"""What each format of embeddings writes, it reads again."""

import math
from array import array
from base64 import b64encode

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Context
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS, PROVIDERS
from providers.errors import BadAnswer
from providers.neutral.embeddings import (
    EmbeddingAnswer,
    EmbeddingRequest,
    Encoding,
    Purpose,
    Truncate,
    vector,
)
from providers.operations import Operation
from providers.usage import Usage

EVERY = sorted(n for n, each in DIALECTS.items() if each.operation is Operation.EMBEDDINGS)
NAME = pytest.mark.parametrize("name", EVERY)
ONE = {"bedrock.nova_embed", "bedrock.titan_embed", "gemini.embed_content", "ollama.embeddings"}
CONTEXT = Context(model="shown", id="7", now=0)
numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
PURPOSES = {
    "bedrock.nova_embed": [Purpose.DOCUMENT, Purpose.CLASSIFICATION, Purpose.CLUSTERING],
    "cohere": [Purpose.QUERY, Purpose.DOCUMENT, Purpose.CLUSTERING, Purpose.CLASSIFICATION],
    "bedrock.cohere_embed": [Purpose.QUERY, Purpose.CLUSTERING],
    "gemini": [each for each in Purpose if each is not Purpose.IMAGE],
}
SIDES = {
    "gemini.predict": [None, Truncate.NONE],
    "ollama.embed": [None, Truncate.NONE],
    "huggingface.features": [None, *Truncate],
}


@st.composite
def requests(draw: st.DrawFn, name: str) -> EmbeddingRequest:
    """A request that says only what the dialect can say."""
    carries = DIALECTS[name].carries
    texts = draw(st.lists(st.text(min_size=1, max_size=9), min_size=1, max_size=3))
    said = {
        "dimensions": st.none() | st.integers(1, 9),
        "purpose": st.sampled_from(
            PURPOSES.get(name) or PURPOSES.get(name.split(".", maxsplit=1)[0]) or [None]
        ),
        "truncate": st.sampled_from(SIDES.get(name) or [*Truncate]),
        "normalized": st.none() | st.booleans(),
        "user": st.none() | st.text(min_size=1, max_size=5),
        "priority": st.none() | st.integers(1, 9),
        "title": st.none() | st.text(min_size=1, max_size=5),
    }
    return EmbeddingRequest(
        inputs=tuple((text,) for text in (texts[:1] if name in ONE else texts)),
        **{member: draw(each) for member, each in said.items() if member in carries},
    )


@NAME
@given(data=st.data())
def test_a_request(name, data):
    dialect = DIALECTS[name]
    request = data.draw(requests(name))
    lost: list[str] = []
    body = orjson.loads(orjson.dumps(dialect.render_request(request, "m", lost)))
    if name == "bedrock.cohere_embed":  # AWS's words for the side that is cut
        words = {"LEFT": "START", "RIGHT": "END"}
        body["truncate"] = words.get(body["truncate"], "NONE")
    again = dialect.parse_request(body, "m")
    assert (again, lost) == (request, [])


@NAME
@given(data=st.data())
def test_an_answer_to_the_last_bit(name, data):
    dialect = DIALECTS[name]
    rows = data.draw(st.lists(st.lists(numbers, min_size=1, max_size=4), min_size=1, max_size=3))
    rows = rows[:1] if name in ONE else rows
    usage = Usage(input=data.draw(st.integers(1, 99)))
    given = EmbeddingAnswer(
        vectors=tuple((vector(orjson.dumps(row)),) for row in rows), usage=usage
    )
    written = orjson.dumps(dialect.render_response(given, CONTEXT))
    again = dialect.parse_response(dialect.read(written))
    assert orjson.loads(orjson.dumps(again.of(Encoding.FLOAT))) == rows
    if name not in ("huggingface.features", "ollama.embeddings", "gemini.predict"):
        assert again.usage == usage


@given(st.lists(numbers, min_size=1, max_size=9))
def test_base64_and_back(row):
    packed = vector(orjson.dumps(row)).written(Encoding.BASE64)
    text = orjson.loads(orjson.dumps(packed))
    assert text == b64encode(array("f", row).tobytes()).decode()
    floats = orjson.loads(orjson.dumps(vector(orjson.dumps(text)).written(Encoding.FLOAT)))
    assert [math.copysign(1, each) for each in floats] == [math.copysign(1, each) for each in row]
    assert floats == row


@pytest.mark.parametrize(
    "raw", [b"[null]", b"[0.5, null]", b'["a"]', b"[[1]]", b"[{}]", b"{}", b"null", b"7"]
)
def test_what_is_no_vector_is_not_packed(raw):
    with pytest.raises(BadAnswer):
        vector(raw).written(Encoding.BASE64)


@pytest.mark.parametrize("text", ["~~~~", "AAA", "AAAAAAA="])
def test_what_is_no_base64_of_floats_is_not_unpacked(text):
    with pytest.raises(BadAnswer):
        vector(orjson.dumps(text)).written(Encoding.FLOAT)


def test_vectors_come_in_the_order_of_their_numbers():
    openai = DIALECTS["openai.embeddings"]
    items = [{"index": 1, "embedding": [2]}, {"index": 0, "embedding": [1]}]
    answer = openai.parse_response(openai.read(orjson.dumps({"data": items})))
    assert orjson.loads(orjson.dumps(answer.of(Encoding.FLOAT))) == [[1], [2]]
    assert answer.usage is None


def test_mistral_is_told_the_length_in_its_own_word():
    client, form = DIALECTS["openai.embeddings"], PROVIDERS["mistral"].forms["openai.embeddings"]
    body = {"model": "a", "input": "b", "dimensions": 9}
    call = Call(data=orjson.dumps(body), body=body, model="up", stream=False)
    sent = bridge(client, form, Quirks()).request(call)
    assert orjson.loads(sent.body) == {"model": "up", "input": "b", "output_dimension": 9}


def test_only_floats_are_read_of_titans_vectors():
    titan = DIALECTS["bedrock.titan_embed"]
    by_type = {"embeddingsByType": {"binary": [0, 1], "float": [1, 2]}}
    answer = titan.parse_response(titan.read(orjson.dumps(by_type)))
    assert orjson.loads(orjson.dumps(answer.single(Encoding.FLOAT))) == [1, 2]
    with pytest.raises(BadAnswer):
        titan.parse_response(titan.read(b'{"embeddingsByType": {"binary": [0, 1]}}'))


@NAME
@pytest.mark.parametrize("data", [b"{}", b"[]", b'{"embeddings": [], "data": []}'])
def test_an_answer_without_vectors_is_none(name, data):
    dialect = DIALECTS[name]
    with pytest.raises(BadAnswer):
        dialect.render_response(dialect.parse_response(dialect.read(data)), CONTEXT)


@pytest.mark.parametrize("count", [1, 3])
def test_vectors_that_belong_to_other_inputs_are_none(count):
    body = {"model": "m", "input": ["one", "two"]}
    call = Call(data=orjson.dumps(body), body=body, model="up", stream=False)
    across = bridge(DIALECTS["openai.embeddings"], DIALECTS["cohere.embed"], Quirks())
    asked = across.request(call)
    context = msgspec.structs.replace(CONTEXT, answers=asked.answers)
    told = {"id": "x", "embeddings": {"float": [[1.0]] * count}}
    with pytest.raises(BadAnswer, match=f"about {count} inputs, not 2"):
        across.whole(orjson.dumps(told), context)
    told["embeddings"]["float"] = [[1.0], [2.0]]
    data, _ = across.whole(orjson.dumps(told), context)
    assert [one["embedding"] for one in orjson.loads(data)["data"]] == [[1.0], [2.0]]


def test_a_part_with_fewer_vectors_does_not_move_those_of_others():
    titan = bridge(DIALECTS["openai.embeddings"], DIALECTS["bedrock.titan_embed"], Quirks())
    body = {"model": "m", "input": ["one", "two"]}
    parts = titan.request(Call(data=orjson.dumps(body), body=body, model="up", stream=False))

    def said(*vectors: float) -> bytes:
        return orjson.dumps({"data": [{"embedding": [each]} for each in vectors]})

    assert len(orjson.loads(parts.join([said(1), said(2)], CONTEXT))["data"]) == 2
    with pytest.raises(BadAnswer, match="about 2 inputs, not 1"):
        parts.join([said(1, 2), said(3)], CONTEXT)
