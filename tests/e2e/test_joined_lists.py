"""Lists of two backends as one, by the SDKs of clouds and of films, through a real Envoy."""

from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from botocore.exceptions import ClientError
from google import genai
from google.genai import errors, types

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.films import ENV as FILM_ENV
from tests.e2e.films import backend
from tests.e2e.test_bedrock_resources import JOB, KEYS, MODEL
from tests.e2e.test_bedrock_resources import client as aws_client
from tests.e2e.test_gemini_resources import on_vertex
from tests.e2e.test_resources import ENV, Two

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")


@pytest.fixture(scope="module")
def both() -> Iterator[Two]:
    """Two projects on Vertex AI, two regions of Bedrock's jobs, and two that make films."""
    with RunningSimulator(name="a") as a, RunningSimulator(name="b") as b:
        backends: dict[str, dict] = {}
        for name, one in (("a", a), ("b", b)):
            key = {"api_key": f"env:KEY_{name.upper()}"}
            place = {"base_url": one.url, "credential": key}
            cloud = {"project": f"theirs-{name}", "region": "us-central1"}
            backends[f"vertex-{name}"] = {"provider": "vertex", **place, **cloud}
            jobs = {"provider": "bedrock-jobs", "base_url": one.url, "region": "eu-west-1"}
            backends[f"jobs-{name}"] = {**jobs, "credential": KEYS}
            backends[f"films-{name}"] = backend("openai", name, one)
        models = {"vertex": "gemini-2.5-flash", "jobs": MODEL, "films": "sora-2"}
        config = {
            "backends": backends,
            "routes": [
                {"models": [f"{kind}-{n}"], "backends": [{"backend": f"{kind}-{n}", "model": m}]}
                for kind, m in models.items()
                for n in "ab"
            ],
            "resources": {"secret": "env:IDS"},
        }
        with Local(config, {**FILM_ENV, **ENV}) as local:
            yield Two(local, a, b)


def own(ids: list[str]) -> list[str]:
    return [id.rpartition("/")[2].partition("0gw")[0] for id in ids]


def at(client: genai.Client, backend: str) -> types.HttpOptions:
    return types.HttpOptions(headers={"x-ai-backend": backend})


@pytest.fixture(scope="module")
def made(both: Two) -> list[str]:
    """Jobs on Vertex AI: one at the first backend, two at the second."""
    client, found = on_vertex(both), []
    for name in "abb":
        job = client.batches.create(
            model=f"vertex-{name}",
            src="gs://bucket/in.jsonl",
            config={
                "dest": "gs://bucket/out",
                "http_options": at(client, f"vertex-{name}"),
            },
        )
        found.append(job.name)
    return found


@pytest.mark.parametrize("size", [1, 2, 50])
def test_jobs_of_two_projects_on_vertex_are_one_list(both: Two, made: list[str], size: int):
    client = on_vertex(both)
    listed = [job.name for job in client.batches.list(config={"page_size": size})]
    assert sorted(listed) == sorted(made)
    assert [client.batches.get(name=name).name for name in listed] == listed


def test_a_forged_page_of_vertex_is_not_found(both: Two, made: list[str]):
    client = on_vertex(both)
    token = client.batches.list(config={"page_size": 1}).config["page_token"]
    forged = token[:-1] + ("a" if token[-1] != "a" else "b")
    with pytest.raises(errors.ClientError) as caught:
        client.batches.list(config={"page_token": forged})
    assert caught.value.code == 404


def test_caches_of_two_projects_on_vertex_are_one_list(both: Two):
    client = on_vertex(both)
    made = [
        client.caches.create(
            model=f"vertex-{name}",
            config={
                "contents": ["a long text"],
                "http_options": at(client, f"vertex-{name}"),
            },
        ).name
        for name in "ab"
    ]
    assert sorted(one.name for one in client.caches.list(config={"page_size": 1})) == sorted(made)


def jobs_of(both: Two, backend: str = "") -> Any:
    return aws_client(both, "bedrock", "any", backend)


@pytest.mark.parametrize("size", [1, 2, 50])
def test_jobs_of_two_regions_of_bedrock_are_one_list(both: Two, size: int):
    for name in "abb":
        jobs_of(both, f"jobs-{name}").create_model_invocation_job(modelId=f"jobs-{name}", **JOB)
    jobs = jobs_of(both)
    pages = jobs.get_paginator("list_model_invocation_jobs").paginate(maxResults=size)
    listed = [one["jobArn"] for page in pages for one in page["invocationJobSummaries"]]
    things = [(one, one.simulator.desk.shelf.things) for one in (both.a, both.b)]
    known = [name for _, kept in things for name in kept if name.startswith("model-invocation-job")]
    assert sorted(own(listed)) == sorted(own(known))
    for arn in listed:
        assert jobs.get_model_invocation_job(jobIdentifier=arn)["jobArn"] == arn
    with pytest.raises(ClientError, match="x-ai-backend"):
        jobs.list_model_invocation_jobs(sortBy="CreationTime")


@pytest.mark.parametrize("size", [1, 2, 50])
def test_films_of_two_backends_are_one_list(both: Two, size: int):
    client = both.client()
    for name in "abb":
        client.videos.create(model=f"films-{name}", prompt="a fox", seconds="4")
    listed = [film.id for film in client.videos.list(limit=size)]
    known = [
        name
        for one in (both.a, both.b)
        for name, thing in one.simulator.desk.shelf.things.items()
        if thing.get("object") == "video"
    ]
    assert sorted(own(listed)) == sorted(known)
    assert client.videos.retrieve(listed[-1]).id == listed[-1]


def test_a_list_of_films_begins_behind_no_foreign_id(both: Two):
    with pytest.raises(openai.NotFoundError):
        both.client().videos.list(after="video_a000001")


def test_whose_films_are_missing_is_said(both: Two):
    said = httpx.get(f"{both.local.url}/v1/videos?limit=1", timeout=30)
    assert said.status_code == 200
    # Veo keeps operations, and lists none as films.
    assert said.headers["x-ai-missing-backends"] == "vertex-a, vertex-b"
