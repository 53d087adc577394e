"""Films asked for in OpenAI's format, and what a provider gets of it."""

from typing import Any

import orjson

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Sent, Wanted
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS, RESOURCES
from providers.wire.multipart import Upload

CLIENT = DIALECTS["openai.video"]
FILMS = RESOURCES["openai.video"]
LIST, SHOW, FETCH = (act for act in FILMS.acts if act.verb is not None)
VEO, GROK, GEN = "gemini.video", "xai.video", "runway.video"
THERE, REEL, CAST = "vertex.video", "bedrock.video", "replicate.video"
DANCE, VEO3 = "bytedance/seedance-1-pro", "google/veo-3.1"
KLING, HAILUO = "kwaivgi/kling-v2.5-turbo-pro", "minimax/hailuo-2.3"
ARN = "arn:aws:bedrock:us-east-1:123456789012:async-invoke/abc"
MODELS = {
    CAST: DANCE,
    REEL: "amazon.nova-reel-v1:1",
    VEO: "veo-3.1-generate-preview",
    GROK: "grok-imagine-video",
    GEN: "gen4.5",
}
LITE = "veo-3.1-lite-generate-preview"
PICTURE = Upload(data=b"png", filename="a.png", media_type="")
PNG = "data:image/png;base64,cG5n"
OPERATION = "models/veo/operations/op1"
THERE_REF = f"projects/p/locations/l/publishers/google/{OPERATION}"


INTO = "s3://films/made"


def ask(target: str, model: str = "", **body: Any) -> Sent | Wanted:
    files = body.pop("files", {})
    whole = {"model": "m", "prompt": "a fox", **body}
    call = Call(data=b"", body=whole, model=model or MODELS[target], stream=False, files=files)
    found = bridge(CLIENT, DIALECTS[target], Quirks(bucket=body.pop("bucket", INTO))).request(call)
    assert isinstance(found, Sent | Wanted)
    return found


def sent(target: str, model: str = "", **body: Any) -> tuple[Any, tuple[str, ...], Any]:
    """(the provider's body, what was dropped, what the job will be)."""
    found = ask(target, model, **body)
    assert isinstance(found, Sent)
    return orjson.loads(found.body or b""), found.dropped, found.echo
