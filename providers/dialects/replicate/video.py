"""Films by models on Replicate: predictions, which are made, looked at and fetched.

https://replicate.com/docs/reference/http#predictions.create (checked 2026-11)
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
from providers.dialects.replicate.models import Model, known
from providers.errors import BadAnswer, Unsupported
from providers.neutral.film_jobs import Job
from providers.neutral.film_lists import Found, Listed, Listing, since_epoch
from providers.neutral.images import BLOCKED, Size
from providers.neutral.media import Data, Url, render_uri
from providers.neutral.video import LONGEST, Failure, Film, State, VideoRequest, web
from providers.operations import Operation
from providers.usage import Usage
from providers.wire import members
from providers.wire.compatible_errors import parse_error, render_error
from providers.wire.members import Json

NAME = "replicate.video"
ID = re.compile(r"[a-z0-9]+")
INLINE = 10_000_000
"""Characters of a data URI that the vendor's own clients send; larger files are given by URL."""
SEEDS = 2**31 - 1
STATES = {
    "starting": State.QUEUED,
    "processing": State.RUNNING,
    "succeeded": State.COMPLETED,
    "failed": State.FAILED,
    "canceled": State.FAILED,
    "aborted": State.FAILED,
}
# https://replicate.com/docs/reference/error-codes
FLAGGED = re.compile(r"\(E005\)|flagged as sensitive", re.IGNORECASE)


def settle(request: VideoRequest, model: str, lost: list[str]) -> VideoRequest:
    """With a length and a size that the model makes; raises Unsupported for what it cannot be
    told."""
    one = known(model)
    told = {
        "seconds": bool(one.lengths) or request.seconds is None,
        "picture": bool(one.picture) or request.picture is None,
        "negative": one.negative or request.negative is None,
    }
    for param, fine in told.items():
        if not fine:
            raise Unsupported(f"how {model} is told of it is not known here", param=param)
    seconds = request.lasting(one.lengths, model) if one.lengths else None
    size = _fitting(request.size, one, seconds)
    if request.size not in (None, size):
        lost.append("size")
    return msgspec.structs.replace(request, seconds=seconds, size=size)


def _fitting(asked: Size | None, one: Model, seconds: int | None) -> Size | None:
    if asked is None or not one.sizes:
        return None
    long = one.lengths and seconds != one.lengths[0]
    sizes = [
        size
        for size, said in one.sizes.items()
        if not (long and said.get("resolution") in one.short)
    ]
    return asked.nearest(sizes)


def render_request(request: VideoRequest, model: str, dropped: list[str]) -> Json:
    """The model's own inputs."""
    one, seed = known(model), request.seed
    if seed is not None and not (one.seed and 0 <= seed <= SEEDS):
        dropped.append("seed")
        seed = None
    picture = {one.picture: _image(request.picture)} if request.picture is not None else {}
    said = members.optional(
        prompt=request.prompt,
        duration=request.seconds,
        negative_prompt=request.negative,
        seed=seed,
    )
    return {"input": {**said, **one.sizes.get(request.size or Size(0, 0), {}), **picture}}


def _image(picture: Any) -> str:
    assert isinstance(picture, Data | Url)
    uri = render_uri(picture)
    if isinstance(picture, Data) and len(uri) > INLINE:
        raise Unsupported("Replicate reads larger pictures by URL alone", param="picture")
    return uri


JOB = Job(word="prediction", id=ID, place="/predictions/")


def parse_job(answer: Any, ref: str) -> Film:
    """How far it is, and where its film is or why there is none."""
    status = members.string(answer.get("status"))
    state = STATES.get(status)
    if state is None:
        raise BadAnswer("the provider's answer is no prediction")
    output = answer.get("output")
    links = [web(one) for one in (output if isinstance(output, list) else [output])]
    link = next(filter(None, links), "")
    if state is State.COMPLETED and not link:
        # Files are deleted an hour after they were made.
        gone = Failure("expired", "the provider has no video of it, or none any more")
        return Film(ref=ref, state=State.FAILED, failure=gone)
    failed = _failure(answer, status) if state is State.FAILED else None
    return Film(ref=ref, state=state, failure=failed, link=link if failed is None else "")


def _failure(answer: Json, status: str) -> Failure:
    message = members.string(answer.get("error"))[:1000]
    code = BLOCKED if FLAGGED.search(message) else status
    return Failure(code, message or f"the prediction was {status}")


def listed_at(before: str) -> str:
    """Where predictions are listed, a hundred on a page.

    https://replicate.com/docs/reference/http#predictions.list (checked 2026-12)
    """
    return "/predictions" + (f"?{urlencode({'created_before': before})}" if before else "")


def parse_list(answer: Any) -> Found:
    """A page of predictions, of any model; raises BadAnswer."""
    if not isinstance(answer.get("results"), list):
        raise BadAnswer("the provider's answer is no list of predictions")
    all = [one for one in members.dicts(answer["results"]) if ID.fullmatch(str(one.get("id")))]
    oldest = since_epoch(all[-1].get("created_at")) if all else 0.0
    films = [_listed(one) for one in all if one.get("status") in STATES]
    return Found(films, oldest, bool(answer.get("next")) and oldest > 0)


def _listed(one: Json) -> Listed:
    model, given = members.string(one.get("model")), one.get("input")
    said: Json = given if isinstance(given, dict) else {}
    seconds = members.whole(said.get("duration")) or 0
    sizes = known(model).sizes.items()
    size = next((size for size, words in sizes if words.items() <= said.items()), None)
    film = msgspec.structs.replace(
        parse_job(one, str(one["id"])),
        prompt=members.string(said.get("prompt")),
        completed=int(since_epoch(one.get("completed_at"))),
    )
    return Listed(
        film=film,
        model=model,
        created=since_epoch(one.get("created_at")),
        seconds=seconds if 0 < seconds <= LONGEST else 0,
        size=f"{size.width}x{size.height}" if size else "",
    )


DIALECT = VideoDialect(
    name=NAME,
    operation=Operation.VIDEO,
    client=(),
    upstream=(Endpoint(path="/models/{org/model}/predictions"),),
    inline=False,
    carries=frozenset({"seconds", "size", "picture", "negative", "seed"}),
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
    root="/predictions",
    acts=(),
    ids=lambda body: NOWHERE,
    doing=Doing(path=JOB.path, parse=parse_job, listing=Listing(listed_at, parse_list)),
    parse_error=parse_error,
    render_error=render_error,
    watch=lambda answer: Seen(),
    charged=False,
)

DIALECTS = (DIALECT,)
RESOURCES = (JOBS,)
