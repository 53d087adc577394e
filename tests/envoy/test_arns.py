"""Clients of Bedrock's knowledge bases and rerankers name their model deep in the body."""

import json

import pytest

from tests.envoy.finder import find

PLACES = ["/retrieveAndGenerate", "/retrieveAndGenerateStream"]
PATH = PLACES[0]
ARN = "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-3-sonnet-20240229-v1:0"


def body(kind: str = "knowledgeBaseConfiguration", **inner: object) -> bytes:
    asked = {
        "input": {"text": 'Who? "modelArn":"no" {['},
        "sessionId": "s",
        "retrieveAndGenerateConfiguration": {
            "type": "KNOWLEDGE_BASE",
            kind: {
                "retrievalConfiguration": {"x": {"modelArn": "another"}},
                "sources": [{"modelArn": "another"}],
                **inner,
            },
        },
        "modelArn": "another",
        "model": "another",
    }
    return json.dumps(asked, indent=1).encode()


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("kind", ["knowledgeBaseConfiguration", "externalSourcesConfiguration"])
def test_a_model_is_found_where_it_stands(path: str, kind: str) -> None:
    found = find(body(kind, modelArn=ARN), **{":path": path})
    assert found.call == f"body\n{path}\n{ARN}"


@pytest.mark.parametrize("path", PLACES)
def test_a_path_may_name_it(path: str) -> None:
    place = f"/model/{ARN.replace('/', '%2F')}{path}"
    assert find(body(modelArn="b"), **{":path": place}).call == f"path\n{place}\n{ARN}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no body"),
        (b"[]", "must be a JSON object"),
        (b"{}", "knowledgeBaseConfiguration"),
        (body(), "'modelArn'"),
        (body("another", modelArn="a"), "'modelArn'"),
        (body(modelArn={"a": 1}), "must be a string"),
        (body(modelArn=""), "must not be empty"),
        (body(modelArn="a" * 1600), "longer than"),
        (body(modelArn="a\nb"), "control characters"),
        (b'{"retrieveAndGenerateConfiguration":"modelArn"}', "'modelArn'"),
        (b'{"retrieveAndGenerateConfiguration":{"knowledgeBaseConfiguration":', "'modelArn'"),
        (body(modelArn="a").partition(b'"modelArn": "a"')[0] + b'"modelArn": "a', "ends too early"),
        (body(modelArn="a").replace(b'"modelArn": "a"', rb'"model\u0041rn": "a"'), "escapes"),
        (body(modelArn="a").replace(b'"type"', rb'"t\u0079pe"'), "escapes"),
        (b"{" + b'"a":{},' * 64 + body(modelArn="a")[1:], "too complex"),
        (b'{"a":' + b"[" * 5_000_000, "too complex"),
    ],
)
def test_who_names_none_is_told_so(content: bytes, said: str) -> None:
    found = find(content, **{":path": PATH})
    assert (found.status, found.call) == ("400", None)
    assert said in found.message


def test_large_sources_before_it_are_hopped_over() -> None:
    sources = [{"byteContent": {"data": "A" * 8_000_000}}]
    assert find(body(sources=sources, modelArn="a"), **{":path": PATH}).call == f"body\n{PATH}\na"


def test_a_header_wins_over_it() -> None:
    found = find(body(modelArn="a"), **{":path": PATH, "x-ai-model": "b"})
    assert found.call == f"header\n{PATH}\nb"


def order(**model: object) -> bytes:
    inner = {"numberOfResults": 1, "modelConfiguration": model}
    asked = {
        "queries": [{"type": "TEXT", "textQuery": {"text": '"modelArn":"no"'}}],
        "sources": [{"type": "INLINE", "inlineDocumentSource": {"modelArn": "another"}}],
        "rerankingConfiguration": {"bedrockRerankingConfiguration": inner, "type": "x"},
    }
    return json.dumps(asked).encode()


def test_a_reranker_is_found_in_whichever_form_it_is_asked() -> None:
    assert find(order(modelArn=ARN), **{":path": "/rerank"}).call == f"body\n/rerank\n{ARN}"
    assert find(b'{"query":"q","model":"m"}', **{":path": "/rerank"}).call == "body\n/rerank\nm"
    place = "/model/m/rerank"
    assert find(order(modelArn=ARN), **{":path": place}).call == f"path\n{place}\nm"


@pytest.mark.parametrize("content", [order(), b'{"query":"q"}'])
def test_who_names_no_reranker_is_told_so(content: bytes) -> None:
    found = find(content, **{":path": "/rerank"})
    assert (found.status, found.call) == ("400", None)
    assert "no top-level 'model'" in found.message
