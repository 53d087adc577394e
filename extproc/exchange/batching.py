"""A batch of OpenAI's clients at a provider whose own batches differ, and its files.

Nothing is kept here: a file becomes the provider's as it is sent, and whatever its answers do not
say again stands in the ids.
"""

from collections.abc import Callable

import msgspec
import orjson

from extproc.exchange import bodies
from extproc.exchange.account import Asked
from extproc.exchange.answer import DROPPED, Answer
from extproc.exchange.changes import JSON_TYPE
from extproc.exchange.errand import BATCH, Errand, text_in
from extproc.exchange.events import Action, Change, Leave, Reject, RequestBody, RequestHeaders, Rest
from extproc.exchange.header_values import listed, quoted
from extproc.exchange.keeping import place_of
from extproc.exchange.loading import LONGEST, Asker, Loading
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, Secrets, seen_by
from providers.bridging.commission import Commission, Going, Known
from providers.bridging.dialect import Bridge
from providers.bridging.jobs import Verb
from providers.catalog import DIALECTS
from providers.errors import InvalidRequest, NotFound, TooLarge, Unsupported
from providers.signing.sign import Secret
from providers.wire import multipart
from providers.wire.members import Json
from providers.wire.multipart import Upload

RESULTS = "application/jsonl"
ONLY = "the backend takes no files of OpenAI's clients but those of batches (purpose: batch)"


def batched(plan: Plan, event: RequestHeaders) -> bool:
    """Whether a request is about batches that its backend runs in a format of its own."""
    backend = event.attributes.get(BACKEND) or ""
    return plan.keeping.translates(seen_by(event).model, backend)


class Batching(Errand):
    """One request for an act on a batch, or on one of its files."""

    __slots__ = ("_loading",)

    def __init__(self, plan: Plan, secrets: Secrets, clock: Callable[[], float]) -> None:
        super().__init__(plan, secrets, clock)
        self._loading: Loading | None = None

    @property
    def _commission(self) -> Commission:
        assert self._target is not None
        assert isinstance(self._target.bridge, Commission)
        return self._target.bridge

    def _send(self, data: bytes | None, streams: bool) -> Action:
        """What needs no body."""
        return self._act(with_body=False)

    def body(self, event: RequestBody) -> Action | Rest:
        """A file, a request for a batch, or nothing of interest."""
        verb = self._commission.verb
        if verb is Verb.SEND:
            self._loading = self._opened(event.data)
            return self.rested()
        if verb is Verb.MAKE:
            return self._make(bodies.read(event.data, self._plan.bounds))
        return self._act(with_body=True)

    def _opened(self, data: bytes) -> Loading:
        """The file in a form; raises InvalidRequest."""
        assert self._headers is not None
        form = multipart.parse(data, self._headers.get("content-type") or "")
        members = form.members()
        if text_in(members, "purpose") != BATCH:
            raise Unsupported(ONLY, param="purpose")
        file = members.get("file")
        if not isinstance(file, Upload):
            raise InvalidRequest("a batch needs one file, with a filename", param="file")
        asker = Asker(self._backend, self._client, self._seal)
        loading = Loading(self._plan, self._commission, asker, file)
        odd = sorted(members.keys() - {"purpose", "file"})
        loading.dropped |= dict.fromkeys(name.partition("[")[0] for name in odd)
        return loading

    def rested(self) -> Action | Rest:
        """Some lines more, or the file as the provider gets it."""
        loading = self._loading
        assert loading is not None
        if loading.step():
            if self._clock() - self._started > LONGEST:
                words = "the file takes too long to translate: send fewer lines at once"
                raise TooLarge(words, param="file")
            return Rest()
        self._loading = None
        return self._leave(self._commission.load(loading.file(int(self._started))))

    def _make(self, body: Json) -> Action:
        """A batch of a file that was sent before."""
        found = self._commission.make(body, self._opened_id, self._named)
        return self._answer(found) if isinstance(found, Known) else self._leave(found)

    def _opened_id(self, id: str) -> str:
        return id if self._seal is None else self._seal.must_open(id)

    def _answer(self, known: Known) -> Reject:
        """What is known without asking."""
        assert self._target is not None
        assert self._wish is not None
        data = orjson.dumps(known.said)
        showing = self._shown_of(self._wish.kept, self._target.dialect)
        if showing is not None:
            data = showing.whole(data)
        lost = ((DROPPED, quoted(listed(known.dropped))),) if known.dropped else ()
        record = {**self._target.attempt("", "", stream=False), "status": 200}
        return Reject(200, data, (JSON_TYPE, *lost), record)

    def _act(self, *, with_body: bool) -> Action:
        assert self._wish is not None
        verb = self._commission.verb
        if verb in (Verb.SEND, Verb.MAKE):
            raise InvalidRequest(bodies.NO_BODY)
        if verb is Verb.LIST:
            opened = None if self._seal is None else self._seal.must_open
            listed = self._commission.lists(self._wish.said(opened), self._called)
            return self._leave(listed, with_body=with_body)
        id = self._wish.id(self._opened_id)
        return self._leave(self._commission.asks(id, self._each), with_body=with_body)

    def _each(self, dialect: str, model: str) -> Bridge:
        """The bridge of one answer."""
        model = self._plan.led(model, self._backend)
        target = self._plan.target(DIALECTS[dialect], model, self._backend)
        assert target.bridge is not None
        return target.bridge

    def _upstream(self, model: str) -> str:
        """The backend's name of a model; empty where no route leads it there any more."""
        try:
            return self._named(model)
        except NotFound:
            return ""

    def _called(self, model: str, said: str) -> str:
        return self._plan.client_name(model, self._backend, self._client, said)

    def _leave(self, going: Going, *, with_body: bool = True) -> Action:
        target, headers, way = self._target, self._headers, going.way
        assert target is not None
        assert headers is not None
        path = place_of(target, way.path, way.before)
        self._plan.bounds.sent(way.body)
        proof = self._proven(path, way.body)
        self.answer = Answer(self._asked_by(going, proof), self._clock)
        length = ("content-length", str(len(way.body)))
        said = (length, ("content-type", way.content_type)) if with_body else ()
        leaves = Change if with_body else Leave
        return leaves(
            set_headers=(
                (":path", path),
                *said,
                *self._always(target, proof[1]),
                *way.headers.items(),
            ),
            remove_headers=headers.removed(target.passing),
            body=way.body if with_body else None,
            metadata=target.attempt("", "", stream=False),
        )

    def _asked_by(self, going: Going, proof: tuple[Secret, Secret]) -> Asked:
        """What the answer must know."""
        assert self._target is not None
        assert self._wish is not None
        act, kept = self._wish.act, self._wish.kept
        asked = self._asked(self._target, self._wish, False, proof)
        upstream = self._upstream(going.model)
        client = msgspec.structs.replace(kept, stream_type=RESULTS, charged=act.told is not None)
        shown = None if act.content else self._shown_of(kept, self._target.dialect)
        return msgspec.structs.replace(
            asked,
            client=client,
            bridge=going.bridge,
            price_of=lambda model: self._price_of(model or upstream),
            dropped=going.dropped,
            showing=shown,
            unread=False,
        )
