"""Every format in which one asks for vectors, before every format in which they are given."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.providers.matrix.embedding import (
    CLIENTS,
    GOOGLE,
    TARGETS,
    VERTEX,
    asked,
    passes,
    wanted,
    world,
)
from tests.providers.matrix.world import MODEL, Answered, World

CLIENT = pytest.mark.parametrize("client", CLIENTS)
TARGET = pytest.mark.parametrize("target", TARGETS)
PIXEL = "iVBORw0KGgo="


def texts_for(client: str, target: str) -> list[str]:
    many = CLIENTS[client].batch and TARGETS[target].batch
    return ["red", "a blue one", "red"] if many else ["red"]


def sent(before: World) -> dict:
    return orjson.loads(before.sent[-1].body)


def dropped(answer: Answered) -> list[str]:
    return dict(answer.headers).get("x-ai-dropped-params", "").split(", ")


@CLIENT
@TARGET
def test_each_text_gets_its_vector_to_the_last_bit(client, target):
    if (client, target) == ("cohere-inputs", "cohere-v3"):
        return  # Cohere's own business
    before, texts = world(target), texts_for(client, target)
    answer = asked(before, client, CLIENTS[client].body(texts))
    assert answer.status == 200, answer.body
    assert CLIENTS[client].read(orjson.loads(answer.body)) == wanted(texts)
    assert before.metadata["output_tokens"] == 0
    assert before.metadata["input_tokens"] > 0
    silent = target in ("huggingface", "ollama-older")
    assert before.metadata["estimated"] == silent
    assert before.metadata["operation"] == "embeddings"


@CLIENT
@TARGET
def test_the_length_of_vectors_is_said_or_refused_by_name(client, target):
    sized = CLIENTS[client].sized
    if sized is None or (passes(client, target) and not TARGETS[target].lengths):
        return
    before, texts = world(target), texts_for(client, target)
    answer = asked(before, client, CLIENTS[client].body(texts) | sized(256))
    if TARGETS[target].lengths:
        assert answer.status == 200, answer.body
        assert CLIENTS[client].read(orjson.loads(answer.body)) == wanted(texts, 256)
    else:
        assert answer.status == 400
        assert b"imension" in answer.body
        assert not before.sent


@CLIENT
@TARGET
def test_what_takes_one_input_refuses_two(client, target):
    if TARGETS[target].batch or not CLIENTS[client].batch or passes(client, target):
        return
    before = world(target)
    answer = asked(before, client, CLIENTS[client].body(["red", "blue"]))
    assert answer.status == 400
    assert b"one input at once" in answer.body
    assert not before.sent


@pytest.mark.parametrize(
    ("target", "count"), [("cohere", 97), ("gemini", 101), ("predict", 251), ("openai", 2049)]
)
def test_more_than_a_provider_takes_is_refused(target, count):
    before = world(target)
    answer = asked(before, "ollama", CLIENTS["ollama"].body(["a"] * count))
    assert (answer.status, before.sent) == (400, [])
    assert f"at most {count - 1} inputs" in orjson.loads(answer.body)["error"]
    assert asked(before, "ollama", CLIENTS["ollama"].body(["a"] * (count - 1))).status == 200


@pytest.mark.parametrize(
    ("said", "target", "member"),
    [
        ("search_query", "gemini", "RETRIEVAL_QUERY"),
        ("search_document", "vertex", "RETRIEVAL_DOCUMENT"),
        ("clustering", "predict", "CLUSTERING"),
        ("classification", "nova", "CLASSIFICATION"),
        ("search_query", "nova", "GENERIC_RETRIEVAL"),
        ("classification", "cohere-v1", "classification"),
    ],
)
def test_what_vectors_are_for_is_said_in_the_providers_words(said, target, member):
    before = world(target)
    body = {"model": MODEL, "texts": ["red"], "input_type": said}
    answer = asked(before, "cohere", body)
    assert answer.status == 200, answer.body
    assert f'"{member}"'.encode() in before.sent[-1].body


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("QUESTION_ANSWERING", "search_query"),
        ("SEMANTIC_SIMILARITY", "search_document"),
        ("TASK_TYPE_UNSPECIFIED", "search_document"),
        ("CLUSTERING", "clustering"),
    ],
)
def test_cohere_is_told_the_nearest_purpose_that_it_knows(said, heard):
    before = world("cohere")
    body = CLIENTS["gemini-one"].body(["red"]) | {"taskType": said}
    assert asked(before, "gemini-one", body).status == 200
    assert sent(before)["input_type"] == heard


@TARGET
def test_hints_that_cannot_be_said_are_named(target):
    before = world(target)
    body = {"model": MODEL, "texts": ["red"], "input_type": "clustering", "priority": 3}
    answer = asked(before, "cohere", body | {"truncate": "START", "max_tokens": 9})
    assert answer.status == 200, answer.body
    named, told = dropped(answer), before.sent[-1].body.decode()
    if passes("cohere", target) and TARGETS[target].provider == "cohere":
        assert named == [""]
        return
    assert ("priority" in named) == ('"priority"' not in told)
    assert ("input_type" in named) == ("lustering" not in told and "LUSTERING" not in told)
    said = ("START", "LEFT", '"truncation_direction":"left"')
    assert ("truncate" in named) != any(word in told for word in said)
    assert "max_tokens" in (*named, *sent(before))


@pytest.mark.parametrize("target", ["openai", "gemini", "titan", "nova", "huggingface", "ollama"])
def test_vectors_of_small_numbers_are_refused_where_there_are_none(target):
    body = {"model": MODEL, "texts": ["red"], "input_type": "clustering"}
    before = world(target)
    answer = asked(before, "cohere", body | {"embedding_types": ["float", "int8"]})
    assert (answer.status, before.sent) == (400, [])
    assert b"int8" in answer.body


def test_several_encodings_come_side_by_side():
    body = {"model": MODEL, "texts": ["red", "blue"], "input_type": "clustering"}
    names = ["float", "int8", "ubinary", "base64"]
    answer = asked(world("cohere-v1"), "cohere", body | {"embedding_types": names})
    found = orjson.loads(answer.body)["embeddings"]
    assert list(found) == names
    assert found["float"] == wanted(["red", "blue"])
    assert all(-128 <= number < 128 for number in found["int8"][0])
    assert isinstance(found["base64"][1], str)


def test_mistrals_words_for_small_numbers_reach_cohere():
    before = world("cohere")
    body = {"model": MODEL, "input": "red", "output_dtype": "int8"}
    answer = asked(before, "openai", body)
    assert sent(before)["embedding_types"] == ["int8"]
    assert all(type(n) is int for n in orjson.loads(answer.body)["data"][0]["embedding"])


def test_openai_is_not_sent_what_only_mistral_knows():
    before = world("openai")
    body = {"model": MODEL, "input": "red", "metadata": {"a": 1}, "output_dimension": 256}
    answer = asked(before, "openai", body | {"output_dtype": "float"})
    assert answer.status == 200, answer.body
    assert dropped(answer) == ["metadata"]
    assert sent(before) == {"model": "text-embedding-3-small", "input": "red", "dimensions": 256}
    assert asked(before, "openai", body | {"output_dtype": "int8"}).status == 400


@pytest.mark.parametrize("target", ["cohere", "gemini", "titan", "huggingface", "ollama"])
def test_tokens_are_refused_by_who_reads_texts(target):
    before = world(target)
    answer = asked(before, "openai", {"model": MODEL, "input": [[1, 2]]})
    assert (answer.status, before.sent) == (400, [])
    assert orjson.loads(answer.body)["error"]["param"] == "input"


@pytest.mark.parametrize("given", [[1, 2, 3], [[1, 2, 3], [4]]])
def test_tokens_pass_to_openai(given):
    before = world("openai")
    answer = asked(before, "openai", {"model": MODEL, "input": given})
    assert answer.status == 200
    assert sent(before)["input"] == given


PICTURE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("nova", '"image":{"format":"png","source":{"bytes":"'),
        ("titan-image", '"inputImage":"'),
        ("gemini-one", '"inlineData":{"mimeType":"image/png"'),
        ("cohere-v1", '"input_type":"image"'),
    ],
)
def test_a_picture_goes_along(target, words):
    before = world(target)
    body = {"model": MODEL, "inputs": [{"content": [PICTURE]}], "input_type": "image"}
    answer = asked(before, "cohere", body)
    assert answer.status == 200, answer.body
    assert words.encode() in before.sent[-1].body


@pytest.mark.parametrize("target", ["openai", "titan", "predict", "huggingface", "ollama"])
def test_a_picture_is_refused_by_who_reads_texts(target):
    before = world(target)
    answer = asked(before, "cohere", {"model": MODEL, "images": [PICTURE["image_url"]["url"]]})
    assert (answer.status, before.sent) == (400, [])


@pytest.mark.parametrize(("target", "kind"), [("bedrock-cohere", None), ("cohere", "image")])
def test_gemini_clients_send_pictures_and_words_to_cohere(target, kind):
    before = world(target)
    part = {"inline_data": {"mime_type": "image/png", "data": PIXEL}}
    answer = asked(before, "gemini-one", {"content": {"parts": [part]}})
    assert answer.status == 200, answer.body
    assert sent(before)["input_type"] == (kind or "search_document")
    answer = asked(before, "gemini-one", {"content": {"parts": [{"text": "a"}, part]}})
    assert answer.status == 200, answer.body
    assert len(sent(before)["inputs"][0]["content"]) == 2


@pytest.mark.parametrize(
    ("client", "body"),
    [
        ("openai", {"model": MODEL, "input": []}),
        ("openai", {"model": MODEL, "input": [1, "a"]}),
        ("openai", {"model": MODEL, "input": [[]]}),
        ("openai", {"model": MODEL, "input": "a", "encoding_format": "int4"}),
        ("cohere", {"model": MODEL, "texts": []}),
        ("cohere", {"model": MODEL, "inputs": [{"content": []}]}),
        ("cohere", {"model": MODEL, "texts": ["a"], "input_type": "odd"}),
        ("cohere", {"model": MODEL, "texts": ["a"], "truncate": "MIDDLE"}),
        ("cohere", {"model": MODEL, "texts": ["a"], "embedding_types": ["float", "odd"]}),
        ("gemini", {"requests": []}),
        ("gemini", {"requests": [{"content": {"parts": []}}]}),
        ("gemini-one", {"content": {"parts": [{"functionCall": {}}]}}),
        ("gemini-one", {"content": {"parts": [{"text": "a"}]}, "taskType": "ODD"}),
        ("predict", {"instances": []}),
        ("predict", {"instances": [{"content": 7}]}),
        ("ollama", {"model": MODEL, "input": []}),
        ("ollama", {"model": MODEL, "input": [7]}),
        ("ollama-older", {"model": MODEL, "prompt": None}),
        ("huggingface", {"inputs": []}),
        ("huggingface", {"inputs": ["a"], "truncation_direction": "up"}),
    ],
)
@pytest.mark.parametrize("target", ["titan", "mistral", "cohere-v3", "gemini-one"])
def test_a_wrong_body_is_refused_with_the_reason(client, body, target):
    if passes(client, target):
        return
    before = world(target)
    answer = asked(before, client, body)
    assert (answer.status, before.sent) == (400, [])


def test_inputs_that_want_different_vectors_cannot_be_told_apart_elsewhere():
    one = {"content": {"parts": [{"text": "a"}]}}
    body = {"requests": [one, {**one, "taskType": "CLUSTERING"}]}
    answer = asked(world("cohere"), "gemini", body)
    assert answer.status == 400
    assert b"different vectors" in answer.body
    assert asked(world("gemini"), "gemini", body).status == 200


def test_what_is_no_picture_is_embedded_by_google_alone():
    part = {"inlineData": {"mimeType": "audio/wav", "data": PIXEL}}
    assert asked(world("titan-image"), "gemini-one", {"content": {"parts": [part]}}).status == 400


def test_vertex_says_its_config_where_the_gemini_api_wants_it():
    before = world("gemini")
    config = {"taskType": "CLUSTERING", "outputDimensionality": 16, "autoTruncate": False}
    one = {"content": {"parts": [{"text": "a"}]}, "embedContentConfig": config}
    answer = asked(before, "vertex", {"requests": [one]})
    assert answer.status == 200, answer.body
    assert dropped(answer) == ["autoTruncate"]
    assert sent(before)["requests"][0] == {
        "content": {"parts": [{"text": "a"}]},
        "model": "models/gemini-embedding-001",
        "taskType": "CLUSTERING",
        "outputDimensionality": 16,
    }


def test_the_gemini_apis_name_of_a_model_does_not_reach_vertex():
    before = world("vertex")
    answer = asked(before, "gemini", CLIENTS["gemini"].body(["a", "b"]))
    assert answer.status == 200, answer.body
    assert all("model" not in one for one in sent(before)["requests"])


def test_what_is_no_request_of_a_batch_is_not_left_out():
    before = world("gemini")
    assert asked(before, "gemini", {"requests": [7]}).status != 200
    assert sent(before)["requests"] == [7]


@TARGET
def test_the_same_format_passes_in_the_providers_own_bytes(target):
    before = world(target)
    for client in CLIENTS:
        if passes(client, target) and not (CLIENTS[client].batch > TARGETS[target].batch):
            texts = texts_for(client, target)
            answer = asked(before, client, CLIENTS[client].body(texts))
            assert answer.body == before.answers[-1].body


@CLIENT
@pytest.mark.parametrize("status", [400, 401, 404, 429, 503])
def test_an_error_is_told_in_the_clients_form(client, status):
    target = "openai" if client.startswith("cohere") else "cohere"
    before = world(target)
    text = f'red [[sim: {{"status": {status}, "message": "not today"}}]]'
    answer = asked(before, client, CLIENTS[client].body([text]))
    assert answer.status == status
    assert b"not today" in answer.body
    told = orjson.loads(answer.body)
    if client.startswith(("openai", "mistral")):
        assert told["error"]["message"] == "not today"
    if CLIENTS[client].path.startswith((GOOGLE, VERTEX)):
        assert told["error"]["code"] == status


ODD = (
    b"",
    b"null",
    b"7",
    b"[]",
    b"{}",
    b"[7]",
    b"[[1],7]",
    b"[[[1]]]",
    b"{",
    b"[" * 100_000,
    b'{"a":' * 5_000,
    b"\xff",
    b'{"data":[{"embedding":null}]}',
    b'{"data":[{"embedding":{}}]}',
    b'{"data":[{"embedding":"~"}]}',
    b'{"data":[{"embedding":["a"]}]}',
    b'{"data":[]}',
    b'{"embeddings":{}}',
    b'{"embeddings":{"float":[]}}',
    b'{"embeddings":{"float":[[1]],"int8":[]}}',
    b'{"embeddings":{"int8":[[1]]}}',
    b'{"embeddings":[]}',
    b'{"embeddings":[[]]}',
    b'{"embeddings":[{"values":7}]}',
    b'{"embedding":{"values":7}}',
    b'{"embedding":[]}',
    b'{"embedding":7}',
    b'{"predictions":[]}',
    b'{"predictions":[{"embeddings":{"values":7}}]}',
    b'{"embeddings":[{"embedding":7}]}',
)


def told(client: str, target: str, body: bytes) -> Answered:
    """What becomes of an answer that a provider may send."""
    before = world(target)
    before.provide = lambda headers, asked: Answered(  # type: ignore[method-assign]  # in its place
        status=200, headers=[("content-type", "application/json")], body=body
    )
    return asked(before, client, CLIENTS[client].body(["red"]))


@TARGET
@pytest.mark.parametrize("client", ["openai-base64", "cohere", "gemini-one", "huggingface-one"])
def test_an_answer_that_cannot_be_used_is_the_providers_fault(client, target):
    for body in ODD:
        answer = told(client, target, body)
        assert answer.status in (200, 502), (body, answer)
        if answer.status == 502:
            assert b"provider" in answer.body


MEMBERS = [
    "data",
    "embedding",
    "embeddings",
    "float",
    "values",
    "usage",
    "index",
    "meta",
    "predictions",
    "statistics",
]
MEMBERS += ["usageMetadata", "prompt_tokens", "model", "id"]


@given(
    st.sampled_from(sorted(CLIENTS)),
    st.sampled_from(sorted(TARGETS)),
    st.recursive(
        st.none() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=4),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(MEMBERS),
                inner,
                max_size=3,
            )
        ),
        max_leaves=12,
    ),
)
@settings(max_examples=300, deadline=None)
def test_whatever_a_provider_says_is_no_bug(client, target, value):
    assert told(client, target, orjson.dumps(value)).status in (200, 502)


def test_an_answer_of_very_many_rows_is_not_read():
    for body in (b'{"data":[' + b"{}," * 400_000, b'{"embeddings":[' + b"[]," * 700_000):
        for target in ("openai", "cohere", "ollama", "huggingface"):
            answer = told("openai", target, body)
            assert answer.status == 502
    flat = b"[" + b"0," * 600_000 + b"0]"
    assert told("openai", "huggingface", flat).status == 502
    assert told("openai", "ollama", b'{"embeddings":' + flat + b"}").status == 502


@pytest.mark.parametrize("target", ["nova", "bedrock-cohere", "bedrock-cohere-v3"])
def test_what_the_headers_count_is_said_in_the_answer(target):
    before = world(target)
    answer = orjson.loads(asked(before, "openai", CLIENTS["openai"].body(["red"])).body)
    assert answer["usage"]["prompt_tokens"] == before.metadata["input_tokens"] > 0
    assert not before.metadata["estimated"]


@pytest.mark.parametrize("target", ["gemini", "vertex-one", "bedrock-cohere"])
@pytest.mark.parametrize("detail", ["high", "auto", None])
def test_how_closely_cohere_looks_at_a_picture_is_named(target, detail):
    image = {"url": f"data:image/png;base64,{PIXEL}", "detail": detail}
    content = [{"type": "text", "text": "red"}, {"type": "image_url", "image_url": image}]
    body = {"model": MODEL, "inputs": [{"content": content}], "input_type": "search_document"}
    before = world(target)
    answer = asked(before, "cohere-inputs", body)
    assert answer.status == 200, answer.body
    assert ("inputs.content.image_url.detail" in dropped(answer)) == (detail == "high")


def test_what_nova_alone_knows_is_named():
    image = {"format": "png", "source": {"bytes": PIXEL}, "detailLevel": "DOCUMENT_IMAGE"}
    params = {"embeddingPurpose": "GENERIC_INDEX", "image": image, "other": 1}
    body = {"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": params, "more": 2}
    before = world("gemini-one")
    answer = before.ask(f"/model/{MODEL}/invoke", [], orjson.dumps(body))
    assert answer.status == 200, answer.body
    at = "singleEmbeddingParams."
    assert {*dropped(answer)} == {"more", f"{at}other", f"{at}image.detailLevel"}
