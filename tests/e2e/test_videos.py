"""Films through a real Envoy, by the SDKs of those whose format it is: made, followed, fetched."""

import io
import re
from collections.abc import Iterator

import httpx
import openai
import pytest
from openai.types import Video

from extproc.exchange.ids import code_of
from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from extproc.lab.simulator.kept.films import film
from extproc.lab.simulator.pictures import BYTES
from tests.e2e.films import ENV, Gateway, backend, done, route
from tests.e2e.listener import needs_retry_elsewhere

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")


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


def edited_at_night(client: openai.OpenAI, id: str) -> Video:
    """By the id of a film, which `videos.edit` takes for a file's content."""
    body = {"prompt": "at night", "video": {"id": id}}
    return client.post("/videos/edits", body=body, cast_to=Video)


def test_a_film_is_edited_and_made_longer_at_its_price(one: Gateway):
    client = one.client()
    made = client.videos.create(model="films", prompt="a fox that is changed", seconds="8")
    with pytest.raises(openai.BadRequestError, match="completed"):
        edited_at_night(client, made.id)
    done(client, made.id)
    edited = edited_at_night(client, made.id)
    assert (edited.prompt, edited.status) == ("at night", "queued")
    assert one.record(path="/v1/videos/edits", status=200)["cost_nanousd"] == 800_000_000
    longer = client.videos.extend(prompt="and on", seconds="20", video=("a.mp4", b"film"))
    assert longer.seconds == "20"
    assert b'filename="a.mp4"' in one.simulators["a"].requests[-1].body
    assert one.record(path="/v1/videos/extensions")["cost_nanousd"] == 2_000_000_000


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
        edited = edited_at_night(client, made.id)
        assert edited.id.partition("0gw")[2][:8] == made.id.partition("0gw")[2][:8]
        assert simulator.requests[-1].json["video"] == {"id": own}
        listed = client.with_options(default_headers={"x-ai-backend": name}).videos.list()
        assert {made.id, again.id} <= {video.id for video in listed.data}
        assert client.videos.delete(made.id).id == made.id
    paths = {r.target.partition("?")[0] for r in two.simulators["b"].requests}
    assert all(path.startswith("/openai/v1/videos") for path in paths)


@pytest.mark.parametrize("sent", [{"json": {"video": {"id": "video_x"}}}, {}])
def test_no_bare_film_is_changed(two: Gateway, sent: dict):
    form = {"files": {"prompt": (None, "at night"), "video[id]": (None, "video_x")}}
    answer = httpx.post(f"{two.local.url}/v1/videos/edits", **(sent or form))
    assert answer.status_code in (400, 404)
    brought = form["files"] | {"video": ("a.mp4", b"film")}
    at = {"x-ai-backend": "a"}
    answer = httpx.post(f"{two.local.url}/v1/videos/edits", files=brought, headers=at)
    assert answer.status_code in (400, 404)
    assert not any(b"video_x" in one.body for one in two.simulators["a"].requests)


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


@needs_retry_elsewhere
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
