"""A list that several backends keep, which is asked of each of them and answered as one.

Sans-I/O, like the exchange that owns it: an event in, an action out. Each backend is asked by
Envoy's own loopback listener, as if a client had named it.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, urlencode

import orjson

from extproc.exchange.acts import Asked as Wish
from extproc.exchange.changes import JSON_TYPE
from extproc.exchange.errand import Errand
from extproc.exchange.events import Action, Ask, Reject, RequestHeaders, SideAnswer, SideCall, Told
from extproc.exchange.header_values import listed, quoted
from extproc.exchange.ids import Seal
from extproc.exchange.keeping import Keeping
from extproc.exchange.plan import Plan
from extproc.exchange.proof import Secrets, seen_by
from extproc.exchange.side import failure, said
from providers.bridging.pages import ByTime, Chained, Merged, Ordered, Want
from providers.errors import InvalidRequest, NotFound, Unavailable
from providers.wire.members import Json

NAMED = "x-ai-backend"
MISSING = "x-ai-missing-backends"
"""Whose part of a list is not there, or not all of it."""
LONGEST = 40.0
"""Seconds after which no further page is asked for."""
LONGEST_CURSOR = 8_000
"""Characters; AWS's have up to 2,048 (API_ListModelInvocationJobs)."""
FIRST = b"c"
"""What a cursor begins with, so that one of the beginning is not empty."""
WHICH = "lists of several backends are not joined here: name yours in the header x-ai-backend ({})"
SLOW = "the backends need too long for this list: name one in the header x-ai-backend"


def merged(plan: Plan, event: RequestHeaders) -> bool:
    """Whether a request is for a list of several backends."""
    if event.headers.get(":method") != "GET" or event.headers.get(NAMED):
        return False
    seen = seen_by(event)
    return bool(plan.keeping.merges(seen.model)) and plan.keeping.acts.lists(seen.model, seen.path)


class Merging(Errand):
    """One request for a list."""

    __slots__ = ("_event", "_list", "_refused", "_side", "_wants")

    def __init__(self, plan: Plan, secrets: Secrets, clock: Callable[[], float], side: str) -> None:
        """`side`: the secret of requests of our own; empty where there can be none."""
        super().__init__(plan, secrets, clock)
        self._side = side
        self._event: RequestHeaders | None = None
        self._list: Merged | None = None
        self._wants: list[Want] = []
        self._refused: SideAnswer | None = None
        """The first answer that is none."""

    def headers(self, event: RequestHeaders) -> Action | Ask:
        """Asks all backends for the first page of each."""
        wish = self._asked_for(event)
        self._keeping.allow(wish)
        backends = self._keeping.merges(wish.kept.name)
        if not self._side:
            raise InvalidRequest(WHICH.format(", ".join(backends)))
        self._event = event
        self._target = self._keeping.target(wish, self._backend)
        self._list = self._merged(wish, backends)
        return self._ask(self._list.wanted())

    def _merged(self, wish: Wish, backends: tuple[str, ...]) -> Merged:
        pages, query = wish.act.pages, wish.query
        seals = Seals(self._keeping, backends, self._client, self._secrets)
        if isinstance(pages, ByTime):
            return Ordered(pages, backends, query, seals.owner)
        assert pages is not None
        return Chained(pages, backends, query, opened=seals.opened, closed=seals.closed)

    def _ask(self, wants: list[Want]) -> Ask:
        self._wants = wants
        return Ask(tuple(map(self._call, wants)), each=True)

    def _call(self, want: Want) -> SideCall:
        """The same request to one backend, as if the client had named it."""
        assert self._wish is not None
        assert self._event is not None
        assert self._headers is not None
        path = self._path.partition("?")[0].rstrip("/")
        if want.id:
            path += "/" + quote(want.id, safe="")
        if want.query:
            path += "?" + urlencode(want.query, quote_via=quote)
        served = self._keeping.target(self._wish, want.backend).served
        call = f"{self._side}\n{path}\n{self._kind}"
        headers = said(self._event, served.client_keys, want.backend, call)
        host = self._headers.get(":authority") or ""
        return SideCall(path, tuple(headers), None, host)

    def told(self, event: Told) -> Action | Ask:
        """Further questions, or the page."""
        if event.error is not None:
            raise event.error
        assert self._list is not None
        for want, answer in zip(self._wants, event.answers, strict=True):
            body = _body(answer)
            if body is None:
                self._refused = self._refused or answer
                if want.id:
                    return self._failed()
            self._list.take(want, body)
        wants = self._list.wanted()
        if not wants:
            return self._page()
        if self._clock() - self._started > LONGEST:
            raise Unavailable(SLOW)
        return self._ask(wants)

    def _page(self) -> Action:
        assert self._list is not None
        assert self._target is not None
        page = self._list.page()
        if page is None:
            return self._failed()
        lacking = (*self._list.missing, *self._keeping.unlisted(self._kind))
        told = ((MISSING, quoted(listed(lacking))),) if lacking else ()
        record = {**self._target.attempt("", "", stream=False), "status": 200}
        return Reject(200, orjson.dumps(page), (JSON_TYPE, *self._target.shows, *told), record)

    def _failed(self) -> Action:
        """Nobody has answered, or not for what the list begins with."""
        assert self._refused is not None
        assert self._target is not None
        return failure(self._refused, self._target.attempt("", "", stream=False))


def _body(answer: SideAnswer) -> Json | None:
    if answer.status != 200:
        return None
    try:
        body = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


class Seals:
    """Whose an id is, and cursors that nobody can make up."""

    def __init__(
        self, keeping: Keeping, backends: tuple[str, ...], client: str, secrets: Secrets
    ) -> None:
        """Raises Unavailable."""
        self._known: dict[str, Seal] = {}
        for backend in backends:
            seal = keeping.seal(backend, client, secrets)
            assert seal is not None
            self._known[backend] = seal

    def owner(self, id: str) -> str:
        """The backend of an id; raises NotFound."""
        for backend, seal in self._known.items():
            if seal.opened(id) is not None:
                return backend
        raise NotFound(f"there is nothing with the id {id[:200]!r}")

    def closed(self, backend: str, cursor: str) -> str:
        """The cursor of a list of all."""
        text = urlsafe_b64encode(FIRST + cursor.encode()).rstrip(b"=").decode()
        return self._known[backend].closed(text)

    def opened(self, text: str) -> tuple[str, str]:
        """(the backend, its own cursor); raises NotFound."""
        for backend, seal in self._known.items():
            own = seal.opened(text, LONGEST_CURSOR)
            cursor = None if own is None else _inner(own)
            if cursor is not None:
                return backend, cursor
        raise NotFound("the list does not go on there: it is no cursor of this gateway")


def _inner(own: str) -> str | None:
    """A backend's cursor; None: what is sealed is an id of something."""
    try:
        text = urlsafe_b64decode(own + "=" * (-len(own) % 4))
        return text[len(FIRST) :].decode() if text.startswith(FIRST) else None
    except ValueError:
        return None
