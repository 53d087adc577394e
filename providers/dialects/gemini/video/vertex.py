"""Veo on Vertex AI: its operations are looked at by a POST, and hold the film itself.

https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/veo-video-generation
(checked 2026-11)
"""

import re
from typing import Any

from providers.bridging.dialect import Seen
from providers.bridging.jobs import Doing
from providers.bridging.resource import Act, Kept
from providers.dialects.gemini.errors import parse_error, render_error
from providers.dialects.gemini.kept_ids import FILMED
from providers.dialects.gemini.vertex_resources import PREFIXES
from providers.dialects.gemini.video.response import begun, ended, state_of
from providers.errors import NotFound, Unsupported
from providers.neutral.media import Data
from providers.neutral.video import Film, State
from providers.operations import Operation
from providers.signing.sign import Secret
from providers.wire import members
from providers.wire.members import Json

ROOT = "/publishers/google/models"
LOOK = ":fetchPredictOperation"
NAME = re.compile(
    r"projects/[\w.:-]+/locations/[\w-]+"
    r"/publishers/google/models/(?P<model>[\w.-]+)/operations/[\w-]+",
    re.ASCII,
)
MP4 = "video/mp4"


def parse_response(answer: Any) -> Film:
    """The operation that was begun."""
    return begun(answer, NAME)


def _named(ref: str) -> re.Match[str]:
    match = NAME.fullmatch(ref)
    if match is None:
        raise NotFound("there is no such video")
    return match


def path(ref: str) -> str:
    """Where an operation is looked at; raises NotFound."""
    return f"{ROOT}/{_named(ref)['model']}{LOOK}"


def parse_job(answer: Any, ref: str) -> Film:
    """How far it is, and its film or why there is none."""
    film = state_of(answer, ref)
    if film is not None:
        return film
    said = answer.get("response")
    made: Json = said if isinstance(said, dict) else {}
    for video in members.dicts(made.get("videos")):
        kind = members.string(video.get("mimeType")) or MP4
        inline = members.string(video.get("bytesBase64Encoded"))
        link = members.string(video.get("gcsUri"))
        if inline or link:
            data = Data(base64=inline, media_type=kind) if inline else None
            return Film(ref=ref, state=State.COMPLETED, link=link, data=data)
    return ended(made, ref)


def sign(link: str, secret: Secret, now: int) -> str:
    """Raises Unsupported: who asks there must say so in a header."""
    raise Unsupported(f"the video is in Google Cloud Storage, at {link}: fetch it there")


OPERATIONS = Kept(
    name="vertex.video",
    operation=Operation.VIDEO,
    client=(),
    upstream=(),
    prefixes=PREFIXES,
    root=ROOT,
    acts=(Act(method="POST", path=f"{ROOT}/*{LOOK}"),),
    ids=lambda body: FILMED,
    queries=frozenset({"alt", "$alt"}),
    doing=Doing(path=path, parse=parse_job, body=lambda ref: {"operationName": ref}, sign=sign),
    parse_error=parse_error,
    render_error=render_error,
    watch=lambda body: Seen(),
    charged=False,
)
