"""A long-running operation of Google's, in which Veo makes a film.

https://ai.google.dev/gemini-api/docs/video, https://google.aip.dev/151
"""

import re
from collections.abc import Iterator
from typing import Any

from providers.bridging.dialect import Seen
from providers.errors import BadAnswer, NotFound
from providers.neutral.images import BLOCKED
from providers.neutral.video import Failure, Film, State
from providers.usage import Usage
from providers.wire import members
from providers.wire.members import Json

NAME = re.compile(r"models/[A-Za-z0-9_.-]+/operations/[A-Za-z0-9_-]+")
FILE = re.compile(r"/files/([A-Za-z0-9_-]+)")
HERE = "/v1beta/files/{}:download?alt=media"
"""Where clients of the same format fetch a film: it takes the backend's key."""
NO_REASON = "it says no reason"


def watch(answer: Any) -> Seen:
    """It says nothing of what is used: the request does."""
    return Seen(usage=Usage())


def parse_response(answer: Any) -> Film:
    """The operation that was begun."""
    return begun(answer, NAME)


def begun(answer: Any, names: re.Pattern[str]) -> Film:
    """An operation of which one of `names` is the name; raises BadAnswer."""
    name = members.string(answer.get("name"))
    if not names.fullmatch(name):
        raise BadAnswer("the provider's answer names no operation")
    return Film(ref=name, state=State.QUEUED)


def path(ref: str) -> str:
    """Where an operation is shown; raises NotFound."""
    if not NAME.fullmatch(ref):
        raise NotFound("there is no such video")
    return f"/{ref}"


def parse_job(answer: Any, ref: str) -> Film:
    """How far it is, and where its film is or why there is none."""
    film = state_of(answer, ref)
    if film is not None:
        return film
    made = _made(answer)
    file = next(_files(made), "")
    if file:
        return Film(ref=ref, state=State.COMPLETED, link=HERE.format(file))
    return ended(made, ref)


def state_of(answer: Any, ref: str) -> Film | None:
    """What an operation says that has made nothing; None: it has."""
    error = answer.get("error")
    if isinstance(error, dict):
        return Film(ref=ref, state=State.FAILED, failure=_failure(error))
    if answer.get("done") is True:
        return None
    if not members.string(answer.get("name")):
        raise BadAnswer("the provider's answer is no operation")
    return Film(ref=ref, state=State.RUNNING)


def ended(made: Json, ref: str) -> Film:
    """An operation that is done, and in which there is no film."""
    reasons = made.get("raiMediaFilteredReasons")
    said = [one for one in reasons if isinstance(one, str)] if isinstance(reasons, list) else []
    message = f"the provider made no video: {' '.join(said) or NO_REASON}"
    return Film(ref=ref, state=State.FAILED, failure=Failure(BLOCKED, message[:1000]))


def _failure(error: Json) -> Failure:
    code = members.string(error.get("status")) or str(error.get("code") or "")
    return Failure(code[:100], members.string(error.get("message"))[:1000])


def _made(answer: Json) -> Json:
    response = answer.get("response")
    made = response.get("generateVideoResponse") if isinstance(response, dict) else None
    return made if isinstance(made, dict) else {}


def _files(made: Json) -> Iterator[str]:
    for sample in members.dicts(made.get("generatedSamples")):
        video = sample.get("video")
        uri = members.string(video.get("uri")) if isinstance(video, dict) else ""
        match = FILE.search(uri)
        if match is not None:
            yield match[1]
