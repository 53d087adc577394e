"""Films in Runway's format, by its own models and by those that it hosts.

https://docs.dev.runwayml.com/api (checked 2026-11)
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from providers.bridging.dialect import Endpoint, Seen
from providers.bridging.filming import VideoDialect
from providers.bridging.jobs import Doing
from providers.bridging.kept_ids import NOWHERE
from providers.bridging.resource import Kept
from providers.errors import BadAnswer, Unsupported
from providers.neutral.film_jobs import Job
from providers.neutral.images import Size
from providers.neutral.media import Data, Url, render_uri
from providers.neutral.video import Failure, Film, State, VideoRequest, web
from providers.operations import Operation
from providers.usage import Usage
from providers.wire import members
from providers.wire.compatible_errors import parse_error, render_error
from providers.wire.members import Json

NAME = "runway.video"
VERSION = {"x-runway-version": "2024-11-06"}


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """What a model makes."""

    lengths: tuple[int, ...]
    sizes: tuple[Size, ...]
    """The first is the usual one."""
    more: tuple[Size, ...] = ()
    """Those that a film may have, too, which begins with a picture."""
    pictured: bool = False
    """Whether all of its films begin with a picture."""
    negative: bool = False
    """Whether it can be told what is not to be seen."""


BOTH = (Size(1280, 720), Size(720, 1280))
PICTURED = (Size(1104, 832), Size(960, 960), Size(832, 1104), Size(1584, 672))
LARGE = (Size(1920, 1080), Size(1080, 1920))
VEO = Model(lengths=(4, 6, 8), sizes=(*BOTH, *LARGE), negative=True)
MODELS = {
    "gen4.5": Model(lengths=tuple(range(2, 11)), sizes=BOTH, more=PICTURED),
    "gen4_turbo": Model(lengths=tuple(range(2, 11)), sizes=BOTH, more=PICTURED, pictured=True),
    "veo3.1": VEO,
    "veo3.1_fast": VEO,
}
"""Those that are known; of others the provider itself says what is wrong."""
USUAL = 5
"""Seconds of a film by one that is not known."""
LONGEST = 1000
"""UTF-16 code units of a text."""
ID = re.compile(r"[A-Za-z0-9_-]+")
STATES = {
    "PENDING": State.QUEUED,
    "THROTTLED": State.QUEUED,
    "RUNNING": State.RUNNING,
    "SUCCEEDED": State.COMPLETED,
    "FAILED": State.FAILED,
    "CANCELLED": State.FAILED,
}


def settle(request: VideoRequest, model: str, lost: list[str]) -> VideoRequest:
    """With a length and a size that the model makes; raises Unsupported for another length."""
    if len(request.prompt.encode("utf-16-le", "surrogatepass")) > 2 * LONGEST:
        raise Unsupported(f"{NAME} reads at most {LONGEST} characters", param="prompt")
    known = MODELS.get(model)
    if known is None:
        return msgspec.structs.replace(request, seconds=request.seconds or USUAL)
    if known.pictured and request.picture is None:
        raise Unsupported(f"films of {model} begin with a picture", param="picture")
    if request.negative is not None and not known.negative:
        raise Unsupported(f"{model} cannot be told what is not to be seen", param="negative")
    sizes = known.sizes if request.picture is None else (*known.sizes, *known.more)
    size = sizes[0] if request.size is None else request.size.nearest(sizes)
    if request.size not in (None, size):
        lost.append("size")
    return msgspec.structs.replace(
        request, seconds=request.lasting(known.lengths, model), size=size
    )


def render_request(request: VideoRequest, model: str, dropped: list[str]) -> Json:
    """A text, and perhaps a picture, which decides where it is sent."""
    size, seed = request.size, request.seed
    if seed is not None and not 0 <= seed < 2**32:
        dropped.append("seed")
        seed = None
    return members.optional(
        model=model,
        promptText=request.prompt,
        promptImage=_image(request.picture),
        ratio=f"{size.width}:{size.height}" if size else None,
        duration=request.seconds,
        negativePrompt=request.negative,
        seed=seed,
    )


def _image(picture: Any) -> str | None:
    if picture is None:
        return None
    assert isinstance(picture, Data | Url)
    return render_uri(picture)


def places(request: VideoRequest) -> Mapping[str, str]:
    """There is a path for films that begin with a picture, and one for others."""
    return {"task": "text_to_video" if request.picture is None else "image_to_video"}


JOB = Job(word="task", id=ID, place="/tasks/")


def parse_job(answer: Any, ref: str) -> Film:
    """How far it is, and where its film is or why there is none."""
    status = members.string(answer.get("status"))
    state = STATES.get(status)
    if state is None:
        raise BadAnswer("the provider's answer is no task")
    output, done = answer.get("output"), answer.get("progress")
    links = [link for one in output if (link := web(one))] if isinstance(output, list) else []
    return Film(
        ref=ref,
        state=state,
        progress=int(done * 100) if isinstance(done, int | float) and 0 <= done <= 1 else None,
        failure=_failure(answer, status) if state is State.FAILED else None,
        link=links[0] if links else "",
    )


def _failure(answer: Json, status: str) -> Failure:
    code = members.string(answer.get("failureCode"))[:100] or status.lower()
    message = members.string(answer.get("failure"))[:1000]
    return Failure(code, message or f"the task was {status.lower()}")


DIALECT = VideoDialect(
    name=NAME,
    operation=Operation.VIDEO,
    client=(),
    upstream=(Endpoint(path="/{task}"),),
    inline=False,
    carries=frozenset({"seconds", "size", "picture", "negative", "seed"}),
    settle=settle,
    render_request=render_request,
    places=places,
    parse_response=JOB.begun,
    parse_error=parse_error,
    render_error=render_error,
    watch=lambda answer: Seen(usage=Usage()),
    request_headers=VERSION,
)
JOBS = Kept(
    name=NAME,
    operation=Operation.VIDEO,
    client=(),
    upstream=(),
    prefixes=(),
    root="/tasks",
    acts=(),
    ids=lambda body: NOWHERE,
    doing=Doing(path=JOB.path, parse=parse_job),
    parse_error=parse_error,
    render_error=render_error,
    watch=lambda answer: Seen(),
    request_headers=VERSION,
    charged=False,
)

DIALECTS = (DIALECT,)
RESOURCES = (JOBS,)
