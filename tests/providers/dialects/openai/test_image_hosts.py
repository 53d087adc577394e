"""Pictures in OpenAI's format at hosts that take it with differences."""

from typing import Any

import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS, PROVIDERS
from providers.errors import InvalidRequest, Unsupported
from providers.wire.multipart import Upload

NAME, EDITS = "openai.images", "openai.image_edits"
PNG = Upload(data=b"\x89PNG", filename="a.png", media_type="image/png")
GPTS = {
    "complexity": "low",
    "frame_count": 3,
    "frame_duration_ms": 100,
    "svg": {"reasoning": {"effort": "low"}},
}
"""What GPT Image alone is told."""


def sent(host: str, **asked: Any) -> Sent:
    form = PROVIDERS[host].forms[NAME]
    body = {"model": "m", "prompt": "a cat", **asked}
    call = Call(data=orjson.dumps(body), body=body, model="m", stream=False)
    quirks = Quirks(drops=form.drops, refuses=form.refuses, provider=host)
    request = bridge(DIALECTS[NAME], form, quirks).request(call)
    assert isinstance(request, Sent)
    return request


@pytest.mark.parametrize("host", ["xai", "together", "deepinfra", "nebius", "gemini-openai"])
@pytest.mark.parametrize("name", GPTS)
def test_what_gpt_image_alone_is_told_is_named(host: str, name: str) -> None:
    request = sent(host, **{name: GPTS[name]})
    assert request.dropped == (name,)
    assert orjson.loads(request.body or b"") == {"model": "m", "prompt": "a cat"}


@pytest.mark.parametrize("name", GPTS)
def test_gpt_image_is_told_it(name: str) -> None:
    assert sent("openai", **{name: GPTS[name]}).body is None


@pytest.mark.parametrize("name", ["quality", "style", "moderation", "safety_identifier"])
def test_what_google_would_ignore_is_named(name: str) -> None:
    request = sent("gemini-openai", **{name: "low"}, user="u")
    assert request.dropped == (name,)
    assert orjson.loads(request.body or b"") == {"model": "m", "prompt": "a cat", "user": "u"}


def test_what_google_would_ignore_is_refused_where_it_is_no_hint() -> None:
    with pytest.raises(Unsupported) as raised:
        sent("gemini-openai", negative_prompt="a dog")
    assert raised.value.param == "negative_prompt"


def test_what_is_drawn_over_a_picture_is_for_gpt_image_alone() -> None:
    body = {"prompt": "a cat", "image": PNG, "markup": PNG}
    call = Call(data=b"", body=body, model="m", stream=False)
    with pytest.raises(Unsupported) as raised:
        bridge(DIALECTS[EDITS], DIALECTS["gemini.edit_images"], Quirks()).request(call)
    assert raised.value.param == "markup"


@pytest.mark.parametrize("odd", ["true", 1, {}, "http://"])
def test_a_stream_is_wanted_or_not(odd: Any) -> None:
    body = {"prompt": "a cat", "stream": odd}
    call = Call(data=b"", body=body, model="m", stream=True)
    with pytest.raises(InvalidRequest, match="stream must be a boolean"):
        bridge(DIALECTS[NAME], DIALECTS["gemini.imagen"], Quirks()).request(call)
