"""Films by Grok, in xAI's own format.

https://docs.x.ai/docs/guides/video-generation (checked 2026-11)
"""

import re
from typing import Any

import msgspec

from providers.bridging.dialect import Endpoint, Seen
from providers.bridging.filming import VideoDialect
from providers.bridging.jobs import Doing
from providers.bridging.kept_ids import NOWHERE
from providers.bridging.resource import Kept
from providers.errors import BadAnswer
from providers.neutral.film_jobs import Job
from providers.neutral.images import BLOCKED, Size
from providers.neutral.media import Data, Url, render_uri
from providers.neutral.video import Failure, Film, State, VideoRequest, web
from providers.operations import Operation
from providers.usage import Usage
from providers.wire import members
from providers.wire.compatible_errors import parse_error, render_error
from providers.wire.members import Json

NAME = "xai.video"
LENGTHS = tuple(range(1, 16))
SIZES = {
    Size(1280, 720): ("16:9", "720p"),
    Size(720, 1280): ("9:16", "720p"),
    Size(960, 720): ("4:3", "720p"),
    Size(720, 960): ("3:4", "720p"),
    Size(1080, 720): ("3:2", "720p"),
    Size(720, 1080): ("2:3", "720p"),
    Size(720, 720): ("1:1", "720p"),
    Size(848, 480): ("16:9", "480p"),
    Size(480, 848): ("9:16", "480p"),
}
"""Size → words for its shape and for its resolution."""
ID = re.compile(r"[A-Za-z0-9_-]+")
DONE, RUNNING = "done", frozenset({"pending", "queued", "in_progress"})
ENDED = {"failed": "the provider made no video", "expired": "the video has expired"}
"""Status of a job of which there is no film → what is said where the provider says nothing."""


def settle(request: VideoRequest, model: str, lost: list[str]) -> VideoRequest:
    """With a length and a size that there is; raises Unsupported for another length."""
    seconds, size = request.lasting(LENGTHS, model), request.size
    if size is not None and size not in SIZES:
        lost.append("size")
        size = size.nearest(SIZES)
    return msgspec.structs.replace(request, seconds=seconds, size=size)


def render_request(request: VideoRequest, model: str, dropped: list[str]) -> Json:
    """A text, and perhaps a picture."""
    ratio, resolution = SIZES[request.size] if request.size else (None, None)
    return members.optional(
        model=model,
        prompt=request.prompt,
        duration=request.seconds,
        aspect_ratio=ratio,
        resolution=resolution,
        image=_image(request.picture),
        user=request.user,
    )


def _image(picture: Any) -> Json | None:
    if picture is None:
        return None
    assert isinstance(picture, Data | Url)
    return {"url": render_uri(picture)}


JOB = Job(word="request", member="request_id", id=ID, place="/videos/")


def parse_job(answer: Any, ref: str) -> Film:
    """How far it is, and where its film is or why there is none."""
    status, video = members.string(answer.get("status")), answer.get("video")
    if status in ENDED:
        return Film(ref=ref, state=State.FAILED, failure=_failure(status, answer.get("error")))
    if status != DONE:
        if status not in RUNNING:
            raise BadAnswer("the provider's answer is no video")
        return Film(ref=ref, state=State.RUNNING, progress=members.whole(answer.get("progress")))
    link = web(video.get("url")) if isinstance(video, dict) else ""
    if link:
        return Film(ref=ref, state=State.COMPLETED, link=link)
    failure = Failure(BLOCKED, "the provider does not show the video that it made")
    return Film(ref=ref, state=State.FAILED, failure=failure)


def _failure(status: str, error: Any) -> Failure:
    said = error if isinstance(error, dict) else {"message": error}
    message = members.string(said.get("message"))[:1000] or ENDED[status]
    return Failure(members.string(said.get("code"))[:100] or status, message)


DIALECT = VideoDialect(
    name=NAME,
    operation=Operation.VIDEO,
    client=(),
    upstream=(Endpoint(path="/videos/generations"),),
    inline=False,
    carries=frozenset({"seconds", "size", "picture", "user"}),
    settle=settle,
    render_request=render_request,
    parse_response=JOB.begun,
    parse_error=parse_error,
    render_error=render_error,
    watch=lambda answer: Seen(usage=Usage()),
)
JOBS = Kept(
    name=NAME,
    operation=Operation.VIDEO,
    client=(),
    upstream=(),
    prefixes=(),
    root="/videos",
    acts=(),
    ids=lambda body: NOWHERE,
    doing=Doing(path=JOB.path, parse=parse_job),
    parse_error=parse_error,
    render_error=render_error,
    watch=lambda answer: Seen(),
    charged=False,
)

DIALECTS = (DIALECT,)
RESOURCES = (JOBS,)
