"""The official SDK asks for documents to be ranked, of every provider that does, through Envoy."""

from collections.abc import Iterator
from typing import Any

import boto3
import cohere
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ParamValidationError

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import AWS, ENV

KEY = {"api_key": "env:KEY"}
ARN = "arn:aws:bedrock:eu-west-1::foundation-model/cohere.rerank-v3-5:0"
BACKENDS = {
    "cohere": ({}, "rerank-v3.5"),
    "bedrock-agents": ({"region": "eu-west-1", "credential": AWS}, ARN),
    "vertex-ranking": ({"project": "p"}, "semantic-ranker-default-004"),
    "vllm": ({}, "bge-reranker"),
}
MODELS = {name: f"arn:aws:bedrock:us-east-1::foundation-model/{name}.rank" for name in BACKENDS}
"""What Amazon's clients call them: botocore demands an ARN."""
DOCUMENTS = ["the moon is far", "nothing of the kind", "a blue moon", "blue"]
QUERY = "blue moon"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Local]:
    with RunningSimulator() as sim:
        config = {
            "backends": {
                name: {"provider": name, "base_url": sim.url, "credential": KEY, **more}
                for name, (more, _) in BACKENDS.items()
            },
            "routes": [
                {
                    "models": [f"to-{name}", MODELS[name]],
                    "backends": [{"backend": name, "model": model}],
                    "price": {"search": 0.002, "input": 1},
                }
                for name, (_, model) in BACKENDS.items()
            ],
        }
        with Local(config, ENV) as local:
            yield local


EVERY = pytest.mark.parametrize("provider", BACKENDS)


@EVERY
def test_the_best_come_first_in_the_newer_form(gateway: Local, provider: str):
    client = cohere.ClientV2(api_key="client", base_url=gateway.url)
    answer = client.rerank(model=f"to-{provider}", query=QUERY, documents=DOCUMENTS, top_n=3)
    assert [result.index for result in answer.results] == [2, 0, 3]
    assert answer.results[0].relevance_score == 1
    assert answer.id


@EVERY
def test_documents_come_back_in_the_older_form(gateway: Local, provider: str):
    client = cohere.Client(api_key="client", base_url=gateway.url)
    documents = [{"text": text} for text in DOCUMENTS]
    answer = client.rerank(
        model=f"to-{provider}", query=QUERY, documents=documents, return_documents=True
    )
    assert [result.index for result in answer.results] == [2, 0, 3, 1]
    assert [result.document.text for result in answer.results][:2] == [DOCUMENTS[2], DOCUMENTS[0]]
    assert answer.results[-1].relevance_score == 0


@EVERY
def test_fields_are_read_in_the_order_that_is_wanted(gateway: Local, provider: str):
    client = cohere.Client(api_key="client", base_url=gateway.url)
    documents = [{"a": "blue", "b": "blue moon"}, {"a": "blue moon", "b": "nothing"}]
    answer = client.rerank(
        model=f"to-{provider}", query=QUERY, documents=documents, rank_fields=["a"]
    )
    assert answer.results[0].index == 1


def test_a_client_of_jinas_form_reads_what_it_expects(gateway: Local):
    body = {"model": "to-vertex-ranking", "query": QUERY, "documents": DOCUMENTS, "top_n": 1}
    answer = httpx.post(f"{gateway.url}/v1/rerank", json=body).json()
    assert answer["model"] == "to-vertex-ranking"
    assert answer["results"][0] == {"index": 2, "relevance_score": 1.0}
    assert answer["usage"] == {"total_tokens": 0}  # Vertex AI counts none


@pytest.fixture(scope="module")
def amazon(gateway: Local) -> Any:
    return boto3.client(
        "bedrock-agent-runtime",
        region_name="us-east-1",
        endpoint_url=gateway.url,
        config=Config(retries={"total_max_attempts": 1}),
        aws_access_key_id="client",
        aws_secret_access_key="client",
    )


def in_amazons_words(model: str, **more: object) -> dict[str, Any]:
    inner = {"modelConfiguration": {"modelArn": model}, **more}
    return {
        "queries": [{"type": "TEXT", "textQuery": {"text": QUERY}}],
        "sources": [
            {
                "type": "INLINE",
                "inlineDocumentSource": {"type": "TEXT", "textDocument": {"text": text}},
            }
            for text in DOCUMENTS
        ],
        "rerankingConfiguration": {
            "type": "BEDROCK_RERANKING_MODEL",
            "bedrockRerankingConfiguration": inner,
        },
    }


@EVERY
def test_amazons_sdk_ranks_by_every_provider(gateway: Local, amazon: Any, provider: str):
    answer = amazon.rerank(**in_amazons_words(MODELS[provider], numberOfResults=2))
    assert [one["index"] for one in answer["results"]] == [2, 0]
    assert answer["results"][0]["relevanceScore"] == 1
    body = in_amazons_words("nobody")
    found = httpx.post(f"{gateway.url}/model/to-{provider}/rerank", json=body)
    assert [one["index"] for one in found.json()["results"]] == [2, 0, 3, 1]


def test_what_is_wrong_is_told_in_amazons_form(amazon: Any):
    body = in_amazons_words(MODELS["cohere"]) | {"queries": []}
    with pytest.raises(ParamValidationError):
        amazon.rerank(**body)
    with pytest.raises(amazon.exceptions.ValidationException, match="numberOfResults"):
        amazon.rerank(**in_amazons_words(MODELS["bedrock-agents"], numberOfResults=100))


@EVERY
def test_records_are_ranked_in_googles_form(gateway: Local, provider: str):
    place = "projects/p/locations/global/rankingConfigs/default_ranking_config"
    records = [{"id": f"r{n}", "content": text} for n, text in enumerate(DOCUMENTS)]
    body = {"model": f"to-{provider}", "query": QUERY, "records": records, "topN": 2}
    answer = httpx.post(f"{gateway.url}/v1/{place}:rank", json=body).raise_for_status().json()
    best = {"id": "r2", "content": DOCUMENTS[2], "score": 1}
    assert [one["id"] for one in answer["records"]] == ["r2", "r0"]
    if provider != "vertex-ranking":  # which says what its simulator says
        assert answer["records"][0] == best
    bare = {**body, "ignoreRecordDetailsInResponse": True}
    answer = httpx.post(f"{gateway.url}/v1beta/{place}:rank", json=bare).json()
    assert answer["records"][0] == {"id": "r2", "score": 1}


def test_what_is_wrong_is_told_in_googles_form(gateway: Local):
    place = "projects/p/locations/global/rankingConfigs/default_ranking_config"
    url = f"{gateway.url}/v1/{place}:rank"
    answer = httpx.post(url, json={"model": "to-cohere", "query": QUERY})
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    answer = httpx.post(url, json={"query": QUERY, "records": []})
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


@EVERY
def test_searches_are_what_is_paid_for(gateway: Local, provider: str):
    body = {"model": f"to-{provider}", "query": "paid", "documents": ["paid"]}
    httpx.post(f"{gateway.url}/v2/rerank", json=body).raise_for_status()
    record = gateway.record(request_model=f"to-{provider}", status=200)
    assert record["cost_nanousd"] == 2_000_000
    assert record["operation"] == "rerank"
    assert record["estimated"] is False


def test_what_is_wrong_is_told_in_coheres_form(gateway: Local):
    answer = httpx.post(f"{gateway.url}/v2/rerank", json={"model": "to-cohere", "query": QUERY})
    assert answer.status_code == 400
    assert "documents" in answer.json()["message"]


def test_hints_that_a_provider_lacks_are_named(gateway: Local):
    body = {
        "model": "to-vertex-ranking",
        "query": QUERY,
        "documents": DOCUMENTS,
        "max_tokens_per_doc": 5,
        "odd": 1,
    }
    answer = httpx.post(f"{gateway.url}/v2/rerank", json=body)
    assert answer.status_code == 200
    assert answer.headers["x-ai-dropped-params"] == "odd, max_tokens_per_doc"
