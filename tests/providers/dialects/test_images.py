"""Pictures: OpenAI's clients before everybody who makes them."""

from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types import ImageGenCompletedEvent, ImagesResponse

from extproc.exchange.served import Target
from extproc.lab.simulator.desk import Desk, Settings
from extproc.lab.simulator.http1 import Request
from extproc.lab.simulator.pictures import BYTES, PNG
from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Context, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.errors import BadAnswer, FailedAnswer, InvalidRequest, Unsupported
from providers.usage import Units
from providers.wire.multipart import Upload
from tests.plans import plan, served

OPENAI = DIALECTS["openai.images"]
OPTIONS = {"region": "us-central1", "project": "p", "instance": "i"}
TARGETS = {
    "gpt-image-2.5-flare": "openai",
    "gpt-image-2": "azure",
    "gpt-image-1-mini": "openai",
    "my-deployment": "foundry",
    "grok-imagine-image": "xai",
    "black-forest-labs/FLUX.1-schnell": "together",
    "black-forest-labs/flux-schnell": "nebius",
    "stabilityai/sdxl-turbo": "deepinfra",
    "gemini-2.5-flash-image": "gemini",
    "gemini-3-pro-image": "vertex",
    "imagen-4.0-generate-001": "vertex",
    "imagen-4.0-fast-generate-001": "gemini",
    "amazon.titan-image-generator-v2:0": "bedrock",
    "amazon.nova-canvas-v1:0": "bedrock",
    "stability.stable-image-core-v1:1": "bedrock",
    "black-forest-labs/FLUX.1-dev": "huggingface",
}
FOREIGN = [
    name for name, by in TARGETS.items() if by in ("gemini", "vertex", "bedrock", "huggingface")
]
EVERY = pytest.mark.parametrize("model", TARGETS)


def target(model: str) -> Target:
    family = "gpt-image-2" if model == "my-deployment" else ""
    backend = served(provider=TARGETS[model], options=OPTIONS, family=family)
    return plan(backends={"up": backend}, models=(model,)).target(OPENAI, model, "up")


def call(model: str, **members: Any) -> Call:
    body = {"model": model, "prompt": "a cat", **members}
    return Call(data=orjson.dumps(body), body=body, model=model, stream=bool(body.get("stream")))


def sent(model: str, **members: Any) -> tuple[dict, Sent]:
    """(what the provider gets, and what else is said of it)."""
    asked = call(model, **members)
    found = target(model).bridge.request(asked)
    return orjson.loads(asked.data if found.body is None else found.body), found


CONTEXT = Context(model="m", id="7", now=9)


def answered(model: str, body: bytes) -> dict:
    changed, _ = target(model).bridge.whole(body, CONTEXT)
    return orjson.loads(changed)


BODIES = st.fixed_dictionaries(
    {"prompt": st.text(min_size=1, max_size=30)},
    optional={
        "n": st.integers(1, 6),
        "size": st.one_of(
            st.just("auto"),
            st.builds("{}x{}".format, st.integers(1, 9_999), st.integers(1, 9_999)),
        ),
        "quality": st.sampled_from(
            ["auto", "low", "medium", "high", "xhigh", "max", "standard", "hd"]
        ),
        "style": st.sampled_from(["vivid", "natural"]),
        "background": st.sampled_from(["auto", "opaque"]),
        "moderation": st.sampled_from(["auto", "low"]),
        "output_format": st.sampled_from(["png", "jpeg", "webp"]),
        "output_compression": st.integers(0, 100),
        "response_format": st.sampled_from(["b64_json", "url"]),
        "stream": st.booleans(),
        "partial_images": st.integers(0, 3),
        "user": st.just("u"),
        "seed": st.integers(-5, 9_999_999_999),
        "negative_prompt": st.just("a dog"),
    },
)


@EVERY
@given(body=BODIES)
@settings(max_examples=60, deadline=None)
def test_what_is_sent_is_taken_and_what_is_not_is_refused_by_name(model: str, body: dict):
    found = target(model)
    asked = call(model, **body)
    try:
        request = found.bridge.request(asked)
    except Unsupported as refused:
        assert refused.param in body
        return
    assert set(request.dropped) <= body.keys()
    headers = [(name.lower(), value) for name, value in found.headers]
    data = asked.data if request.body is None else request.body
    path = found.path(model, stream=asked.stream)
    http = Request(method="POST", target=path, headers=headers, body=data, close=False)
    desk = Desk(Settings())
    record, steps = desk.answer(http, 0)
    told = b"".join(step for step in steps if isinstance(step, bytes))
    assert record.status == 200, told
    head, _, answer = told.partition(b"\r\n\r\n")
    if b"text/event-stream" not in head:
        _answered(found, answer, body)


def _answered(found: Target, data: bytes, body: dict) -> None:
    """The client reads as many pictures as it has asked for, whole or streamed."""
    count = body.get("n", 1)
    if body.get("stream"):
        told, seen = found.bridge.replay(data, CONTEXT)
        events = [orjson.loads(one.partition(b"data: ")[2]) for one in told[:-2].split(b"\n\n")]
        assert all(ImageGenCompletedEvent.model_validate(one) for one in events)
        assert len(events) == count
    else:
        told, seen = found.bridge.whole(data, CONTEXT)
        shown = ImagesResponse.model_validate_json(data if told is None else told)
        assert len(shown.data or ()) == count
    assert seen.usage.units.images == count


@pytest.mark.parametrize("model", FOREIGN)
def test_members_that_nobody_knows_are_named(model: str):
    _, found = sent(model, complexity="low", safety_identifier="x", svg={"model": "y"})
    assert set(found.dropped) >= {"complexity", "safety_identifier", "svg"}


@pytest.mark.parametrize("model", FOREIGN)
@pytest.mark.parametrize("members", [{"output_format": "svg"}, {"background": "transparent"}])
def test_another_kind_of_picture_is_refused_by_name(model: str, members: dict):
    with pytest.raises(Unsupported) as refused:
        sent(model, **members)
    assert refused.value.param in members


@pytest.mark.parametrize(
    "members",
    [
        *({"prompt": 7}, {"prompt": None}, {"n": 0}, {"n": "2"}, {"size": "big"}),
        *({"quality": 3}, {"response_format": "x"}, {"background": 1}),
        {"output_compression": "y"},
    ],
)
@pytest.mark.parametrize("model", FOREIGN)
def test_a_wrong_member_is_refused_by_name(model: str, members: dict):
    with pytest.raises(InvalidRequest) as refused:
        sent(model, **members)
    assert refused.value.param in members


def test_the_same_format_passes_but_for_the_model():
    backend = served(provider="openai-compatible")
    made = plan(backends={"up": backend}, models=("small",), upstream={"up": "large"})
    asked = msgspec.structs.replace(call("small", size="123x456", odd=1.50), model="large")
    found = made.target(OPENAI, "small", "up").bridge.request(asked)
    assert orjson.loads(found.body) == {**asked.body, "model": "large"}
    assert found.dropped == ()


def test_gemini_is_asked_with_a_turn_and_a_frame():
    body, found = sent("gemini-3-pro-image", size="2048x2048", output_format="jpeg", seed=3)
    assert body == {
        "contents": [{"role": "user", "parts": [{"text": "a cat"}]}],
        "generationConfig": {
            "responseModalities": ["IMAGE"],
            "imageConfig": {
                "aspectRatio": "1:1",
                "imageSize": "2K",
                "imageOutputOptions": {"mimeType": "image/jpeg"},
            },
            "seed": 3,
        },
    }
    assert found.dropped == ()


def test_drafts_and_words_of_gemini_are_no_pictures():
    draft = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}, "thought": True}
    shown = {"inlineData": {"mimeType": "image/jpeg", "data": PNG}}
    parts = [{"text": "here"}, draft, shown]
    usage = {"promptTokenCount": 4, "candidatesTokenCount": 1290, "thoughtsTokenCount": 10}
    body = {"candidates": [{"content": {"parts": parts}}], "usageMetadata": usage}
    told = answered("gemini-3-pro-image", orjson.dumps(body))
    assert told["data"] == [{"b64_json": PNG}]
    assert told["output_format"] == "jpeg"
    assert told["usage"]["output_tokens"] == 1300


@pytest.mark.parametrize(
    ("model", "body", "words"),
    [
        ("gemini-2.5-flash-image", {"promptFeedback": {"blockReason": "SAFETY"}}, "SAFETY"),
        ("gemini-2.5-flash-image", {"candidates": [{"finishReason": "NO_IMAGE"}]}, "NO_IMAGE"),
        ("imagen-4.0-generate-001", {}, "no reason"),
        ("imagen-4.0-generate-001", {"predictions": [{"raiFilteredReason": "R"}]}, "R"),
        ("amazon.nova-canvas-v1:0", {"images": [], "error": "blocked"}, "blocked"),
        (
            "stability.stable-image-core-v1:1",
            {"finish_reasons": ["Filter reason: prompt"]},
            "prompt",
        ),
    ],
)
def test_a_picture_that_is_withheld_is_told_with_its_reason(model: str, body: dict, words: str):
    with pytest.raises(FailedAnswer, match=words) as failed:
        answered(model, orjson.dumps(body))
    assert failed.value.as_api_error().status == 400


@EVERY
@pytest.mark.parametrize("data", [b"", b"[]", b"null", b'{"x": 1', b'{"data": 7}', b"\xff", b"GIF"])
def test_an_answer_of_another_kind_cannot_be_used(model: str, data: bytes):
    with pytest.raises(BadAnswer):
        target(model).bridge.whole(data, CONTEXT)


def test_bytes_of_a_picture_become_base64():
    told = answered("black-forest-labs/FLUX.1-dev", BYTES)
    assert told["data"] == [{"b64_json": PNG}]
    assert told["output_format"] == "png"


def test_a_prompt_is_refused_where_it_is_too_long():
    with pytest.raises(Unsupported, match="512") as refused:
        sent("amazon.titan-image-generator-v2:0", prompt="x" * 513)
    assert refused.value.param == "prompt"


def test_a_url_cannot_be_told_in_a_stream():
    body = orjson.dumps({"data": [{"url": "https://example.test/1.png"}]})
    with pytest.raises(BadAnswer, match="URL"):
        target("gpt-image-2").bridge.replay(body, CONTEXT)


def test_what_a_picture_is_paid_as_is_said_by_the_answer_or_by_the_request():
    said = {"data": [{"b64_json": PNG}], "size": "1024x1024", "quality": "low"}
    _, seen = target("gpt-image-2").bridge.whole(orjson.dumps(said), CONTEXT)
    assert seen.usage.units == Units(images=1, kind="1024x1024 low")
    assert OPENAI.uses({"size": "1024x1024", "quality": "auto"}) == Units(kind="1024x1024")
    assert OPENAI.uses({"size": 7, "quality": None}) == Units()


USAGE = {"input_tokens": 3, "output_tokens": 50, "total_tokens": 53}
PARTIAL = {"type": "image_generation.partial_image", "b64_json": PNG * 20}
DONE = {
    "type": "image_generation.completed",
    "b64_json": PNG * 20,
    "size": "1024x1024",
    "quality": "high",
    "usage": USAGE,
}
STREAM = b"".join(
    b"event: %b\ndata: %b\n\n" % (said["type"].encode(), orjson.dumps(said))
    for said in (PARTIAL, DONE, DONE)
)


@pytest.mark.parametrize("size", [1, 7, 100, 1_000, len(STREAM)])
def test_a_stream_passes_and_is_counted_wherever_it_is_cut(size: int):
    relay = OPENAI.relay(True)
    pieces = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    assert [relay.feed(piece) for piece in pieces] == [None] * len(pieces)
    assert relay.flush() == b""
    assert relay.seen.usage.units == Units(images=2, kind="1024x1024 high")
    assert (relay.seen.usage.input, relay.seen.usage.output) == (6, 100)
    assert relay.seen.error is None


def test_a_stream_that_is_cut_ends_with_an_error():
    relay = OPENAI.relay(True)
    relay.feed(STREAM[:300])
    assert b'"error"' in relay.flush()
    assert relay.seen.error is not None


def test_a_picture_that_has_begun_is_charged_where_the_stream_ends_before_it():
    relay = OPENAI.relay(True)
    draft = {**PARTIAL, "size": "1024x1024", "quality": "high"}
    event = b"data: %b\n\n" % orjson.dumps(draft)
    for number in (1, 2):
        relay.feed(event)
        assert relay.seen.usage.units == Units(images=1, kind="1024x1024 high")
        assert (relay.seen.usage.output, relay.seen.generated) == (100 * number, 100 * number)
        assert relay.seen.usage.estimated
    relay.feed(b"data: %b\n\n" % orjson.dumps(DONE))
    assert relay.seen.usage.output == 50
    assert not relay.seen.usage.estimated
    relay.feed(event)
    assert relay.seen.usage.units.images == 2
    assert (relay.seen.usage.input, relay.seen.usage.output) == (3, 150)
    assert relay.seen.usage.estimated


@pytest.mark.parametrize("complete", [0, 1])
def test_a_picture_that_fails_costs_nothing(complete: int):
    relay = OPENAI.relay(True)
    failed = {"type": "error", "error": {"message": "no", "code": "moderation_blocked"}}
    for said in [DONE] * complete + [PARTIAL, failed]:
        relay.feed(b"data: %b\n\n" % orjson.dumps(said))
    used = relay.seen.usage
    assert (used.units.images if used else 0) == complete
    assert relay.seen.generated == 0


def test_an_error_in_a_stream_is_seen():
    relay = OPENAI.relay(True)
    said = {"type": "error", "error": {"message": "no", "code": "moderation_blocked"}}
    relay.feed(b"event: error\ndata: %b\n\n" % orjson.dumps(said))
    assert relay.flush() == b""
    assert relay.seen.error.message == "no"


def test_a_stream_of_large_pictures_is_not_kept():
    relay = OPENAI.relay(True)
    relay.feed(b'data: {"type":"image_generation.completed","b64_json":"')
    for _ in range(2_000):
        relay.feed(b"A" * 32_768)
    relay.feed(b'","usage":{"input_tokens":1,"output_tokens":2}}\n\n')
    assert relay.flush() == b""
    assert relay.seen.usage.output == 2


@EVERY
def test_a_size_that_is_left_open_is_not_said(model):
    if TARGETS[model] in ("openai", "azure", "foundry"):
        return
    body, found = sent(model, size="auto")
    assert "auto" not in str(body)
    assert found.dropped == ()


@pytest.mark.parametrize("stream", ["true", "True"])
def test_what_gives_urls_streams_no_edits(stream):
    picture = Upload(data=b"a", filename="a.png", media_type="image/png")
    body = {"image": picture, "prompt": "a", "stream": stream}
    edits = bridge(DIALECTS["openai.image_edits"], DIALECTS["dashscope.image_edits"], Quirks())
    asked = Call(data=b"", body=body, model="qwen-image-edit-plus", stream=True)
    with pytest.raises(Unsupported, match="URL"):
        edits.request(asked)
    edits.request(msgspec.structs.replace(asked, body={**body, "stream": "false"}))


def varied(target: str, **asked: Any) -> Sent:
    picture = Upload(data=b"a", filename="a.png", media_type="image/png")
    call = Call(data=b"", body={"image": picture, **asked}, model="titan", stream=False)
    found = bridge(DIALECTS["openai.image_variations"], DIALECTS[target], Quirks()).request(call)
    assert isinstance(found, Sent)
    return found


def test_a_variation_has_no_words():
    found = varied("bedrock.image_edits", n="2", size="512x512", user="u", prompt="p")
    body = orjson.loads(found.body or b"")
    assert body["imageVariationParams"] == {"images": ["YQ=="]}
    assert body["imageGenerationConfig"] == {"numberOfImages": 2, "width": 512, "height": 512}
    assert found.dropped == ("prompt", "user")


@pytest.mark.parametrize(
    "target", ["openai.image_edits", "gemini.edit_images", "dashscope.image_edits"]
)
def test_a_variation_is_refused_where_words_are_needed(target):
    with pytest.raises(Unsupported, match="variation cannot be expressed"):
        varied(target)


@pytest.mark.parametrize(
    ("wrong", "named"), [({"image": "a"}, "image"), ({"n": "x"}, "n"), ({"size": "x"}, "size")]
)
def test_what_is_wrong_with_a_variation_is_named(wrong, named):
    with pytest.raises(InvalidRequest) as raised:
        varied("bedrock.image_edits", **wrong)
    assert raised.value.param == named


def test_an_edit_is_no_variation():
    picture = Upload(data=b"a", filename="a.png", media_type="image/png")
    body = {"image": picture, "prompt": "bluer"}
    call = Call(data=b"", body=body, model="m", stream=False)
    found = bridge(DIALECTS["openai.image_edits"], DIALECTS["openai.image_variations"], Quirks())
    with pytest.raises(Unsupported, match="no words"):
        found.request(call)


@pytest.mark.parametrize(
    ("members", "parameters", "dropped"),
    [
        ({}, {"n": 1}, ()),
        ({"n": 4, "size": "1280x1280", "seed": 5}, {"n": 4, "size": "1280*1280", "seed": 5}, ()),
        ({"size": "1024x1024"}, {"n": 1, "size": "1280*1280"}, ("size",)),
        ({"size": "1536x1024"}, {"n": 1, "size": "1568*1056"}, ("size",)),
    ],
)
def test_wan_is_told_how_many_pictures_for_else_it_makes_four(members, parameters, dropped):
    body, found = wan(**members)
    assert body["parameters"] == {**parameters, "watermark": False}
    assert found.dropped == dropped


def wan(**members: Any) -> tuple[dict, Sent]:
    one = bridge(OPENAI, DIALECTS["dashscope.images"], Quirks())
    found = one.request(call("wan2.6-t2i", **members))
    return orjson.loads(found.body), found


@pytest.mark.parametrize(
    "members", [{"n": 5}, {"prompt": "x" * 2101}, {"negative_prompt": "x" * 501}]
)
def test_what_wan_does_not_make_is_refused_by_name(members: dict):
    with pytest.raises(Unsupported) as refused:
        wan(**members)
    assert refused.value.param in members


@pytest.mark.parametrize("odd", ["a", "a===", "abcde"])
def test_a_picture_that_is_no_base64_is_refused_in_words(odd):
    params = {"text": "a cat", "images": [odd]}
    body = {"taskType": "IMAGE_VARIATION", "imageVariationParams": params}
    asked = Call(data=b"", body=body, model="gpt-image-1", stream=False)
    own = bridge(DIALECTS["bedrock.image_edits"], DIALECTS["openai.image_edits"], Quirks())
    with pytest.raises(InvalidRequest, match="Base64"):
        own.request(asked)
