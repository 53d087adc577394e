"""Answers out of Bedrock's knowledge bases, by boto3 through a real Envoy."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError, EventStreamError
from urllib3.exceptions import ProtocolError

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.test_bedrock_resources import KEYS, client, code
from tests.e2e.test_resources import ENV, Two

AGENTS = "bedrock-agent-runtime"
PROFILE = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
RANKER = "arn:aws:bedrock:eu-central-1::foundation-model/cohere.rerank-v3-5:0"
PRICE = {"input": 2.0, "output": 10.0}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """Two regions, and two clients."""
    keys = tmp_path_factory.mktemp("keys") / "clients.yaml"
    keys.write_text("ann: env:ANN\nbob: env:BOB\n")
    with RunningSimulator(name="a") as a, RunningSimulator(name="b") as b:
        config = {
            "backends": {
                name: {
                    "provider": "bedrock-agents",
                    "base_url": one.url,
                    "region": "eu-west-1",
                    "credential": KEYS,
                }
                for name, one in (("a", a), ("b", b))
            },
            "routes": [
                {"models": ["any"], "backends": [{"backend": n, "model": PROFILE} for n in "ab"]},
                {"models": ["ranker"], "backends": [{"backend": "b", "model": RANKER}]},
                *(
                    {
                        "models": [f"of-{name}"],
                        "backends": [{"backend": name, "model": PROFILE}],
                        "price": PRICE,
                    }
                    for name in "ab"
                ),
            ],
            "clients": {"api_keys": {"file": str(keys)}},
            "resources": {"secret": "env:IDS"},
        }
        with Local(config, ENV) as local:
            yield Two(local, a, b)


def configuration(model: str, **more: Any) -> dict[str, Any]:
    inner = {"knowledgeBaseId": "KB12345678", "modelArn": model, **more}
    return {"type": "KNOWLEDGE_BASE", "knowledgeBaseConfiguration": inner}


def asking(model: str, text: str, session: str = "", **more: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "input": {"text": text},
        "retrieveAndGenerateConfiguration": configuration(model, **more),
    }
    return asked | ({"sessionId": session} if session else {})


def ask(gateway: Two, model: str, text: str, key: str = ENV["ANN"], **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = client(gateway, AGENTS, key).retrieve_and_generate(
        **asking(model, text, **more)
    )
    return made


def stream(gateway: Two, model: str, text: str, key: str = ENV["ANN"], **more: Any) -> Any:
    made = client(gateway, AGENTS, key)
    return made.retrieve_and_generate_stream(**asking(model, text, **more))


def whole_session(gateway: Two, model: str, text: str, key: str, session: str = "") -> str:
    return str(ask(gateway, model, text, key, session=session)["sessionId"])


def streamed_session(gateway: Two, model: str, text: str, key: str, session: str = "") -> str:
    answer = stream(gateway, model, text, key, session=session)
    list(answer["stream"])
    return str(answer["sessionId"])


Session = Callable[..., str]
BOTH = pytest.mark.parametrize("session_of", [whole_session, streamed_session])


def configured(simulator: RunningSimulator) -> dict[str, Any]:
    sent = simulator.requests[-1].json["retrieveAndGenerateConfiguration"]
    found: dict[str, Any] = sent["knowledgeBaseConfiguration"]
    return found


def test_an_answer_is_passed_on_and_its_words_are_charged(aws: Two):
    made = ask(aws, "of-b", 'Who? [[sim: {"text": "A fox did it, and nobody else."}]]')
    assert made["output"]["text"] == "A fox did it, and nobody else."
    assert made["guardrailAction"] == "NONE"
    (citation,) = made["citations"]
    assert citation["retrievedReferences"][0]["location"]["type"] == "S3"
    sent = aws.b.requests[-1]
    assert sent.path == "/retrieveAndGenerate"
    assert configured(aws.b) == {"knowledgeBaseId": "KB12345678", "modelArn": PROFILE}
    assert "/eu-west-1/bedrock/aws4_request" in sent.header("authorization")
    used = aws.record(operation="retrieve_and_generate", backend="b", stream=False, estimated=True)
    assert 5 <= used["output_tokens"] <= 12
    assert 10 <= used["input_tokens"] <= 40
    assert used["cost_nanousd"] == 2000 * used["input_tokens"] + 10_000 * used["output_tokens"]
    assert used["finish_reason"] == "stop"


def test_a_stream_is_passed_on_and_its_words_are_charged(aws: Two):
    answer = stream(aws, "of-a", 'Who? [[sim: {"text": "One two three four five six."}]]')
    events = list(answer["stream"])
    words = "".join(one["output"]["text"] for one in events if "output" in one)
    assert words == "One two three four five six."
    assert [next(iter(one)) for one in events][-2:] == ["citation", "guardrail"]
    assert aws.a.requests[-1].path == "/retrieveAndGenerateStream"
    used = aws.record(operation="retrieve_and_generate", backend="a", stream=True, estimated=True)
    assert 5 <= used["output_tokens"] <= 12
    assert used["finish_reason"] == "stop"


@BOTH
@pytest.mark.parametrize("name", ["a", "b"])
def test_a_session_is_gone_on_with_where_it_is_kept(aws: Two, name: str, session_of: Session):
    simulator = {"a": aws.a, "b": aws.b}[name]
    made = session_of(aws, f"of-{name}", f"Remember {name}.", ENV["ANN"])
    own = made.partition("0gw")[0]
    assert own != made
    assert own in simulator.simulator.desk.shelf.things
    for number in range(3):
        then = session_of(aws, "any", f"And then, {number}?", ENV["ANN"], made)
        assert then == made
        assert simulator.requests[-1].json["sessionId"] == own


@BOTH
def test_a_session_is_nobody_elses(aws: Two, session_of: Session):
    made = session_of(aws, "of-a", "A secret.", ENV["ANN"])
    own = made.partition("0gw")[0]
    forged = made[:-1] + ("a" if made[-1] != "a" else "b")
    before = len(aws.a.requests)
    for key, id in ((ENV["BOB"], made), (ENV["BOB"], own), (ENV["ANN"], own), (ENV["ANN"], forged)):
        with pytest.raises(ClientError) as caught:
            session_of(aws, "of-a", "And?", key, id)
        assert code(caught) == (404, "ResourceNotFoundException")
    assert len(aws.a.requests) == before


def test_the_models_beside_it_are_those_of_routes(aws: Two):
    def search(model: str) -> dict[str, Any]:
        inner = {"modelConfiguration": {"modelArn": model}}
        ranking = {"type": "BEDROCK_RERANKING_MODEL", "bedrockRerankingConfiguration": inner}
        return {"vectorSearchConfiguration": {"rerankingConfiguration": ranking}}

    ask(aws, "of-b", "Rank them.", retrievalConfiguration=search("ranker"))
    assert configured(aws.b)["retrievalConfiguration"] == search(RANKER)
    before = len(aws.b.requests)
    for model in ("unknown", RANKER, "of-a"):
        with pytest.raises(ClientError, match="does not exist") as caught:
            ask(aws, "of-b", "Rank them.", retrievalConfiguration=search(model))
        assert code(caught)[0] == 404
    assert len(aws.b.requests) == before


def test_sources_of_the_clients_own_are_asked(aws: Two):
    document = {"identifier": "a.txt", "contentType": "text/plain", "data": b"It was a fox."}
    source = {"sourceType": "BYTE_CONTENT", "byteContent": document}
    made = client(aws, AGENTS).retrieve_and_generate(
        input={"text": 'Who? [[sim: {"text": "A fox."}]]'},
        retrieveAndGenerateConfiguration={
            "type": "EXTERNAL_SOURCES",
            "externalSourcesConfiguration": {"modelArn": "of-a", "sources": [source]},
        },
    )
    assert made["output"]["text"] == "A fox."
    sent = aws.a.requests[-1].json["retrieveAndGenerateConfiguration"]
    assert sent["externalSourcesConfiguration"]["modelArn"] == PROFILE


@pytest.mark.parametrize("verb", ["retrieveAndGenerate", "retrieveAndGenerateStream"])
def test_a_path_may_name_the_model(aws: Two, verb: str):
    with httpx.Client(base_url=aws.local.url, headers={"x-api-key": ENV["ANN"]}) as http:
        answer = http.post(f"/model/of-b/{verb}", json=asking("another", "Who was it?"))
    assert answer.status_code == 200, answer.text
    assert aws.b.requests[-1].path == f"/{verb}"
    assert configured(aws.b)["modelArn"] == PROFILE


def test_a_model_that_no_route_has_is_not_found(aws: Two):
    for model in (PROFILE, RANKER.replace("cohere", "other")):
        with pytest.raises(ClientError) as caught:
            ask(aws, model, "Who?")
        assert code(caught)[0] == 404


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "ValidationException"),
        (403, "AccessDeniedException"),
        (404, "ResourceNotFoundException"),
        (409, "ConflictException"),
        (424, "DependencyFailedException"),
        (429, "ThrottlingException"),
        (500, "InternalServerException"),
        (502, "BadGatewayException"),
    ],
)
def test_an_error_is_of_its_class(aws: Two, status: int, kind: str):
    made = client(aws, AGENTS)
    order = f'{{"status": {status}, "error_type": "{kind}"}}'
    with pytest.raises(getattr(made.exceptions, kind)) as caught:
        made.retrieve_and_generate(**asking("of-a", f"Fail. [[sim: {order}]]"))
    assert code(caught) == (status, kind)


@pytest.mark.parametrize("wrong", [{"knowledgeBaseId": "no id"}, {"orchestrationConfiguration": 1}])
def test_what_aws_refuses_is_refused(aws: Two, wrong: dict[str, Any]):
    with httpx.Client(base_url=aws.local.url, headers={"x-api-key": ENV["ANN"]}) as http:
        answer = http.post("/retrieveAndGenerate", json=asking("of-a", "Who?", **wrong))
    assert answer.status_code == 400
    assert answer.json()["__type"] == "ValidationException"


def test_an_error_in_mid_stream_is_told(aws: Two):
    order = '{"text": "One two.", "error_after": 2, "error_type": "DependencyFailedException"}'
    answer = stream(aws, "of-b", f"Say it. [[sim: {order}]]")
    with pytest.raises(EventStreamError, match="dependencyFailedException"):
        list(answer["stream"])
    used = aws.record(operation="retrieve_and_generate", backend="b", finish_reason="error")
    assert used["output_tokens"] > 0


def test_a_stream_that_breaks_is_charged_for_what_was_said(aws: Two):
    order = '{"text": "One two three four.", "drop": "mid", "after": 3, "chunk_delay_ms": 20}'
    answer = stream(aws, "of-b", f"Say it all. [[sim: {order}]]")
    with pytest.raises(ProtocolError):
        list(answer["stream"])
    used = aws.record(operation="retrieve_and_generate", backend="b", stream=True, estimated=True)
    assert used["output_tokens"] > 0


def test_who_hangs_up_is_charged_for_what_was_said(aws: Two):
    order = '{"tokens": 400, "chunk_delay_ms": 20}'
    answer = stream(aws, "of-a", f"Go on and on. [[sim: {order}]]")
    for number, _ in enumerate(answer["stream"]):
        if number == 30:
            break
    answer["stream"].close()
    asked = {"operation": "retrieve_and_generate", "backend": "a", "stream": True, "status": 200}
    used = aws.record(**asked, finish_reason="", estimated=True)
    assert 10 <= used["output_tokens"] < 300
