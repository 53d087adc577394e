"""Films through a real Envoy, by the SDKs of those whose format it is: made, followed, fetched."""

import io
import os
import re
from collections.abc import Iterator

import httpx
import openai
import pytest
from google import genai
from google.oauth2.credentials import Credentials

from extproc.exchange.ids import code_of
from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from extproc.lab.simulator.kept.films import film
from extproc.lab.simulator.pictures import BYTES

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")

ENV = {
    **os.environ,
    "KEY_A": "sk-key-of-a",
    "KEY_B": "sk-key-of-b",
    "IDS": "a secret that signs ids",
    "ANN": "key-of-ann",
    "BOB": "key-of-bob",
}


class Gateway:
    """Some providers behind one gateway."""

    def __init__(self, local: Local, **simulators: RunningSimulator) -> None:
        self.local = local
        self.simulators = simulators

    def client(self, key: str = "any", **headers: str) -> openai.OpenAI:
        return openai.OpenAI(
            base_url=f"{self.local.url}/v1",
            api_key=key,
            max_retries=0,
            timeout=30,
            default_headers=headers,
        )

    def record(self, **wanted: object) -> dict:
        found: list[dict] = []

        def look() -> bool:
            found[:] = [r for r in self.local.records() if wanted.items() <= r.items()]
            return bool(found)

        self.local.wait_for(look, f"a record with {wanted}")
        return found[-1]


def backend(provider: str, name: str, simulator: RunningSimulator, **more: object) -> dict:
    credential = {"api_key": f"env:KEY_{name.upper()}"}
    return {"provider": provider, "base_url": simulator.url, "credential": credential, **more}


def route(model: str, backend: str, upstream: str) -> dict:
    entry = {"backend": backend, "model": upstream}
    return {"models": [model], "backends": [entry], "price": {"second": 0.1}}


@pytest.fixture(scope="module")
def one() -> Iterator[Gateway]:
    """Where one provider alone keeps films, and ids stay as they are."""
    with RunningSimulator(name="a") as a:
        config = {
            "backends": {"a": backend("openai", "a", a)},
            "routes": [route("films", "a", "sora-2")],
        }
        with Local(config, ENV) as local:
            yield Gateway(local, a=a)


@pytest.fixture(scope="module")
def two() -> Iterator[Gateway]:
    with RunningSimulator(name="a") as a, RunningSimulator(name="b") as b:
        config = {
            "backends": {
                "a": backend("openai", "a", a),
                "b": backend("azure", "b", b, instance="x"),
            },
            "routes": [route("films", "a", "sora-2"), route("azures", "b", "sora-2")],
            "resources": {"secret": "env:IDS"},
        }
        with Local(config, ENV) as local:
            yield Gateway(local, a=a, b=b)


def done(client: openai.OpenAI, id: str) -> openai.types.Video:
    """The film, after as many looks as the simulator wants."""
    for _ in range(3):
        video = client.videos.retrieve(id)
    return video


def test_a_film_is_made_followed_fetched_and_deleted(one: Gateway):
    client = one.client()
    made = client.videos.create(model="films", prompt="a fox in the snow", seconds="8")
    assert (made.status, made.seconds, made.model) == ("queued", "8", "sora-2")
    with pytest.raises(openai.NotFoundError, match="not ready"):
        client.videos.download_content(made.id)
    assert client.videos.retrieve(made.id).status == "queued"
    assert client.videos.retrieve(made.id).progress == 50
    assert client.videos.retrieve(made.id).status == "completed"
    assert client.videos.download_content(made.id, variant="video").content == film(made.id)
    sent = one.simulators["a"].requests[-1]
    assert sent.target == f"/v1/videos/{made.id}/content?variant=video"
    assert made.id in [video.id for video in client.videos.list(limit=100)]
    assert client.videos.delete(made.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.videos.retrieve(made.id)


def test_its_seconds_are_charged_once_when_it_is_made(one: Gateway):
    client = one.client()
    made = client.videos.create(model="films", prompt="a fox that costs", seconds="12")
    record = one.record(operation="video", request_model="films", cost_nanousd=1_200_000_000)
    assert (record["response_model"], record["estimated"]) == ("sora-2", False)
    before = len(one.local.records())
    done(client, made.id)
    one.local.wait_for(lambda: len(one.local.records()) >= before + 3, "records of the looks")
    assert not any(look["cost_nanousd"] for look in one.local.records()[before:])


def test_a_remix_costs_as_much_as_a_film(one: Gateway):
    client = one.client()
    made = client.videos.create(model="films", prompt="a fox that is mixed", seconds="8")
    done(client, made.id)
    again = client.videos.remix(made.id, prompt="at night")
    assert again.remixed_from_video_id == made.id
    path = f"/v1/videos/{made.id}/remix"
    assert one.record(path=path)["cost_nanousd"] == 800_000_000


def test_a_form_may_bring_a_picture_and_json_may_name_one(one: Gateway):
    client = one.client()
    picture = ("first.png", io.BytesIO(BYTES), "image/png")
    client.videos.create(model="films", prompt="it moves", input_reference=picture)
    sent = one.simulators["a"].requests[-1]
    assert b'name="input_reference"; filename="first.png"' in sent.body
    assert b"sora-2" in sent.body
    link = {"image_url": "https://pictures.example.test/1.png"}
    said = {"model": "films", "prompt": "it moves on", "input_reference": link}
    answer = httpx.post(f"{one.local.url}/v1/videos", json=said)
    assert answer.status_code == 200
    assert one.simulators["a"].requests[-1].json == {**said, "model": "sora-2"}


def test_a_form_without_a_model_is_refused(one: Gateway):
    with pytest.raises(openai.BadRequestError, match="model"):
        one.client().videos.create(prompt="whose?")


def test_ids_lead_back_to_their_backend(two: Gateway):
    client = two.client()
    for model, name in (("films", "a"), ("azures", "b")):
        simulator = two.simulators[name]
        made = client.videos.create(model=model, prompt=f"of {name}")
        own = made.id.partition("0gw")[0]
        assert own in simulator.simulator.desk.shelf.things
        assert done(client, made.id).id == made.id
        assert client.videos.download_content(made.id).content == film(own)
        again = client.videos.remix(made.id, prompt="again")
        assert again.remixed_from_video_id == made.id
        assert again.id.partition("0gw")[2][:8] == made.id.partition("0gw")[2][:8]
        listed = client.with_options(default_headers={"x-ai-backend": name}).videos.list()
        assert {made.id, again.id} <= {video.id for video in listed.data}
        assert client.videos.delete(made.id).id == made.id
    paths = {r.target.partition("?")[0] for r in two.simulators["b"].requests}
    assert all(path.startswith("/openai/v1/videos") for path in paths)


def test_a_forged_id_is_not_found(two: Gateway):
    client = two.client()
    made = client.videos.create(model="films", prompt="a fox that is mine")
    own = made.id.partition("0gw")[0]
    for id in (own, made.id[:-1] + ("a" if made.id[-1] != "a" else "b"), "video_x"):
        for act in (client.videos.retrieve, client.videos.download_content, client.videos.delete):
            with pytest.raises(openai.NotFoundError):
                act(id)


def test_a_form_may_name_a_file_that_was_sent_before(two: Gateway):
    client = two.client(**{"x-ai-backend": "a"})
    file = client.files.create(file=("a.png", BYTES), purpose="vision")
    own = file.id.partition("0gw")[0]
    for id, status in ((file.id, 200), (own, 404)):
        said = {"model": "films", "prompt": "of a file", "input_reference[file_id]": id}
        form = {name: (None, value) for name, value in said.items()}
        assert httpx.post(f"{two.local.url}/v1/videos", files=form).status_code == status
    sent = two.simulators["a"].requests[-1]
    assert f"\r\n\r\n{own}\r\n".encode() in sent.body


@pytest.fixture(scope="module")
def veo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Google's films behind OpenAI's format, beside OpenAI's own, for clients that are apart."""
    keys = tmp_path_factory.mktemp("keys") / "clients.yaml"
    keys.write_text("ann: env:ANN\nbob: env:BOB\n")
    with RunningSimulator(name="a") as a, RunningSimulator(name="b") as b:
        config = {
            "backends": {"a": backend("openai", "a", a), "b": backend("gemini", "b", b)},
            "routes": [
                route("films", "a", "sora-2"),
                route("veo", "b", "veo-3.1-generate-preview"),
            ],
            "resources": {"secret": "env:IDS"},
            "clients": {"api_keys": {"file": str(keys)}},
        }
        with Local(config, ENV) as local:
            yield Gateway(local, a=a, b=b)


def test_an_openai_client_gets_a_film_of_veos(veo: Gateway):
    client = veo.client("key-of-ann")
    picture = ("first.png", io.BytesIO(BYTES), "image/png")
    made = client.videos.create(
        model="veo", prompt="a fox", seconds="8", size="1280x720", input_reference=picture
    )
    shown = (made.status, made.model, made.seconds, made.size, made.prompt, made.progress)
    assert shown == ("queued", "veo", "8", "1280x720", "a fox", 0)
    sent = veo.simulators["b"].requests[-1]
    assert sent.target == "/v1beta/models/veo-3.1-generate-preview:predictLongRunning"
    assert sent.json["parameters"] == {
        "aspectRatio": "16:9",
        "durationSeconds": 8,
        "resolution": "720p",
    }
    assert sent.json["instances"][0]["image"]["mimeType"] == "image/png"
    with pytest.raises(openai.NotFoundError, match="not ready"):
        client.videos.download_content(made.id)
    video = client.videos.retrieve(made.id)
    assert (video.status, video.progress, video.id) == ("completed", 100, made.id)
    assert (video.model, video.seconds, video.size) == ("veo", "8", "1280x720")
    assert video.created_at == made.created_at
    content = client.videos.download_content(made.id)
    target = veo.simulators["b"].requests[-1].target
    match = re.fullmatch(r"/v1beta/files/file(\w+):download[?]alt=media", target)
    assert match is not None
    assert content.content == film(match[1])
    assert veo.record(request_model="veo")["cost_nanousd"] == 800_000_000


def test_what_veo_makes_nearly_so_is_named_and_what_not_is_refused(veo: Gateway):
    client = veo.client("key-of-ann")
    raw = client.videos.with_raw_response
    answer = raw.create(
        model="veo", prompt="a tall fox", size="1024x1792", extra_body={"user": "ann", "loop": "x"}
    )
    assert answer.headers["x-ai-dropped-params"] == "loop, user, size"
    made = answer.parse()
    assert (made.seconds, made.size) == ("4", "720x1280")
    assert veo.record(request_model="veo", cost_nanousd=400_000_000)["estimated"] is False
    with pytest.raises(openai.BadRequestError, match="4, 6, 8 seconds") as caught:
        client.videos.create(model="veo", prompt="a long fox", seconds="12")
    assert caught.value.param == "seconds"
    with pytest.raises(openai.BadRequestError, match="not possible at this provider"):
        client.with_options(default_headers={"x-ai-backend": "b"}).videos.list()


def test_a_film_of_veos_cannot_be_deleted_or_mixed(veo: Gateway):
    client = veo.client("key-of-ann")
    made = client.videos.create(model="veo", prompt="a fox to stay")
    before = len(veo.simulators["b"].requests)
    with pytest.raises(openai.BadRequestError, match="DELETE"):
        client.videos.delete(made.id)
    with pytest.raises(openai.BadRequestError, match="no variant but video"):
        client.videos.download_content(made.id, variant="thumbnail")
    with pytest.raises(openai.BadRequestError, match="remix"):
        client.videos.remix(made.id, prompt="again")
    with pytest.raises(openai.NotFoundError):
        veo.client("key-of-bob").videos.retrieve(made.id)
    assert len(veo.simulators["b"].requests) == before


@pytest.mark.parametrize(
    ("prompt", "code", "words"),
    [
        ("a forbidden fox", "moderation_blocked", "Blocked"),
        ("an impossible fox", "3", "could not be used"),
    ],
)
def test_a_film_of_veos_that_failed_says_why(veo: Gateway, prompt: str, code: str, words: str):
    client = veo.client("key-of-ann")
    made = client.videos.create(model="veo", prompt=prompt)
    video = done(client, made.id)
    assert video.status == "failed"
    assert video.error is not None
    assert (video.error.code, words in video.error.message) == (code, True)
    with pytest.raises(openai.NotFoundError, match=words):
        client.videos.download_content(made.id)


def test_a_client_of_googles_format_follows_its_operation(veo: Gateway):
    url, headers = veo.local.url, {"x-goog-api-key": "key-of-ann"}
    said = {"instances": [{"prompt": "its own fox"}], "parameters": {"durationSeconds": 6}}
    place = f"{url}/v1beta/models/veo:predictLongRunning"
    made = httpx.post(place, headers=headers, json=said).json()
    assert made.keys() == {"name"}
    assert "0gw" in made["name"]
    assert veo.simulators["b"].requests[-1].json == said
    assert veo.record(request_model="veo", cost_nanousd=600_000_000)["estimated"] is False
    look = f"{url}/v1beta/{made['name']}"
    for _ in range(2):
        shown = httpx.get(look, headers=headers).json()
    assert shown["name"] == made["name"]
    sample = shown["response"]["generateVideoResponse"]["generatedSamples"][0]
    link = sample["video"]["uri"]
    assert link.startswith(f"{url}/v1beta/files/file")
    own = made["name"].rpartition("/")[2].partition("0gw")[0]
    assert httpx.get(link, headers=headers).content == film(own)
    longer = {"instances": [{"prompt": "and on", "video": {"uri": link}}]}
    place = f"{url}/v1beta/models/veo:predictLongRunning"
    assert httpx.post(place, headers=headers, json=longer).status_code == 200
    video = veo.simulators["b"].requests[-1].json["instances"][0]["video"]
    host = "https://generativelanguage.googleapis.com"
    assert video == {"uri": f"{host}/v1beta/files/file{own}:download?alt=media"}
    stranger = {"x-goog-api-key": "key-of-bob"}
    assert httpx.post(place, headers=stranger, json=longer).status_code == 404
    for place in (look, link):
        answer = httpx.get(place, headers=stranger)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, 404)
    bare = httpx.get(f"{url}/v1beta/{made['name'].partition('0gw')[0]}", headers=headers)
    assert bare.status_code == 404


def test_a_client_of_googles_format_has_its_own_provider_alone(veo: Gateway):
    headers = {"x-goog-api-key": "key-of-ann"}
    said = {"instances": [{"prompt": "whose fox?"}]}
    place = f"{veo.local.url}/v1beta/models/films:predictLongRunning"
    answer = httpx.post(place, headers=headers, json=said)
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


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


@pytest.fixture(scope="module")
def failover() -> Iterator[Gateway]:
    """Veo first, and OpenAI's format where that fails."""
    with RunningSimulator(name="a") as a, RunningSimulator(name="b") as b:
        first = {"backend": "b", "model": "veo-3.1-generate-preview"}
        second = {"backend": "a", "model": "sora-2", "priority": 1}
        config = {
            "backends": {"a": backend("openai", "a", a), "b": backend("gemini", "b", b)},
            "routes": [{"models": ["films"], "backends": [first, second]}],
            "resources": {"secret": "env:IDS"},
        }
        with Local(config, ENV) as local:
            yield Gateway(local, a=a, b=b)


def test_a_film_that_one_provider_cannot_make_now_is_made_by_the_next(failover: Gateway):
    client = failover.client()
    failover.simulators["b"].simulator.desk.script.append({"status": 503})
    picture = ("first.png", io.BytesIO(BYTES), "image/png")
    made = client.videos.create(model="films", prompt="a fox", input_reference=picture)
    assert made.model == "sora-2"
    tried, sent = (failover.simulators[name].requests[-1] for name in ("b", "a"))
    assert tried.header("content-type") == "application/json"
    assert sent.header("content-type").startswith("multipart/form-data; boundary=")
    assert client.videos.retrieve(made.id).id == made.id
    again = client.videos.create(model="films", prompt="another fox", input_reference=picture)
    assert again.model == "films"
    assert done(client, again.id).status == "completed"
    assert [made.id[-24:-16], again.id[-24:-16]] == [code_of("a"), code_of("b")]
