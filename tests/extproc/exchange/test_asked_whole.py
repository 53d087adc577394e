"""A client's stream of what only a whole answer of the provider's can be made into."""

import base64

import pytest

from extproc.exchange.plan import Plan
from extproc.exchange.served import Route
from providers.operations import Operation
from tests.extproc.exchange.test_gathered import Keys
from tests.plans import (
    exchange,
    request_body,
    request_headers,
    response_body,
    response_headers,
    served,
)

TIMED = "elevenlabs.timed_speech"
SOUND = base64.b64encode(b"sound").decode()
ALIGNED = {"characters": ["h", "i"]}


@pytest.mark.parametrize("stream", [False, True])
def test_timed_speech_is_asked_for_whole_where_the_client_has_no_place_for_times(stream: bool):
    up = served(provider="elevenlabs", dialects={Operation.SPEECH: TIMED})
    begun = exchange(Plan({"up": up}, [Route(models=("m",), upstream={"up": "m"})]), Keys())
    begun.handle(request_headers("/v1/audio/speech", "m"))
    asked = {"model": "m", "input": "hi", "voice": "v1"}
    left = begun.handle(request_body({**asked, **({"stream_format": "sse"} if stream else {})}))
    path = dict(left.set_headers)[":path"]
    assert path == "/v1/text-to-speech/v1/with-timestamps?output_format=mp3_44100_128"
    begun.handle(response_headers())
    answer = begun.handle(response_body({"audio_base64": SOUND, "alignment": ALIGNED}))
    headers = dict(answer.set_headers)
    assert headers["x-ai-lost-members"] == "alignment"
    if stream:
        assert headers["content-type"] == "text/event-stream"
        assert SOUND.encode() in answer.body
    else:
        assert answer.body == b"sound"
