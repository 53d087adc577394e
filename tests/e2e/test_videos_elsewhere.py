"""Films of those who keep them elsewhere, or hand them out by a POST, through a real Envoy."""

import io
import re
from collections.abc import Iterator

import httpx
import openai
import pytest
from google import genai
from google.oauth2.credentials import Credentials

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from extproc.lab.simulator.kept.films import film
from extproc.lab.simulator.pictures import BYTES
from tests.e2e.films import ENV, Gateway, backend, done, route

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Gateway]:
    """Those who keep films elsewhere, or hand them out by a POST, behind OpenAI's format."""
    vertex = {"project": "p", "region": "us-central1"}
    token = {"gcp": {"access_token": "env:KEY_B"}}
    aws = {"access_key_id": "env:KEY_A", "secret_access_key": "env:KEY_B"}
    with (
        RunningSimulator(name="a") as a,
        RunningSimulator(name="b") as b,
        RunningSimulator(name="c") as c,
        RunningSimulator(name="d") as d,
        RunningSimulator(name="e") as e,
    ):
        config = {
            "backends": {
                "a": backend("xai", "a", a),
                "b": backend("runway", "b", b),
                "c": backend("vertex", "c", c, **vertex) | {"credential": token},
                "d": backend("bedrock", "d", d, region="us-east-1", bucket="s3://films/made")
                | {"credential": {"aws": aws}},
                "e": backend("replicate", "a", e),
            },
            "routes": [
                route("grok", "a", "grok-imagine-video"),
                route("gen", "b", "gen4.5"),
                route("veo-there", "c", "veo-3.1-generate-001"),
                route("reel", "d", "amazon.nova-reel-v1:1"),
                route("dance", "e", "bytedance/seedance-1-pro"),
            ],
            "resources": {"secret": "env:IDS"},
        }
        with Local(config, ENV) as local:
            yield Gateway(local, a=a, b=b, c=c, d=d, e=e)


DANCE = {"prompt": "a fox of e", "duration": 5, "resolution": "720p", "aspect_ratio": "9:16"}


@pytest.mark.parametrize(
    ("model", "name", "sent"),
    [
        ("grok", "a", {"duration": 5, "aspect_ratio": "9:16", "resolution": "720p"}),
        ("gen", "b", {"duration": 5, "ratio": "720:1280"}),
        ("dance", "e", {"input": DANCE}),
    ],
)
def test_a_client_is_sent_to_where_the_film_is(
    elsewhere: Gateway, model: str, name: str, sent: dict
):
    client, simulator = elsewhere.client(), elsewhere.simulators[name]
    made = client.videos.create(
        model=model, prompt=f"a fox of {name}", size="720x1280", extra_body={"seconds": "5"}
    )
    assert (made.status, made.seconds, made.size) == ("queued", "5", "720x1280")
    assert sent.items() <= simulator.requests[-1].json.items()
    assert elsewhere.record(request_model=model)["cost_nanousd"] == 500_000_000
    assert client.videos.retrieve(made.id).status == "in_progress"
    video = client.videos.retrieve(made.id)
    assert (video.status, video.model, video.seconds) == ("completed", model, "5")
    link = f"{elsewhere.local.url}/v1/videos/{made.id}/content"
    answer = httpx.get(link, headers={"authorization": "Bearer any"})
    assert (answer.status_code, answer.content) == (302, b"")
    assert answer.headers["location"].endswith("?signed=yes%2Fso")
    own = answer.headers["location"].rpartition("/")[2].partition("?")[0]
    assert client.videos.download_content(made.id).content == film(own)


@pytest.mark.parametrize("model", ["grok", "gen", "dance"])
def test_a_film_that_is_not_shown_has_failed(elsewhere: Gateway, model: str):
    client = elsewhere.client()
    made = client.videos.create(model=model, prompt="a forbidden fox")
    video = done(client, made.id)
    assert (video.status, video.error is not None) == ("failed", True)
    with pytest.raises(openai.NotFoundError):
        client.videos.download_content(made.id)


@pytest.mark.parametrize(("model", "name"), [("grok", "a"), ("gen", "b"), ("dance", "e")])
def test_a_picture_goes_along_as_it_is_said(elsewhere: Gateway, model: str, name: str):
    client, simulator = elsewhere.client(), elsewhere.simulators[name]
    picture = ("first.png", io.BytesIO(BYTES), "image/png")
    client.videos.create(model=model, prompt="it moves", input_reference=picture)
    assert b"data:image/png;base64," in simulator.requests[-1].body
    link = {"image_url": "https://pictures.example.test/1.png"}
    said = {"model": model, "prompt": "it moves on", "input_reference": link}
    assert httpx.post(f"{elsewhere.local.url}/v1/videos", json=said).status_code == 200
    assert b'"https://pictures.example.test/1.png"' in simulator.requests[-1].body
    said["input_reference"] = {"file_id": "file-1"}
    answer = httpx.post(f"{elsewhere.local.url}/v1/videos", json=said)
    assert answer.status_code in (400, 404)


VERTEX = "/v1/projects/p/locations/us-central1/publishers/google/models/veo-3.1-generate-001"


def test_an_openai_client_gets_a_film_that_is_looked_at_by_a_post(elsewhere: Gateway):
    client, simulator = elsewhere.client(), elsewhere.simulators["c"]
    made = client.videos.create(model="veo-there", prompt="a fox", seconds="8", size="1280x720")
    assert (made.status, made.model, made.seconds) == ("queued", "veo-there", "8")
    assert simulator.requests[-1].target == f"{VERTEX}:predictLongRunning"
    with pytest.raises(openai.NotFoundError, match="not ready"):
        client.videos.download_content(made.id)
    sent = simulator.requests[-1]
    assert (sent.method, sent.target) == ("POST", f"{VERTEX}:fetchPredictOperation")
    assert sent.header("authorization") == "Bearer sk-key-of-b"
    own = sent.json["operationName"].rpartition("/")[2]
    video = client.videos.retrieve(made.id)
    assert (video.status, video.progress, video.id) == ("completed", 100, made.id)
    content = client.videos.download_content(made.id)
    assert content.response.headers["content-type"] == "video/mp4"
    assert content.content == film(own)
    assert elsewhere.record(request_model="veo-there")["cost_nanousd"] == 800_000_000
    with pytest.raises(openai.BadRequestError, match="DELETE"):
        client.videos.delete(made.id)


@pytest.mark.parametrize(
    ("prompt", "error", "words"),
    [
        ("a forbidden fox", openai.NotFoundError, "Blocked"),
        ("an impossible fox", openai.NotFoundError, "could not be used"),
        ("a stored fox", openai.BadRequestError, "gs://films/"),
    ],
)
def test_a_film_that_cannot_be_fetched_says_why(
    elsewhere: Gateway, prompt: str, error: type[openai.APIError], words: str
):
    client = elsewhere.client()
    made = client.videos.create(model="veo-there", prompt=prompt)
    done(client, made.id)
    with pytest.raises(error, match=words):
        client.videos.download_content(made.id)


def test_googles_sdk_follows_an_operation_on_vertex_ai(elsewhere: Gateway):
    client = genai.Client(
        vertexai=True,
        project="theirs",
        location="here",
        credentials=Credentials("any"),
        http_options={"base_url": elsewhere.local.url},
    )
    source, config = {"prompt": "its own"}, {"duration_seconds": 6}
    made = client.models.generate_videos(model="veo-there", source=source, config=config)
    assert made.name is not None
    assert "0gw" in made.name
    for _ in range(2):
        made = client.operations.get(made)
    assert made.result is not None
    (video,) = made.result.generated_videos
    own = made.name.rpartition("/")[2].partition("0gw")[0]
    assert video.video.video_bytes == film(own)
    assert elsewhere.record(request_model="veo-there", cost_nanousd=600_000_000)


@pytest.mark.parametrize(("seconds", "task"), [("6", "TEXT_VIDEO"), ("24", "MULTI_SHOT_AUTOMATED")])
def test_a_film_in_a_bucket_is_fetched_by_a_signed_url(elsewhere: Gateway, seconds: str, task: str):
    client, simulator = elsewhere.client(), elsewhere.simulators["d"]
    more = {"seconds": seconds}
    made = client.videos.create(model="reel", prompt="a fox", extra_body=more, size="1280x720")
    assert (made.status, made.seconds, made.size) == ("queued", seconds, "1280x720")
    sent = simulator.requests[-1].json
    assert (sent["modelId"], sent["modelInput"]["taskType"]) == ("amazon.nova-reel-v1:1", task)
    assert sent["outputDataConfig"] == {"s3OutputDataConfig": {"s3Uri": "s3://films/made"}}
    assert elsewhere.record(request_model="reel", cost_nanousd=int(seconds) * 100_000_000)
    assert client.videos.retrieve(made.id).status == "in_progress"
    assert client.videos.retrieve(made.id).status == "completed"
    assert simulator.requests[-1].header("authorization").startswith("AWS4-HMAC-SHA256 ")
    link = f"{elsewhere.local.url}/v1/videos/{made.id}/content"
    answer = httpx.get(link, headers={"authorization": "Bearer any"})
    place, _, query = answer.headers["location"].partition("?")
    assert re.fullmatch(
        r"https://films[.]s3[.]us-east-1[.]amazonaws[.]com/made/\w+/output.mp4", place
    )
    assert (answer.status_code, "X-Amz-Signature=" in query) == (302, True)


def test_a_film_that_nova_reel_withholds_has_failed(elsewhere: Gateway):
    client = elsewhere.client()
    made = client.videos.create(model="reel", prompt="a forbidden fox", extra_body={"seconds": 6})
    error = done(client, made.id).error
    assert error is not None
    assert (error.code, "content filters" in error.message) == ("moderation_blocked", True)
    with pytest.raises(openai.NotFoundError, match="content filters"):
        client.videos.download_content(made.id)


def test_films_on_replicate_are_a_list_of_their_own(elsewhere: Gateway):
    client = elsewhere.client().with_options(default_headers={"x-ai-backend": "e"})
    made = [client.videos.create(model="dance", prompt=f"fox {n}").id for n in range(3)]
    listed = list(client.videos.list(limit=2))
    assert [film.prompt for film in listed[:3]] == ["fox 2", "fox 1", "fox 0"]
    assert {film.model for film in listed} == {"dance"}
    assert client.videos.retrieve(listed[0].id).model == "dance"
    behind = client.videos.list(limit=1, after=made[2])
    assert behind.data[0].prompt == "fox 1"


@pytest.mark.parametrize("size", [1, 2, 100])
def test_films_of_nova_reel_are_a_list(elsewhere: Gateway, size: int):
    client = elsewhere.client().with_options(default_headers={"x-ai-backend": "d"})
    made = [client.videos.create(model="reel", prompt=f"fox {n}").id for n in range(3)]
    done(client, made[1])
    listed = list(client.videos.list(limit=size))
    assert [film.status for film in listed[:3]] == ["in_progress", "completed", "in_progress"]
    assert {(film.model, film.size, film.seconds) for film in listed} == {("reel", "1280x720", "")}
    assert len({film.id for film in listed}) == len(listed)
    assert client.videos.retrieve(listed[1].id) == listed[1]
    assert listed[1].completed_at
    link = f"{elsewhere.local.url}/v1/videos/{listed[1].id}/content"
    answer = httpx.get(link, headers={"authorization": "Bearer any"})
    assert (answer.status_code, "X-Amz-Signature=" in answer.headers["location"]) == (302, True)
    assert elsewhere.simulators["d"].requests[-1].header("authorization").startswith("AWS4-")
    behind = client.videos.list(limit=1, after=made[1])
    assert behind.data[0].created_at == listed[2].created_at


def test_what_others_have_invoked_is_no_film_of_the_gateway(elsewhere: Gateway):
    client = elsewhere.client().with_options(default_headers={"x-ai-backend": "d"})
    client.videos.create(model="reel", prompt="a fox")
    before = [film.id for film in client.videos.list(limit=100)]
    things = elsewhere.simulators["d"].simulator.desk.shelf.things
    ours = next(one for name, one in things.items() if name.startswith("async-invoke/"))
    vectors = ours["modelArn"].replace("amazon.nova-reel-v1:1", "twelvelabs.marengo-embed-2-7-v1:0")
    theirs = {"s3OutputDataConfig": {"s3Uri": "s3://films/made-by-others"}}
    for number, facts in enumerate(({"modelArn": vectors}, {"outputDataConfig": theirs})):
        id = f"other{number}"
        arn = f"{ours['invocationArn'].rpartition('/')[0]}/{id}"
        things[f"async-invoke/{id}"] = {**ours, **facts, "invocationArn": arn}
    assert [film.id for film in client.videos.list(limit=100)] == before
    for id in ("other0", "other1"):
        del things[f"async-invoke/{id}"]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_films_of_replicate_and_nova_reel_are_one_list(elsewhere: Gateway, size: int):
    client = elsewhere.client()
    for model in ("dance", "reel", "dance"):
        client.videos.create(model=model, prompt="a fox")
    listed = list(client.videos.list(limit=size))
    assert {film.model for film in listed} == {"dance", "reel"}
    times = [film.created_at for film in listed]
    assert times == sorted(times, reverse=True)
    alone = [
        len(list(client.with_options(default_headers={"x-ai-backend": name}).videos.list()))
        for name in "de"
    ]
    assert len({film.id for film in listed}) == len(listed) == sum(alone)
    said = httpx.get(f"{elsewhere.local.url}/v1/videos", timeout=30)
    assert said.headers["x-ai-missing-backends"] == "a, b, c"
