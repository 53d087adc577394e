"""Films asked for in OpenAI's format, as each provider is told of them and tells of them."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Context, Sent, Wanted
from providers.bridging.jobs import ID, Inquiry
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS, RESOURCES
from providers.errors import BadAnswer, InvalidRequest, NotFound, Unsupported
from providers.neutral.media import Data
from providers.neutral.video import Ticket
from tests.providers.dialects.films import (
    ARN,
    CAST,
    CLIENT,
    FETCH,
    FILMS,
    GEN,
    GROK,
    OPERATION,
    PICTURE,
    REEL,
    SHOW,
    THERE,
    THERE_REF,
    VEO,
    ask,
    sent,
)


@pytest.mark.parametrize("target", [VEO, GROK, GEN])
def test_a_film_of_no_said_length_has_four_seconds(target):
    body, dropped, echo = sent(target)
    assert (echo["seconds"], echo["prompt"], dropped) == (4, "a fox", ())
    assert 4 in (body.get("duration"), body.get("parameters", {}).get("durationSeconds"))


@pytest.mark.parametrize(
    ("target", "model", "seconds", "size", "made", "dropped"),
    [
        (VEO, "", "8", "1920x1080", {"aspectRatio": "16:9", "resolution": "1080p"}, ()),
        (VEO, "", "8", "1024x1792", {"aspectRatio": "9:16", "resolution": "1080p"}, ("size",)),
        (VEO, "", "4", "1920x1080", {"aspectRatio": "16:9", "resolution": "720p"}, ("size",)),
        (VEO, "", "8", "3840x2160", {"aspectRatio": "16:9", "resolution": "4k"}, ()),
        (
            VEO,
            "veo-3.1-lite-generate-preview",
            "8",
            "3840x2160",
            {"resolution": "1080p"},
            ("size",),
        ),
        (VEO, "veo-3.0-generate-001", "8", "1080x1920", {"resolution": "720p"}, ("size",)),
        (VEO, "veo-2.0-generate-001", "5", "1280x720", {"aspectRatio": "16:9"}, ()),
        (GROK, "", 15, "848x480", {"aspect_ratio": "16:9", "resolution": "480p"}, ()),
        (GROK, "", "1", "1000x1000", {"aspect_ratio": "1:1", "resolution": "720p"}, ("size",)),
        (GEN, "", "10", "720x1280", {"ratio": "720:1280"}, ()),
        (GEN, "", "2", "1024x1792", {"ratio": "720:1280"}, ("size",)),
        (GEN, "veo3.1", "6", "1080x1920", {"ratio": "1080:1920"}, ()),
        (GEN, "some-model", "33", "100x100", {"ratio": "100:100", "duration": 33}, ()),
    ],
)
def test_a_size_is_the_nearest_that_the_model_makes(target, model, seconds, size, made, dropped):
    body, lost, echo = sent(target, model, seconds=seconds, size=size)
    assert made.items() <= body.get("parameters", body).items()
    assert lost == dropped
    assert echo["seconds"] == int(seconds)
    assert (echo["size"] == size) == (not dropped)


@pytest.mark.parametrize(("target", "size"), [(VEO, "1280x720"), (GROK, ""), (GEN, "1280x720")])
def test_a_size_that_nobody_asked_for_is_told_where_it_is_known(target, size):
    body, dropped, echo = sent(target)
    assert (echo["size"], dropped) == (size, ())
    assert "aspectRatio" not in body.get("parameters", {})


def test_the_oldest_model_has_no_word_for_its_only_resolution():
    body, *_ = sent(VEO, "veo-2.0-generate-001", size="1280x720")
    assert body["parameters"] == {"aspectRatio": "16:9", "durationSeconds": 5}


@pytest.mark.parametrize(
    ("target", "body", "param"),
    [
        (VEO, {"seconds": "12"}, "seconds"),
        (VEO, {"input_reference": {"file_id": "file-1"}}, "input_reference"),
        (GROK, {"seconds": "16"}, "seconds"),
        (GROK, {"negative_prompt": "rain"}, "negative_prompt"),
        (GEN, {"seconds": "12"}, "seconds"),
        (GEN, {"negative_prompt": "rain"}, "negative_prompt"),
        (GEN, {"prompt": "x" * 1001}, "prompt"),
        (GEN, {"prompt": "\N{FOX FACE}" * 501}, "prompt"),
        (GEN, {"model_": "gen4_turbo"}, "input_reference"),
    ],
)
def test_what_cannot_be_said_is_refused_by_the_clients_name(target, body, param):
    model = body.pop("model_", "")
    with pytest.raises(Unsupported) as caught:
        sent(target, model, **body)
    assert caught.value.param == param


@pytest.mark.parametrize(
    "body",
    [
        {"prompt": None},
        {"seconds": "long"},
        {"seconds": 0},
        {"seconds": 4.5},
        {"seconds": True},
        {"seconds": "9" * 9},
        {"size": "large"},
        {"input_reference": "a picture"},
        {"input_reference": {"image_url": 3}},
        {"seed": "x"},
    ],
)
def test_a_wrong_body_is_refused(body):
    with pytest.raises(InvalidRequest):
        sent(VEO, **body)


def test_hints_are_dropped_by_name_and_numbers_of_forms_are_read():
    body, dropped, _ = sent(VEO, seed="7", user="ann", loop=True, negative_prompt="rain")
    assert dropped == ("loop", "user")
    assert (body["parameters"]["seed"], body["parameters"]["negativePrompt"]) == (7, "rain")
    for seed in (-1, 2**32):
        body, dropped, _ = sent(VEO, seed=seed)
        assert ("seed" in body["parameters"], dropped) == (False, ("seed",))


def test_a_picture_is_sent_along_or_fetched_first():
    body, *_ = sent(VEO, input_reference=PICTURE)
    image = {"bytesBase64Encoded": "cG5n", "mimeType": "image/png"}
    assert body["instances"][0]["image"] == image
    link = {"image_url": "https://a.test/a.png"}
    found = ask(VEO, input_reference=link)
    assert isinstance(found, Wanted)
    assert [(one.url, one.name) for one in found.links] == [
        ("https://a.test/a.png", "input_reference")
    ]
    files = {"https://a.test/a.png": Data(base64="cG5n", media_type="image/png")}
    body, *_ = sent(VEO, input_reference=link, files=files)
    assert body["instances"][0]["image"] == image


@pytest.mark.parametrize(("target", "member"), [(GROK, "image"), (GEN, "promptImage")])
def test_who_fetches_pictures_is_told_where_they_are(target, member):
    for reference in ({"image_url": "https://a.test/a.png"}, PICTURE):
        body, *_ = sent(target, input_reference=reference)
        said = body[member]["url"] if target == GROK else body[member]
        assert said in ("https://a.test/a.png", "data:image/png;base64,cG5n")
    form = {"input_reference[image_url]": "https://a.test/a.png"}
    assert b"https://a.test/a.png" in orjson.dumps(sent(target, **form)[0])


def test_a_form_that_begins_with_a_picture_goes_elsewhere():
    for reference, task in ((PICTURE, "image_to_video"), (None, "text_to_video")):
        found = ask(GEN, input_reference=reference)
        assert isinstance(found, Sent)
        assert found.places == {"task": task}


def made(target: str, answer: Any) -> dict[str, Any]:
    """The job that a client is told of."""
    context = Context(
        model="m", id="x", now=9, echo={"seconds": 8, "size": "1280x720", "prompt": "a fox"}
    )
    body, seen = bridge(CLIENT, DIALECTS[target], Quirks()).whole(orjson.dumps(answer), context)
    assert seen.usage is not None
    assert seen.usage.units is not None
    assert seen.usage.units.seconds == 8
    found: dict[str, Any] = orjson.loads(body or b"")
    return found


BEGUN = {
    CAST: {"id": "p1"},
    REEL: {"invocationArn": ARN},
    VEO: {"name": OPERATION},
    GROK: {"request_id": "r1"},
    GEN: {"id": "t1"},
}


@pytest.mark.parametrize("target", BEGUN)
def test_an_id_says_what_the_provider_will_not(target):
    job = made(target, BEGUN[target])
    assert (job["object"], job["status"], job["prompt"]) == ("video", "queued", "a fox")
    ticket = Ticket.of(job["id"].removeprefix("video_"))
    ref = next(iter(BEGUN[target].values()))
    assert ticket == Ticket(ref=ref, model="m", seconds=8, size="1280x720", created=9)


@pytest.mark.parametrize("target", BEGUN)
@pytest.mark.parametrize("answer", [{}, {"name": "../x"}, {"request_id": "a/b"}, {"id": ""}])
def test_an_answer_that_names_no_job_is_none(target, answer):
    with pytest.raises(BadAnswer):
        made(target, {**answer, "other": 1})


def looked(target: str, answer: Any, act: Any = SHOW, ref: str = "") -> tuple[Any, str]:
    """(the job, where its film is)."""
    one = Inquiry(FILMS, RESOURCES[target], act)
    ticket = Ticket(ref=ref or OPERATION, model="m", seconds=8, size="1280x720", created=9)
    id = f"video_{ticket.text()}"
    context = Context(model="", id="x", now=10, echo={ID: id})
    body, seen = one.whole(orjson.dumps(answer), context)
    job = orjson.loads(body) if body else None
    assert job is None or job["id"] == id
    return job, seen.location


def veo(*samples: Any, **more: Any) -> dict[str, Any]:
    made = {"generatedSamples": list(samples), **more}
    return {"name": OPERATION, "done": True, "response": {"generateVideoResponse": made}}


def there(*videos: Any, **more: Any) -> dict[str, Any]:
    return {"name": OPERATION, "done": True, "response": {"videos": [*videos], **more}}


def reel(place: str) -> dict[str, Any]:
    return {"status": "Completed", "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": place}}}


INLINE = {"bytesBase64Encoded": "ZmlsbQ==", "mimeType": "video/mp4"}
FILE = {"video": {"uri": "https://generativelanguage.googleapis.com/v1beta/files/f1:download"}}
FILTERED = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["blocked", 3]}
LINK = "https://a.test/1.mp4"
DONE = {"status": "done", "video": {"url": LINK}}


@pytest.mark.parametrize(
    ("target", "answer", "status", "progress", "code"),
    [
        (VEO, {"name": OPERATION}, "in_progress", 0, None),
        (VEO, veo(FILE), "completed", 100, None),
        (VEO, veo(**FILTERED), "failed", 0, "moderation_blocked"),
        (VEO, {"done": True}, "failed", 0, "moderation_blocked"),
        (VEO, {"error": {"code": 3, "message": "no"}}, "failed", 0, "3"),
        (VEO, {"error": {"status": "INTERNAL"}}, "failed", 0, "INTERNAL"),
        (CAST, {"status": "starting", "output": None}, "queued", 0, None),
        (CAST, {"status": "succeeded", "output": LINK}, "completed", 100, None),
        (CAST, {"status": "succeeded", "output": None}, "failed", 0, "expired"),
        (CAST, {"status": "failed", "error": "no"}, "failed", 0, "failed"),
        (CAST, {"status": "failed", "error": "flagged (E005)"}, "failed", 0, "moderation_blocked"),
        (CAST, {"status": "canceled"}, "failed", 0, "canceled"),
        (REEL, {"status": "InProgress"}, "in_progress", 0, None),
        (REEL, reel("s3://bkt"), "completed", 100, None),
        (REEL, {"status": "Failed", "failureMessage": "no"}, "failed", 0, "failed"),
        (REEL, {"status": "Failed"}, "failed", 0, "failed"),
        (THERE, {"name": OPERATION}, "in_progress", 0, None),
        (THERE, there(INLINE), "completed", 100, None),
        (THERE, there({"gcsUri": "gs://b/1.mp4"}), "completed", 100, None),
        (THERE, there(**FILTERED), "failed", 0, "moderation_blocked"),
        (THERE, {"error": {"code": 3, "message": "no"}}, "failed", 0, "3"),
        (GROK, {"status": "pending"}, "in_progress", 0, None),
        (GROK, {"status": "pending", "progress": 40}, "in_progress", 40, None),
        (GROK, DONE, "completed", 100, None),
        (GROK, {"status": "done", "video": {}}, "failed", 0, "moderation_blocked"),
        (GROK, {"status": "expired"}, "failed", 0, "expired"),
        (GROK, {"status": "failed", "error": {"code": "x", "message": "y"}}, "failed", 0, "x"),
        (GEN, {"status": "THROTTLED"}, "queued", 0, None),
        (GEN, {"status": "RUNNING", "progress": 0.29}, "in_progress", 28, None),
        (GEN, {"status": "SUCCEEDED", "output": [LINK]}, "completed", 100, None),
        (
            GEN,
            {"status": "FAILED", "failureCode": "SAFETY", "failure": "no"},
            "failed",
            0,
            "SAFETY",
        ),
        (GEN, {"status": "CANCELLED"}, "failed", 0, "cancelled"),
    ],
)
def test_a_job_is_as_far_as_its_provider_says(target, answer, status, progress, code):
    job, _ = looked(target, {"other": 1, **answer})
    shown = (job["status"], job["progress"], job["error"] and job["error"]["code"])
    assert shown == (status, progress, code)
    assert (job["model"], job["seconds"], job["size"], job["created_at"]) == (
        "m",
        "8",
        "1280x720",
        9,
    )


@pytest.mark.parametrize(
    ("target", "answer", "link"),
    [
        (VEO, veo(FILE), "/v1beta/files/f1:download?alt=media"),
        (GROK, DONE, LINK),
        (GEN, {"status": "SUCCEEDED", "output": [LINK]}, LINK),
        (CAST, {"status": "succeeded", "output": [LINK]}, LINK),
    ],
)
def test_a_film_is_fetched_where_it_is(target, answer, link):
    assert looked(target, answer, FETCH) == (None, link)


def test_a_film_that_comes_along_is_handed_on():
    one = Inquiry(FILMS, RESOURCES[THERE], FETCH)
    context = Context(model="", id="x", now=10, echo={ID: f"video_{Ticket(ref=THERE_REF).text()}"})
    for video, found in ((INLINE, b"film"), ({"bytesBase64Encoded": "Zg=="}, b"f")):
        body, seen = one.whole(orjson.dumps(there(video)), context)
        assert (body, seen.content_type, seen.location) == (found, "video/mp4", "")
    with pytest.raises(BadAnswer):
        one.whole(orjson.dumps(there({"bytesBase64Encoded": "*"})), context)


@pytest.mark.parametrize(
    "place", ["s3://bkt/f", "s3://bkt/f/", "s3://bkt/f/abc", "s3://bkt/f/abc/"]
)
def test_a_film_of_nova_reels_has_a_folder_of_its_own(place):
    secret = {"access_key_id": "a", "secret_access_key": "b", "region": "us-east-1"}
    one = Inquiry(FILMS, RESOURCES[REEL], FETCH).by(secret, 0)
    context = Context(model="", id="x", now=10, echo={ID: f"video_{Ticket(ref=ARN).text()}"})
    _, seen = one.whole(orjson.dumps(reel(place)), context)
    assert seen.location.startswith("https://bkt.s3.us-east-1.amazonaws.com/f/abc/output.mp4?")


@pytest.mark.parametrize("act", [SHOW, FETCH])
@pytest.mark.parametrize("place", ["s3://other/f", "s3://bkt/other", "s3://bkt/f-of-others"])
def test_a_film_that_lies_elsewhere_is_none_of_this_gateways(place, act):
    one = Inquiry(FILMS, RESOURCES[REEL], act, "s3://bkt/f")
    context = Context(model="", id="x", now=10, echo={ID: f"video_{Ticket(ref=ARN).text()}"})
    with pytest.raises(NotFound):
        one.whole(orjson.dumps(reel(place)), context)


def test_a_film_in_a_bucket_is_named_and_not_fetched():
    one = Inquiry(FILMS, RESOURCES[THERE], FETCH).by({}, 0)
    context = Context(model="", id="x", now=10, echo={ID: f"video_{Ticket(ref=THERE_REF).text()}"})
    with pytest.raises(Unsupported, match=r"gs://b/1[.]mp4"):
        one.whole(orjson.dumps(there({"gcsUri": "gs://b/1.mp4"})), context)


def test_a_look_by_a_post_says_which_operation():
    one = Inquiry(FILMS, RESOURCES[THERE], SHOW)
    id = f"video_{Ticket(ref=THERE_REF).text()}"
    assert one.path(id, {}) == "/publishers/google/models/veo:fetchPredictOperation"
    assert orjson.loads(one.body(id) or b"") == {"operationName": THERE_REF}
    with pytest.raises(NotFound):
        one.path(f"video_{Ticket(ref=OPERATION).text()}", {})


@pytest.mark.parametrize(
    ("target", "answer"),
    [(VEO, {"name": "x"}), (GROK, {"status": "expired", "other": 1}), (GEN, {"status": "PENDING"})],
)
def test_there_is_nothing_to_fetch_where_there_is_no_film(target, answer):
    with pytest.raises(NotFound):
        looked(target, answer, FETCH)


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        (VEO, {"other": 1}),
        (GROK, {"error": "no room", "other": 1}),
        (GROK, {"status": "new", "other": 1}),
        (GEN, {"status": "new"}),
        (CAST, {"status": "new"}),
        (REEL, {"status": "new"}),
        (REEL, {"status": "Completed"}),
    ],
)
def test_what_tells_of_no_job_is_a_bad_answer(target, answer):
    with pytest.raises(BadAnswer):
        looked(target, answer)


@pytest.mark.parametrize("link", ["/v1/files/f1", "javascript:x", "ftp://a.test/1", 3])
def test_a_client_is_sent_to_the_web_alone(link):
    with pytest.raises(NotFound):
        looked(GROK, {"status": "done", "video": {"url": link}}, FETCH)
    with pytest.raises(NotFound):
        looked(GEN, {"status": "SUCCEEDED", "output": [link]}, FETCH)


@pytest.mark.parametrize("target", BEGUN)
@pytest.mark.parametrize("ref", ["../../admin", "models/a/operations/..", "a/b", "", "a%2fb"])
def test_an_id_leads_to_no_other_path(target, ref):
    one = Inquiry(FILMS, RESOURCES[target], SHOW)
    with pytest.raises(NotFound):
        one.path("video_" + Ticket(ref=ref).text(), {})


@given(st.text(max_size=80))
def test_an_id_that_was_made_up_is_not_found(text):
    one = Inquiry(FILMS, RESOURCES[VEO], SHOW)
    with pytest.raises(NotFound):
        one.path(text, {})


@given(st.text(max_size=600), st.text(max_size=60), st.integers(0, 3600))
def test_a_ticket_says_again_what_it_was_told(model, ref, seconds):
    ticket = Ticket(ref=ref, model=model, seconds=seconds, size="1x1", created=7)
    again = Ticket.of(ticket.text())
    assert again == ticket or (len(model) > 100 and again.ref == ref)


def test_the_seconds_of_googles_own_clients_are_those_they_ask_for():
    uses = DIALECTS[VEO].uses
    assert uses is not None
    for parameters, seconds in (
        ({}, 8),
        ({"durationSeconds": 6}, 6),
        ({"durationSeconds": "4", "sampleCount": 2}, 8),
        ({"durationSeconds": "many", "sampleCount": -1}, 8),
        (None, 8),
    ):
        assert uses({"instances": [], "parameters": parameters}).seconds == seconds
