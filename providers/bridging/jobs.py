"""Jobs that one family's clients ask for, and another's provider does.

A job is made as any other operation is asked for. Afterwards it is known by an id alone, and no
model says which dialect its provider speaks: the backend does, to which the id leads back.
"""

from base64 import b64decode
from collections.abc import Callable, Mapping
from copy import copy
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec
import orjson

from providers.bridging.bridge import loads
from providers.bridging.dialect import Call, Context, Dialect, Relay, Seen, Sent
from providers.errors import BadAnswer, NotFound, Unsupported
from providers.neutral.film_lists import Listing, Span, span
from providers.neutral.media import Data
from providers.neutral.video import Film, Ticket
from providers.signing.sign import Secret
from providers.usage import Usage
from providers.wire import error_bodies
from providers.wire.members import Json

if TYPE_CHECKING:
    from providers.bridging.resource import Act, Kept
    from providers.errors import ApiError

ID = "id"
"""In the echo of a request: the id that it asks for, as it was shown when the job was made."""
SPAN, NAMED = "span", "named"
"""The same for a list: what is asked for, and who knows the client's names of models."""


class Verb(StrEnum):
    """What can be asked of another family's job, or of all of them."""

    LIST = "list"
    SHOW = "show"
    FETCH = "fetch"
    SEND = "send"
    MAKE = "make"
    STOP = "stop"
    DROP = "drop"


class Following(msgspec.Struct, frozen=True, kw_only=True):
    """How clients of a format ask for jobs that others do."""

    ticket: Callable[[str], Ticket]
    """(an id) → what it says; raises NotFound."""
    render: Callable[[Film, Ticket, str], Json]
    """(a job, what its id says, the id) → as its clients know it."""
    page: Callable[[list[tuple[Film, Ticket]], Ticket | None], Json] | None = None
    """(jobs and what their ids say, behind what the next page begins; None: there is none) → a list
    as its clients know it. None: they know none."""
    usual: Mapping[str, str] = {}
    """Member of a query → the one value that jobs of others have."""


class Doing(msgspec.Struct, frozen=True, kw_only=True):
    """How a provider of a format is asked for its jobs."""

    path: Callable[[str], str]
    """(what the provider calls a job) → where it shows it; raises NotFound."""
    parse: Callable[[Any, str], Film]
    """(an answer, what the provider calls the job) → the job; raises BadAnswer."""
    body: Callable[[str], Json] | None = None
    """What is said there, where a job is looked at by a POST; None: it is by a GET."""
    sign: Callable[[str, Secret, int], str] | None = None
    """(where a film is, the backend's secret, now) → a URL that proves by itself who asks; raises
    Unsupported. None: anybody may fetch it."""
    listing: Listing | None = None
    """How jobs are listed; None: not so that a client of another format could know them."""
    stored: bool = False
    """Whether films are put where the backend says, and there are none where it says nothing."""


class Foreign:
    """The bridge of an act on what is kept in another format."""

    def __init__(self, client: Dialect, target: Dialect) -> None:
        self._client = client
        self._target = target

    def request(self, call: Call) -> Sent:
        """There is nothing to say but the path."""
        return Sent(body=None)

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """Raises BadAnswer: what was asked for comes line by line."""
        raise BadAnswer("the provider's answer is not what was asked for")

    def replay(self, data: bytes, context: Context) -> tuple[bytes, Seen]:
        """Raises BadAnswer: nobody asks for a stream."""
        raise BadAnswer("the provider's answer is no stream")

    def stream(self, context: Context) -> Relay:
        """There is none."""
        raise BadAnswer("the provider streams what is never streamed")

    def error(
        self, status: int, headers: Mapping[str, str], data: bytes
    ) -> "tuple[ApiError, int, Mapping[str, str], bytes]":
        """The error in the client's dialect."""
        error = self._target.parse_error(status, headers, data)
        if error.retry_after is None:
            seconds = error_bodies.retry_after(headers)
            error = msgspec.structs.replace(error, retry_after=seconds)
        return error, *self._client.render_error(error)


class Inquiry(Foreign):
    """The bridge of an act on a job that is done in another format."""

    def __init__(self, client: "Kept", target: "Kept", act: "Act", bucket: str = "") -> None:
        """`bucket`: where films are put, where the backend says it. Raises Unsupported for what the
        provider cannot do."""
        following, doing = client.following, target.doing
        if act.verb is None or not isinstance(following, Following) or not isinstance(doing, Doing):
            raise Unsupported(f"{act.method} {act.path} is not possible at this provider")
        if act.verb is Verb.LIST and (following.page is None or doing.listing is None):
            raise Unsupported(f"{act.method} {act.path} is not possible at this provider")
        super().__init__(client, target)
        self._following = following
        self._doing = doing
        self._bucket = bucket
        self._verb = act.verb
        self._signed: Callable[[str], str] = lambda link: link

    def path(self, id: str, query: Mapping[str, str]) -> str:
        """Where the provider shows the job of that id, or lists them; raises InvalidRequest,
        NotFound, Unsupported."""
        if self.lists:
            assert self._doing.listing is not None
            return self._doing.listing.path(self.span(query).before)
        for name, only in self._following.usual.items():
            if query.get(name, only) != only:
                raise Unsupported(f"this provider has no {name} but {only}", param=name)
        return self._doing.path(self._following.ticket(id).ref)

    @property
    def lists(self) -> bool:
        """Whether a list is asked for, and no job."""
        return self._verb is Verb.LIST

    def span(self, query: Mapping[str, str]) -> Span:
        """Which part of it; raises InvalidRequest, NotFound, Unsupported."""
        return span(query, self._following.ticket)

    def body(self, id: str) -> bytes | None:
        """What is said there; None: nothing."""
        if self._doing.body is None or self.lists:
            return None
        return orjson.dumps(self._doing.body(self._following.ticket(id).ref))

    def by(self, secret: Secret, now: int) -> "Inquiry":
        """The same for a backend's secret, with which a film is fetched where that takes one."""
        if self._doing.sign is None:
            return self
        sign = self._doing.sign
        one = copy(self)
        one._signed = lambda link: sign(link, secret, now)
        return one

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """The job as the client knows it, a list of such, or where it can be fetched."""
        answer = loads(data, self._target, context.bounds)
        if self.lists:
            return self._page(answer, context), Seen(usage=Usage())
        id = str(context.echo[ID])
        ticket = self._following.ticket(id)
        film = self._doing.parse(answer, ticket.ref)
        if not film.lies_in(self._bucket):
            raise NotFound("there is no such video")
        if self._verb is Verb.FETCH:
            return self._fetched(film)
        return orjson.dumps(self._following.render(film, ticket, id)), Seen(usage=Usage())

    def _page(self, answer: Any, context: Context) -> bytes:
        following, listing = self._following, self._doing.listing
        assert following.page is not None
        assert listing is not None
        asked: Span = context.echo[SPAN]
        found = listing.parse(answer)
        own = [one for one in found.films if one.lies_in(self._bucket)]
        page = msgspec.structs.replace(found, films=own)
        return orjson.dumps(following.page(*asked.of(page, context.echo[NAMED])))

    def _fetched(self, film: Film) -> tuple[bytes, Seen]:
        """The film itself where the provider sends it along, else where it is."""
        if film.data is not None:
            return _decoded(film.data), Seen(usage=Usage(), content_type=film.data.media_type)
        return b"", Seen(usage=Usage(), location=self._signed(film.fetched()))


def _decoded(film: Data) -> bytes:
    try:
        return b64decode(film.base64, validate=True)
    except ValueError:
        raise BadAnswer("the provider's film is not in Base64") from None
