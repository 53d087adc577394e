"""A job in OpenAI's format.

https://platform.openai.com/docs/api-reference/videos/object
"""

from typing import Any

from providers.bridging.dialect import Context, Seen
from providers.errors import BadAnswer, NotFound
from providers.neutral.video import Failure, Film, State, Ticket, used
from providers.wire import members
from providers.wire.members import Json

PREFIX = "video_"


def watch(answer: Any) -> Seen:
    """The seconds that are being made, and the model."""
    seconds = _seconds(answer.get("seconds"))
    usage = used(seconds) if seconds else None
    return Seen(usage=usage, model=members.string(answer.get("model")))


def _seconds(said: Any) -> float:
    try:
        found = float(said)
    except (TypeError, ValueError, OverflowError):
        return 0
    return found if 0 < found < 1e6 else 0


def parse_response(answer: Any) -> Film:
    """A job."""
    ref, state = members.string(answer.get("id")), members.string(answer.get("status"))
    if not ref or state not in tuple(State):
        raise BadAnswer("the provider's answer is no video")
    failed = answer.get("error")
    return Film(
        ref=ref,
        state=State(state),
        progress=members.whole(answer.get("progress")),
        failure=_failure(failed) if isinstance(failed, dict) else None,
        prompt=members.string(answer.get("prompt")),
        completed=members.whole(answer.get("completed_at")) or 0,
    )


def _failure(error: Json) -> Failure:
    return Failure(members.string(error.get("code")), members.string(error.get("message")))


def render_response(film: Film, context: Context) -> Json:
    """A job that was just made, under an id that says what it is to be."""
    said = context.echo
    ticket = Ticket(
        ref=film.ref,
        model=context.model,
        seconds=said.get("seconds") or 0,
        size=said.get("size") or "",
        created=context.now,
    )
    return render_job(film, ticket, PREFIX + ticket.text()) | members.optional(
        prompt=said.get("prompt")
    )


def render_job(film: Film, ticket: Ticket, id: str) -> Json:
    """A job that is asked for."""
    failure = film.failure
    return {
        "id": id,
        "object": "video",
        "created_at": ticket.created,
        "completed_at": film.completed or None,
        "expires_at": None,
        "status": film.state.value,
        "model": ticket.model,
        "progress": film.percent,
        "prompt": film.prompt or None,
        "seconds": str(ticket.seconds) if ticket.seconds else "",
        "size": ticket.size,
        "remixed_from_video_id": None,
        "error": {"code": failure.code, "message": failure.message} if failure else None,
    }


def render_page(jobs: list[tuple[Film, Ticket]], behind: Ticket | None) -> Json:
    """A list of jobs; `behind`: what the next page begins after, if there is one.

    https://platform.openai.com/docs/api-reference/videos/list
    """
    data = [render_job(film, ticket, PREFIX + ticket.text()) for film, ticket in jobs]
    ids = [job["id"] for job in data]
    last = PREFIX + behind.text() if behind is not None else (ids[-1] if ids else None)
    return {
        "object": "list",
        "data": data,
        "first_id": ids[0] if ids else None,
        "last_id": last,
        "has_more": behind is not None,
    }


def ticket_of(id: str) -> Ticket:
    """What an id says; raises NotFound."""
    if not id.startswith(PREFIX):
        raise NotFound(f"there is nothing with the id {id[:200]!r}")
    return Ticket.of(id.removeprefix(PREFIX))
