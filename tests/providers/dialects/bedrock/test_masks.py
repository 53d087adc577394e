"""Edits with a mask, as OpenAI's clients send it and models on Bedrock take it."""

import zlib
from base64 import b64decode
from typing import Any

import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.errors import InvalidRequest, Unsupported
from providers.wire import png
from providers.wire.multipart import Upload
from tests.providers.wire.test_png import encoded

NOVA, INPAINT = "amazon.nova-canvas-v1:0", "stability.stable-image-inpaint-v1:0"
EDITS = {NOVA: "bedrock.image_edits", INPAINT: "bedrock.stability_edits"}
ROWS = [b"\x00\x00\x00\x00" * 2 + b"\x09\x09\x09\xff" * 2] * 2
"""The left half may change."""
MASK = encoded(ROWS, [4])


def upload(data: bytes) -> Upload:
    return Upload(data=data, filename="a.png", media_type="image/png")


OPAQUE = upload(encoded([bytes(12)] * 2, [0], 2))
SEEN_THROUGH = upload(MASK)


def sent(model: str, **members: Any) -> tuple[Any, tuple[str, ...]]:
    body = {"image": OPAQUE, "prompt": "a fox", **members}
    one = bridge(DIALECTS["openai.image_edits"], DIALECTS[EDITS[model]], Quirks())
    found = one.request(Call(data=b"", body=body, model=model, stream=False))
    assert isinstance(found, Sent)
    return orjson.loads(found.body or b""), found.dropped


def greys(base64: str) -> bytes:
    """The pixels of a picture of four by two."""
    data = b64decode(base64)
    assert png.header(data) == png.Header(4, 2, 8, 0, False)
    rows = zlib.decompress(data[data.index(b"IDAT") + 4 :])
    return rows[1:5] + rows[6:10]


def test_amazon_changes_what_is_black():
    body, dropped = sent(NOVA, mask=upload(MASK), n="2", size="4x2", quality="high")
    assert (body["taskType"], dropped) == ("INPAINTING", ("quality",))
    params = body["inPaintingParams"]
    assert greys(params.pop("maskImage")) == b"\x00\x00\xff\xff" * 2
    assert b64decode(params.pop("image")) == OPAQUE.data
    assert params == {"text": "a fox"}
    assert body["imageGenerationConfig"] == {"numberOfImages": 2, "quality": "premium"}


def test_stability_changes_what_is_white():
    body, dropped = sent(INPAINT, mask=upload(MASK), output_format="webp")
    assert greys(body.pop("mask")) == b"\xff\xff\x00\x00" * 2
    assert b64decode(body.pop("image")) == OPAQUE.data
    assert (body, dropped) == ({"prompt": "a fox", "output_format": "webp"}, ())


def test_another_size_than_that_of_the_picture_is_named():
    for model in EDITS:
        body, dropped = sent(model, mask=upload(MASK), size="1024x1024")
        assert dropped == ("size",)
        assert "width" not in str(body)


def test_stability_may_find_the_part_in_the_picture_itself():
    body, _ = sent(INPAINT, image=SEEN_THROUGH)
    assert body.keys() == {"prompt", "image"}
    with pytest.raises(Unsupported) as caught:
        sent(INPAINT)
    assert caught.value.param == "mask"


@pytest.mark.parametrize("model", EDITS)
def test_a_mask_is_for_one_picture(model):
    with pytest.raises(Unsupported) as caught:
        sent(model, image=[OPAQUE, OPAQUE], mask=upload(MASK))
    assert caught.value.param == "image"


@pytest.mark.parametrize("model", EDITS)
@pytest.mark.parametrize("data", [b"GIF89a", OPAQUE.data, MASK[:40]])
def test_a_mask_of_another_kind_is_refused_in_words(model, data):
    with pytest.raises(InvalidRequest, match="mask"):
        sent(model, mask=upload(data))
