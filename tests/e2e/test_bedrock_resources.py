"""What Amazon Bedrock keeps, by boto3 through a real Envoy."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.test_resources import ENV, Two

S3 = {"s3Uri": "s3://bucket/in.jsonl"}
KEYS = {"aws": {"access_key_id": "env:KEY_A", "secret_access_key": "env:KEY_B"}}
MODEL = "luma.ray-v2:0"
JOB = {
    "jobName": "words",
    "roleArn": "arn:aws:iam::123456789012:role/batch",
    "inputDataConfig": {"s3InputDataConfig": S3},
    "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": "s3://bucket/out/"}},
}
INVOKE = {
    "modelInput": {"prompt": "a fox", "jobArn": "words"},
    "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": "s3://bucket/out/"}},
}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """Two regions of each, and two clients."""
    keys = tmp_path_factory.mktemp("keys") / "clients.yaml"
    keys.write_text("ann: env:ANN\nbob: env:BOB\n")
    with RunningSimulator(name="a") as a, RunningSimulator(name="b") as b:
        backends = {
            f"{kind}-{name}": {
                "provider": provider,
                "base_url": one.url,
                "region": "eu-west-1",
                "credential": KEYS,
            }
            for name, one in (("a", a), ("b", b))
            for kind, provider in (("jobs", "bedrock-jobs"), ("run", "bedrock"))
        }
        config = {
            "backends": backends,
            "routes": [
                {"models": [kind], "backends": [{"backend": f"{kind}-{n}", "model": MODEL}]}
                for kind in ("jobs", "run")
                for n in ("a",)
            ],
            "clients": {"api_keys": {"file": str(keys)}},
            "resources": {"secret": "env:IDS", "default": {"batches": "jobs-a"}},
        }
        with Local(config, ENV) as local:
            yield Two(local, a, b)


def client(gateway: Two, service: str, key: str = "key-of-ann", backend: str = "") -> Any:
    made = boto3.client(
        service,
        region_name="eu-west-1",
        endpoint_url=gateway.local.url,
        aws_access_key_id="AKID",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=30),
    )

    def headers(request: Any, **_: Any) -> None:
        request.headers["x-api-key"] = key
        if backend:
            request.headers["x-ai-backend"] = backend

    made.meta.events.register(f"before-send.{service}", headers)
    return made


def kept(simulator: RunningSimulator, arn: str) -> dict:
    things = simulator.simulator.desk.shelf.things
    return things.get(arn.rpartition(":")[2].partition("0gw")[0], {})


def code(caught: Any) -> tuple[int, str]:
    said = caught.value.response
    return said["ResponseMetadata"]["HTTPStatusCode"], said["Error"]["Code"]


def test_a_job_is_made_shown_and_stopped(aws: Two):
    jobs = client(aws, "bedrock")
    arn = jobs.create_model_invocation_job(modelId="jobs", **JOB)["jobArn"]
    assert kept(aws.a, arn)["modelId"] == MODEL
    assert aws.a.requests[-1].header("authorization").startswith("AWS4-HMAC-SHA256")
    for id in (arn, arn.rpartition("/")[2]):
        found = jobs.get_model_invocation_job(jobIdentifier=id)
        assert (found["jobArn"], found["status"]) == (arn, "Completed")
    jobs.stop_model_invocation_job(jobIdentifier=arn)
    assert kept(aws.a, arn)["status"] == "Stopping"
    assert aws.record(operation="batches", method="POST", backend="jobs-a")["total_tokens"] == 0


@pytest.mark.parametrize("key", ["key-of-ann", "key-of-bob"])
def test_a_job_that_is_not_the_clients_is_not_found(aws: Two, key: str):
    arn = client(aws, "bedrock").create_model_invocation_job(modelId="jobs", **JOB)["jobArn"]
    jobs = client(aws, "bedrock", key)
    own = arn.partition("0gw")[0]
    wrong = [own, own.rpartition("/")[2], f"{arn[:-1]}{'a' if arn[-1] != 'a' else 'b'}"]
    before = len(aws.a.requests)
    for id in wrong + [arn] * (key != "key-of-ann"):
        for act in (jobs.get_model_invocation_job, jobs.stop_model_invocation_job):
            with pytest.raises(ClientError) as caught:
                act(jobIdentifier=id)
            assert code(caught) == (404, "ResourceNotFoundException")
    with pytest.raises(ClientError, match="shared"):
        jobs.list_model_invocation_jobs()
    assert len(aws.a.requests) == before


def test_a_model_that_no_route_has_runs_no_job(aws: Two):
    with pytest.raises(ClientError, match="does not exist"):
        client(aws, "bedrock").create_model_invocation_job(modelId=MODEL, **JOB)
    with pytest.raises(ClientError, match="does not exist"):
        at_a = client(aws, "bedrock-runtime", backend="run-a")
        at_a.start_async_invoke(modelId="jobs", **INVOKE)


def test_a_film_is_made_at_leisure(aws: Two):
    run = client(aws, "bedrock-runtime", backend="run-a")
    arn = run.start_async_invoke(modelId="run", **INVOKE)["invocationArn"]
    sent = aws.a.requests[-1].json
    assert (sent["modelId"], sent["modelInput"]) == (MODEL, INVOKE["modelInput"])
    anywhere = client(aws, "bedrock-runtime")
    assert anywhere.get_async_invoke(invocationArn=arn)["invocationArn"] == arn
    with pytest.raises(ClientError) as caught:
        client(aws, "bedrock-runtime", "key-of-bob").get_async_invoke(invocationArn=arn)
    assert code(caught) == (404, "ResourceNotFoundException")
    with pytest.raises(ClientError, match="x-ai-backend"):
        anywhere.start_async_invoke(modelId="run", **INVOKE)


def test_with_one_backend_arns_stay_and_jobs_are_listed():
    with RunningSimulator(name="a") as a:
        backend = {"provider": "bedrock-jobs", "base_url": a.url, "region": "eu-west-1"}
        config = {
            "backends": {"jobs": {**backend, "credential": KEYS}},
            "routes": [{"models": ["jobs"], "backends": [{"backend": "jobs", "model": MODEL}]}],
        }
        with Local(config, ENV) as local:
            jobs = client(Two(local, a, a), "bedrock")
            made = [
                jobs.create_model_invocation_job(modelId="jobs", **JOB)["jobArn"] for _ in range(3)
            ]
            assert "0gw" not in made[0]
            pages = jobs.get_paginator("list_model_invocation_jobs").paginate(maxResults=2)
            listed = [one["jobArn"] for page in pages for one in page["invocationJobSummaries"]]
            assert listed == made[::-1]
