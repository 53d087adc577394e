"""Pictures by DashScope's own format, for clients of OpenAI's."""

from typing import Any

import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Context, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from providers.errors import FailedAnswer, Unsupported

QUICK, OLDER = "qwen-image-2.0", "qwen-image-plus"
FORM = DIALECTS["dashscope.images"]


def asked(model: str = QUICK, **body: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What the provider is asked, and what was dropped."""
    whole = {"model": "m", "prompt": "a fox", **body}
    call = Call(data=orjson.dumps(whole), body=whole, model=model, stream=False)
    sent = bridge(DIALECTS["openai.images"], FORM, Quirks()).request(call)
    assert isinstance(sent, Sent)
    return orjson.loads(sent.body or b""), sent.dropped


def test_words_are_a_message():
    body, dropped = asked(n=2, negative_prompt="rain", seed=7)
    assert body == {
        "model": QUICK,
        "input": {"messages": [{"role": "user", "content": [{"text": "a fox"}]}]},
        "parameters": {"n": 2, "negative_prompt": "rain", "seed": 7, "watermark": False},
    }
    assert dropped == ()


def test_a_stream_that_could_not_say_the_urls_is_refused_before_a_picture_is_made():
    with pytest.raises(Unsupported, match="not as bytes"):
        asked(stream=True)
    with pytest.raises(Unsupported, match="cannot say URLs"):
        asked(stream=True, response_format="url")


@pytest.mark.parametrize(
    ("model", "size", "sent", "dropped"),
    [
        (QUICK, "1024x1024", "1024*1024", ()),
        (QUICK, "256x256", "512*512", ("size",)),
        (OLDER, "1328x1328", "1328*1328", ()),
        (OLDER, "1536x1024", "1472*1104", ("size",)),
    ],
)
def test_a_size_is_the_nearest_that_the_model_makes(model, size, sent, dropped):
    body, lost = asked(model, size=size)
    assert (body["parameters"]["size"], lost) == (sent, dropped)


@pytest.mark.parametrize("body", [{"response_format": "b64_json"}, {"n": 7}, {"prompt": "x" * 801}])
def test_what_cannot_be_said_is_refused(body):
    with pytest.raises(Unsupported):
        asked(**body)


def test_an_older_model_makes_one_at_a_time():
    with pytest.raises(Unsupported):
        asked(OLDER, n=2)


CONTEXT = Context(model="m", id="i", now=7)


def test_an_answer_is_urls():
    message = {"role": "assistant", "content": [{"image": "https://a.test/1.png"}]}
    answer = {"output": {"choices": [{"message": message}]}, "usage": {"image_count": 1}}
    passage = bridge(DIALECTS["openai.images"], FORM, Quirks())
    body, seen = passage.whole(orjson.dumps(answer), CONTEXT)
    assert orjson.loads(body or b"")["data"] == [{"url": "https://a.test/1.png"}]
    assert seen.usage is not None and seen.usage.units.images == 1


def test_no_picture_is_a_refusal():
    passage = bridge(DIALECTS["openai.images"], FORM, Quirks())
    with pytest.raises(FailedAnswer):
        passage.whole(orjson.dumps({"output": {"choices": []}}), CONTEXT)
