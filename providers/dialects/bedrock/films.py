"""Films by Nova Reel on Bedrock: asynchronous invocations, which put them into the user's S3.

https://docs.aws.amazon.com/nova/latest/userguide/video-gen-access.html (checked 2026-11)
"""

import re
from typing import Any
from urllib.parse import urlencode

import msgspec

from providers.bridging.dialect import Endpoint, Seen
from providers.bridging.filming import VideoDialect
from providers.bridging.jobs import Doing
from providers.bridging.kept_ids import NOWHERE
from providers.bridging.resource import Kept
from providers.dialects.bedrock.errors import parse_error, render_error
from providers.errors import BadAnswer, Unsupported
from providers.neutral.film_jobs import Job
from providers.neutral.film_lists import MOST, Found, Listed, Listing, since_epoch
from providers.neutral.images import BLOCKED, Size
from providers.neutral.media import Data
from providers.neutral.video import Failure, Film, State, VideoRequest
from providers.operations import Operation
from providers.signing.presigned_s3 import presigned
from providers.usage import Usage
from providers.wire import members, png
from providers.wire.members import Json

NAME = "bedrock.video"
PATH = "/async-invoke"
ARN = re.compile(r"arn:aws[\w-]*:bedrock:[a-z0-9-]+:[0-9]{12}:async-invoke/(?P<id>[a-z0-9]+)")

MODEL = re.compile(r"arn:aws[\w-]*:bedrock:[a-z0-9-]+::foundation-model/(amazon[.]nova-reel-.+)")
"""Others are invoked so, too, for vectors."""

SHOT = 6
"""Seconds of one, of which all films are made."""
SHOTS = tuple(range(SHOT, 121, SHOT))
SHORT = "v1:0"
"""The version whose films have one shot."""
SIZE = Size(1280, 720)
TEXT, LONG_TEXT = 512, 4000
"""Characters, of a film of one shot and of one of more."""
FORMATS = {"image/png": "png", "image/jpeg": "jpeg"}
SEEDS = 2**31 - 2
FILE = "output.mp4"
STATES = {
    "InProgress": State.RUNNING,
    "Completed": State.COMPLETED,
    "Failed": State.FAILED,
}
FILTERED = re.compile("content (?:filter|polic)|guardrail|responsible ai", re.IGNORECASE)
"""In the reason of a failure."""


def settle(request: VideoRequest, model: str, lost: list[str]) -> VideoRequest:
    """With a length that the model makes; raises Unsupported for another."""
    lengths = SHOTS[:1] if model.endswith(SHORT) else SHOTS
    seconds = request.lasting(lengths, model)
    if request.picture is not None and seconds > SHOT:
        raise Unsupported(f"a film that begins with a picture has {SHOT} seconds", param="seconds")
    most = TEXT if seconds == SHOT else LONG_TEXT
    if len(request.prompt) > most:
        raise Unsupported(f"{model} reads at most {most} characters", param="prompt")
    if request.size not in (None, SIZE):
        lost.append("size")
    return msgspec.structs.replace(request, seconds=seconds, size=SIZE)


def render_request(request: VideoRequest, model: str, dropped: list[str]) -> Json:
    """One shot, or as many as the film is long."""
    config = members.optional(
        durationSeconds=request.seconds,
        fps=24,
        dimension=f"{SIZE.width}x{SIZE.height}",
        seed=_seed(request.seed, dropped),
    )
    if request.seconds == SHOT:
        images = None if request.picture is None else [_image(request.picture)]
        params = members.optional(text=request.prompt, images=images)
        task: Json = {"taskType": "TEXT_VIDEO", "textToVideoParams": params}
    else:
        params = {"text": request.prompt}
        task = {"taskType": "MULTI_SHOT_AUTOMATED", "multiShotAutomatedParams": params}
    return {
        "modelId": model,
        "modelInput": {**task, "videoGenerationConfig": config},
    }


def stored(bucket: str) -> Json:
    """Into which bucket the film goes; raises Unsupported where nobody has said it."""
    if not bucket:
        raise Unsupported("films of Bedrock need a bucket: the setting `bucket` of the backend")
    return {"outputDataConfig": {"s3OutputDataConfig": {"s3Uri": bucket}}}


def _seed(seed: int | None, dropped: list[str]) -> int | None:
    if seed is None or 0 <= seed <= SEEDS:
        return seed
    dropped.append("seed")
    return None


def _image(picture: Any) -> Json:
    assert isinstance(picture, Data)
    format = FORMATS.get(picture.media_type)
    if format is None:
        raise Unsupported("a film begins with a picture in PNG or JPEG", param="picture")
    head = png.header_in(picture.base64) if format == "png" else None
    if head is not None and (head.width, head.height) != (SIZE.width, SIZE.height):
        raise Unsupported("a film begins with a picture of 1280x720", param="picture")
    return {"format": format, "source": {"bytes": picture.base64}}


JOB = Job(word="invocation", member="invocationArn", id=ARN, place=PATH + "/")


def parse_job(answer: Any, ref: str) -> Film:
    """How far it is, and where its film is or why there is none."""
    state = STATES.get(members.string(answer.get("status")))
    if state is None:
        raise BadAnswer("the provider's answer is no invocation")
    failed, done = state is State.FAILED, state is State.COMPLETED
    return Film(
        ref=ref,
        state=state,
        failure=_failure(members.string(answer.get("failureMessage"))) if failed else None,
        completed=int(since_epoch(answer.get("endTime"))) if done else 0,
        link=_film(answer, ref) if done else "",
    )


def listed_at(before: str) -> str:
    """Where invocations are listed, the newest first.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ListAsyncInvokes.html
    """
    order = {"maxResults": MOST, "sortBy": "SubmissionTime", "sortOrder": "Descending"}
    return f"{PATH}?{urlencode(order | ({'submitTimeBefore': before} if before else {}))}"


def parse_list(answer: Any) -> Found:
    """A page of invocations, of any model; raises BadAnswer."""
    if not isinstance(answer.get("asyncInvokeSummaries"), list):
        raise BadAnswer("the provider's answer is no list of invocations")
    all = members.dicts(answer["asyncInvokeSummaries"])
    oldest = since_epoch(all[-1].get("submitTime")) if all else 0.0
    return Found(
        films=[film for one in all if (film := _listed(one)) is not None],
        oldest=oldest,
        more=bool(answer.get("nextToken")) and oldest > 0,
    )


def _listed(one: Json) -> Listed | None:
    """A film; a list says nothing of what it was asked for but its model."""
    model = MODEL.fullmatch(members.string(one.get("modelArn")))
    ref = members.string(one.get("invocationArn"))
    if model is None or ARN.fullmatch(ref) is None or one.get("status") not in STATES:
        return None
    return Listed(
        film=parse_job(one, ref),
        model=model[1],
        created=since_epoch(one.get("submitTime")),
        seconds=SHOT if model[1].endswith(SHORT) else 0,
        size=f"{SIZE.width}x{SIZE.height}",
        place=_place(one),
    )


def _failure(message: str) -> Failure:
    code = BLOCKED if FILTERED.search(message) else "failed"
    return Failure(code, message[:1000] or "the invocation failed")


def _film(answer: Any, ref: str) -> str:
    """Each invocation has a folder of its own, which is named like it."""
    place, own = _place(answer), ref.rpartition("/")[2]
    if not place:
        raise BadAnswer("the provider does not say where the film is")
    return f"{place}/{FILE}" if place.endswith(f"/{own}") else f"{place}/{own}/{FILE}"


def _place(answer: Any) -> str:
    config: Any = answer.get("outputDataConfig")
    for name in ("s3OutputDataConfig", "s3Uri"):
        config = config.get(name) if isinstance(config, dict) else None
    return members.string(config).rstrip("/")


DIALECT = VideoDialect(
    name=NAME,
    operation=Operation.VIDEO,
    client=(),
    upstream=(Endpoint(path=PATH),),
    carries=frozenset({"seconds", "size", "picture", "seed"}),
    settle=settle,
    stored=stored,
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
    root=PATH,
    acts=(),
    ids=lambda body: NOWHERE,
    doing=Doing(
        path=JOB.path,
        parse=parse_job,
        sign=presigned,
        listing=Listing(listed_at, parse_list),
        stored=True,
    ),
    parse_error=parse_error,
    render_error=render_error,
    watch=lambda answer: Seen(),
    charged=False,
)

DIALECTS = (DIALECT,)
RESOURCES = (JOBS,)
