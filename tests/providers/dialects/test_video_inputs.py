"""What models at Replicate and Nova Reel are asked for, each in inputs of its own."""

import pytest

from providers.errors import Unsupported
from providers.wire import png
from providers.wire.multipart import Upload
from tests.providers.dialects.films import (
    CAST,
    DANCE,
    HAILUO,
    INTO,
    KLING,
    PICTURE,
    PNG,
    REEL,
    VEO3,
    sent,
)


@pytest.mark.parametrize(
    ("model", "body", "inputs", "dropped"),
    [
        (DANCE, {}, {"duration": 4}, ()),
        (
            DANCE,
            {"seconds": 7, "size": "1024x1024", "seed": 5},
            {"duration": 7, "resolution": "1080p", "aspect_ratio": "1:1", "seed": 5},
            ("size",),
        ),
        (
            VEO3,
            {"seconds": 8, "size": "1080x1920", "negative_prompt": "rain", "seed": -1},
            {
                "duration": 8,
                "resolution": "1080p",
                "aspect_ratio": "9:16",
                "negative_prompt": "rain",
            },
            ("seed",),
        ),
        (
            VEO3,
            {"seconds": 4, "size": "1920x1080"},
            {"duration": 4, "resolution": "720p", "aspect_ratio": "16:9"},
            ("size",),
        ),
        (KLING, {"size": "1280x720"}, {"duration": 5, "aspect_ratio": "16:9"}, ()),
        (KLING, {"input_reference": PICTURE}, {"duration": 5, "start_image": PNG}, ()),
        (
            HAILUO,
            {"seconds": 10, "size": "1920x1080", "input_reference": PICTURE},
            {"duration": 10, "resolution": "768p", "first_frame_image": PNG},
            ("size",),
        ),
        ("me/mine", {"seed": 5, "size": "1280x720"}, {}, ("seed", "size")),
    ],
)
def test_each_model_at_replicate_has_inputs_of_its_own(model, body, inputs, dropped):
    said, lost, echo = sent(CAST, model, **body)
    assert said == {"input": {"prompt": "a fox", **inputs}}
    assert lost == dropped
    assert echo["seconds"] == inputs.get("duration")


@pytest.mark.parametrize(
    ("model", "body", "param"),
    [
        (KLING, {"seconds": 8}, "seconds"),
        (DANCE, {"negative_prompt": "rain"}, "negative_prompt"),
        ("me/mine", {"seconds": 5}, "seconds"),
        ("me/mine", {"input_reference": PICTURE}, "input_reference"),
        (
            DANCE,
            {"input_reference": Upload(data=b"0" * 8_000_000, filename="", media_type="image/png")},
            "input_reference",
        ),
    ],
)
def test_what_a_model_at_replicate_cannot_be_told_is_refused(model, body, param):
    with pytest.raises(Unsupported) as caught:
        sent(CAST, model, **body)
    assert caught.value.param == param


WIDE = Upload(
    data=png.SIGNATURE + png.IHDR.pack(13, b"IHDR", 1280, 720, 8, 2, 0, 0, 0),
    filename="a.png",
    media_type="image/png",
)


@pytest.mark.parametrize(
    ("body", "task", "config"),
    [
        ({}, "TEXT_VIDEO", {"durationSeconds": 6}),
        ({"seconds": 12, "seed": "7"}, "MULTI_SHOT_AUTOMATED", {"durationSeconds": 12, "seed": 7}),
        ({"seconds": 6, "input_reference": WIDE}, "TEXT_VIDEO", {"durationSeconds": 6}),
    ],
)
def test_nova_reel_makes_one_shot_or_several(body, task, config):
    said, dropped, echo = sent(REEL, size="1280x720", **body)
    asked = said["modelInput"]
    assert (asked["taskType"], dropped, echo["size"]) == (task, (), "1280x720")
    assert asked["videoGenerationConfig"] == {"fps": 24, "dimension": "1280x720", **config}
    assert ("images" in str(asked)) == ("input_reference" in body)
    assert said["outputDataConfig"] == {"s3OutputDataConfig": {"s3Uri": INTO}}


@pytest.mark.parametrize(
    ("model", "body", "param"),
    [
        ("", {"seconds": 8}, "seconds"),
        ("amazon.nova-reel-v1:0", {"seconds": 12}, "seconds"),
        ("", {"seconds": 12, "input_reference": WIDE}, "seconds"),
        ("", {"prompt": "x" * 513}, "prompt"),
        ("", {"seconds": 12, "prompt": "x" * 4001}, "prompt"),
        ("", {"negative_prompt": "rain"}, "negative_prompt"),
        (
            "",
            {"input_reference": Upload(data=b"GIF", filename="a.gif", media_type="image/gif")},
            "input_reference",
        ),
        ("", {"bucket": ""}, None),
    ],
)
def test_what_nova_reel_does_not_make_is_refused(model, body, param):
    with pytest.raises(Unsupported) as caught:
        sent(REEL, model, **body)
    assert caught.value.param == param


def test_what_nova_reel_only_nearly_makes_is_named():
    _, dropped, echo = sent(REEL, size="720x1280", seed=2**31)
    assert (dropped, echo["size"]) == (("seed", "size"), "1280x720")
