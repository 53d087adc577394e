"""What is done to an answer as a whole."""

from collections.abc import Sequence

import msgspec
import orjson

from extproc.exchange import metadata
from extproc.exchange.account import Asked
from extproc.exchange.again import MARK
from extproc.exchange.events import Action, Change
from extproc.exchange.header_values import address, listed
from extproc.exchange.ids import Showing
from extproc.exchange.policy import Pairs
from extproc.ratelimit.reply import COST, SPENT
from providers.errors import ApiError, Cause

REWRITTEN = ("content-encoding", "content-length", "etag", "content-md5", "digest")
"""What is about the bytes of a body, and wrong of any other."""
JSON_TYPE = ("content-type", "application/json")
LEFT_OUT = "x-ai-left-out"
"""Who was not asked after a failure, and what it would have lost."""
LOST = "x-ai-lost-members"
"""What the provider says that the client's format has no place for; of a stream, the metadata says
it at the end."""
USED = "x-ai-used"
"""In which the answer to a request of our own says what it used."""


def rewritten(body: bytes, record: metadata.Record, content_type: str = JSON_TYPE[1]) -> Change:
    """A whole answer, as the client gets it."""
    return Change(
        body=body,
        remove_headers=REWRITTEN,
        set_headers=(("content-length", str(len(body))), ("content-type", content_type)),
        metadata=record,
    )


def naming(answer: Change, lost: Sequence[str]) -> Change:
    """The answer, which says in a header what of it the client's format has no place for."""
    if not lost:
        return answer
    headers = (*answer.set_headers, (LOST, listed(lost)))
    return msgspec.structs.replace(answer, set_headers=headers)


def marked(asked: Asked, error: ApiError, status: int) -> Pairs:
    """What Envoy must know of a refusal after which another attempt is to be made, and the client
    of one after which there is none."""
    again = asked.target.again
    if again.alone and status < 400:
        status = error.status
    if not again.after(error, status):
        return ()
    if not asked.alone:
        return ((MARK, error.cause.value),)
    return ((LEFT_OUT, listed(asked.left_out)),) if asked.left_out else ()


def spent(message: str, kind: str) -> ApiError:
    """What a limit has refused; `kind`: what is spent."""
    named, code = SPENT.get(kind, SPENT["requests"])
    cause = Cause.QUOTA if kind == COST else Cause.RATE_LIMIT
    return ApiError(status=429, cause=cause, message=message, code=code, type=named)


def telling(action: Action) -> Action:
    """The same answer, which says what was used in a header, too."""
    if not isinstance(action, Change) or action.metadata is None:
        return action
    told = (USED, orjson.dumps(dict(action.metadata)).decode())
    return msgspec.structs.replace(action, set_headers=(*action.set_headers, told))


def redirect(location: str, showing: Showing | None, record: metadata.Record) -> Change:
    """RFC 9110, section 15.4.3; a path is one of this gateway's, where ids are shown otherwise."""
    if location.startswith("/") and showing is not None:
        location = showing.place(location)
    return Change(
        body=b"",
        remove_headers=(*REWRITTEN, "content-type"),
        set_headers=(
            (":status", "302"),
            ("content-length", "0"),
            ("location", address(location)),
        ),
        metadata=record,
    )
