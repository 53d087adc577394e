"""A request that names no model: for what a backend keeps, on its way there.

Sans-I/O, like the exchange that owns it: an event in, an action out.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import orjson

from extproc.exchange import bodies, ids
from extproc.exchange.account import Asked
from extproc.exchange.acts import Asked as Wish
from extproc.exchange.acts import renamed
from extproc.exchange.answer import Answer
from extproc.exchange.changes import JSON_TYPE
from extproc.exchange.client_headers import ClientHeaders
from extproc.exchange.events import (
    GO_ON,
    Action,
    Ask,
    Change,
    Fetched,
    Leave,
    Metadata,
    Reject,
    Replace,
    RequestBody,
    RequestHeaders,
    ResponseHeaders,
    Rest,
)
from extproc.exchange.header_values import quoted_all
from extproc.exchange.ids import Seal, Showing
from extproc.exchange.keeping import Keeping
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, CLIENT, Proof, Secrets, seen_by
from extproc.exchange.served import Target, filled
from providers.bridging.dialect import Context, Dialect
from providers.bridging.kept_ids import Ids
from providers.bridging.resource import Kept
from providers.errors import GatewayError, InvalidRequest
from providers.signing.sign import Call as SignedCall
from providers.signing.sign import Secret
from providers.usage import Price
from providers.wire import multipart
from providers.wire.members import Json
from providers.wire.multipart import Upload
from providers.wire.splice import edit

MODELS = "models/"
"""What Google's names of models begin or go on with."""
BATCH = "batch"
"""The purpose of a file whose lines are requests."""


class Errand:
    """One request for an act on what is kept."""

    __slots__ = (
        "_backend",
        "_client",
        "_clock",
        "_headers",
        "_keeping",
        "_kind",
        "_method",
        "_path",
        "_plan",
        "_proof",
        "_seal",
        "_secrets",
        "_started",
        "_target",
        "_wish",
        "answer",
    )

    def __init__(self, plan: Plan, secrets: Secrets, clock: Callable[[], float]) -> None:
        self.answer: Answer | None = None
        """Awaits the provider, as soon as it is asked."""
        self._plan = plan
        self._keeping: Keeping = plan.keeping
        self._secrets = secrets
        self._clock = clock
        self._started = clock()
        self._kind = ""
        self._method = self._path = ""
        self._backend = ""
        self._client = ""
        self._proof: Proof | None = None
        self._headers: ClientHeaders | None = None
        self._wish: Wish | None = None
        self._target: Target | None = None
        self._seal: Seal | None = None

    def headers(self, event: RequestHeaders) -> Action | Ask:
        """Finds what is asked for and of whom; what has no body leaves at once."""
        wish = self._asked_for(event)
        self._target = target = self._keeping.target(wish, self._backend)
        self._proof = Proof(event, target.served, self._secrets)
        self._seal = self._keeping.seal(self._backend, self._client, self._secrets)
        self._keeping.allow(wish)
        if self._seal is not None and wish.act.leads:
            wish.asks(self._seal.must_open)  # before anybody's body is waited for
        return self._send(None, wish.streams) if event.end else GO_ON

    def _asked_for(self, event: RequestHeaders) -> Wish:
        """Finds what is asked for; raises NotFound, InvalidRequest."""
        seen = seen_by(event)
        self._kind = seen.model
        self._method = event.headers.get(":method") or ""
        self._headers = headers = ClientHeaders(event)
        self._backend = event.attributes.get(BACKEND) or ""
        self._path = seen.path
        self._wish = wish = self._keeping.acts.find(seen.model, self._method, seen.path)
        self._client = headers.get(CLIENT) or wish.holder
        return wish

    def body(self, event: RequestBody) -> Action | Rest:
        """The request as the provider gets it."""
        assert self._headers is not None
        data, streams = event.data, False
        assert self._wish is not None
        said = self._headers.get("content-type") or ""
        if self._wish.act.raw or said.partition(";")[0].strip().lower() in self._wish.act.types:
            pass
        elif multipart.is_form(said):
            data = self._form(data)
        elif data:
            data, streams = self._json(data)
        return self._send(data, streams)

    def _json(self, data: bytes) -> tuple[bytes, bool]:
        """The body with the provider's names, and whether it asks for a stream."""
        assert self._wish is not None
        act, kept = self._wish.act, self._wish.kept
        body = bodies.read(data, self._plan.bounds)
        self._keeping.allow(self._wish, body)
        streams = act.streams and body.get("stream") is True
        named = self._renamed(body)
        changes = {name: named[name] for name in body if named[name] != body[name]}
        if changes:
            data = edit(data, body, changes)
        return self._shown(data, body, kept.ids(body)), streams

    def _renamed(self, body: Json) -> Json:
        """The same with the provider's names of models; raises NotFound."""
        assert self._wish is not None
        named: Any = body
        for way in self._wish.act.models:
            named = renamed(named, way, self._model)
        found: Json = named
        return found

    def _shown(self, data: bytes, body: Json, places: Ids) -> bytes:
        """JSON with the provider's ids."""
        if self._seal is None:
            return data
        ids.once(data, body)
        return ids.opened(data, body, places, self._seal)

    def _named(self, model: str) -> str:
        return self._plan.upstream_name(model, self._backend, self._client)

    def _model(self, name: str) -> str:
        """A model's name as a body has it."""
        assert self._wish is not None
        before = self._wish.kept.models_at
        if not before:
            return self._named(name)
        assert self._target is not None
        # A client's own project may stand before it.
        own = self._named(name.rpartition(MODELS)[2])
        return filled(before, self._target.served.options) + own

    def _form(self, data: bytes) -> bytes:
        """A form with the provider's ids, and the file of a batch with its names of models."""
        assert self._headers is not None
        assert self._wish is not None
        kept = self._wish.kept
        form = multipart.parse(data, self._headers.get("content-type") or "")
        members = form.members()
        if self._seal is not None:
            data = ids.opened_form(form, members, kept.ids(members), self._seal)
        if kept.lines and text_in(members, "purpose") == BATCH:
            data = self._batch(form, members, data)
        for part in dict.fromkeys(way[0] for way in self._wish.act.models):
            if part in members:
                data = self._part(data, part, text_in(members, part))
        return data

    def _part(self, data: bytes, part: str, text: str) -> bytes:
        """A form of whose parts one is JSON that names a model."""
        assert self._headers is not None
        body = {part: bodies.read(text.encode(), self._plan.bounds)}
        named = self._renamed(body)
        if named == body:
            return data
        form = multipart.parse(data, self._headers.get("content-type") or "")
        return form.with_file(part, orjson.dumps(named[part]))

    def _batch(self, form: multipart.Form, members: Json, data: bytes) -> bytes:
        assert self._wish is not None
        file = members.get("file")
        if not isinstance(file, Upload):
            raise InvalidRequest("a batch needs one file, with a filename", param="file")
        self._plan.bounds.batch(file.data)
        lines = file.data.split(b"\n")
        changed = [self._line(number, line) for number, line in enumerate(lines, 1)]
        if changed == lines:
            return data
        return form.with_file("file", b"\n".join(changed))

    def _line(self, number: int, line: bytes) -> bytes:
        """A line of a batch, with the provider's name of its model and its own ids."""
        assert self._wish is not None
        kept = self._wish.kept
        if not line.strip():
            return line
        self._plan.bounds.request(line)
        try:
            body = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise InvalidRequest(
                f"line {number} is not valid JSON: {error}", param="file"
            ) from None
        value = renamed(body, kept.lines, self._model)
        if value == body:
            return self._shown(line, body, kept.ids(body))
        line = orjson.dumps(value)  # which says nothing twice
        return line if self._seal is None else ids.opened(line, body, kept.ids(body), self._seal)

    def _send(self, data: bytes | None, streams: bool) -> Action:
        wish, target = self._wish, self._target
        assert wish is not None
        assert target is not None
        opened = None if self._seal is None else self._seal.must_open
        path = self._keeping.path(target, wish, opened, self._named)
        body = b"" if data is None else data
        self._plan.bounds.sent(body)
        proof = self._proven(path, body)
        self.answer = Answer(self._asked(target, wish, streams, proof), self._clock)
        return self._leaving(path, data, proof[1], streams=streams)

    def _leaving(self, path: str, data: bytes | None, signed: Secret, *, streams: bool) -> Change:
        """The request as it goes; `signed`: the headers that prove who asks."""
        target, headers, wish = self._target, self._headers, self._wish
        assert target is not None
        assert headers is not None
        assert wish is not None
        whole = None if wish.act.raw else data
        length = () if whole is None else (("content-length", str(len(whole))),)
        leaves = Leave if data is None else Change
        return leaves(
            set_headers=((":path", path), *length, *self._always(target, signed)),
            remove_headers=headers.removed(target.passing),
            body=whole,
            metadata=target.attempt("", "", stream=streams),
        )

    def _proven(self, path: str, body: bytes) -> tuple[Secret, Secret]:
        """(the secret, the headers that are made of it); none where the URL is the proof."""
        assert self._wish is not None
        assert self._target is not None
        assert self._proof is not None
        served = self._target.served
        if self._wish.proven:
            # A pool's next key may be another account's than the one that has begun.
            return {}, {}
        secret = self._proof.secret()
        if served.signer is None:
            return secret, {}
        call = SignedCall(self._method, served.authority, path, body)
        return secret, served.signer(call, secret, self._clock())

    def _always(self, target: Target, signed: Secret) -> Iterator[tuple[str, str]]:
        """What every request there needs of headers."""
        assert self._headers is not None
        yield ":authority", target.served.authority
        yield from target.headers
        yield from [header for header in target.defaults if self._headers.get(header[0]) is None]
        yield from signed.items()

    def _asked(
        self, target: Target, wish: Wish, streams: bool, proof: tuple[Secret, Secret]
    ) -> Asked:
        """What the answer must know; `proof`: the secret, and the headers that were made of it."""
        act = wish.act
        dialect = target.dialect
        showing = None if act.content else self._showing(wish)
        if act.content:
            dialect = msgspec.structs.replace(dialect, stream_type="")
        assert target.bridge is not None
        return Asked(
            client=dialect,
            target=msgspec.structs.replace(target, dialect=dialect),
            bridge=target.bridge,
            context=Context(
                model="", id=self._plan.new_id(), now=int(self._started), bounds=self._plan.bounds
            ),
            stream=streams or act.content,
            dropped=(),
            prompt=0,
            units=None,
            secret=proof[0],
            signed=proof[1],
            started=self._started,
            showing=showing,
            unread=showing is None and act.told is None and act.trimmed is None,
            price_of=self._price_of,
        )

    def _showing(self, wish: Wish) -> Showing | None:
        kept = wish.kept
        if not kept.has_ids or (self._seal is None and not kept.urls):
            return None
        return self._shown_of(kept, kept)

    def _shown_of(self, kept: Kept, leading: Dialect) -> Showing | None:
        if kept.ids is None or leading.ids is None:
            return None
        return Showing(
            ids=kept.shown or kept.ids({}),
            seal=self._seal,
            urls=kept.urls,
            base=self._base(),
            leads=leading.ids({}),
            bounds=self._plan.bounds,
        )

    def _base(self) -> str:
        """Where the client has found the gateway."""
        assert self._headers is not None
        host = self._headers.get(":authority") or ""
        return self._keeping.url or f"{self._headers.get(':scheme') or 'http'}://{host}"

    def _price_of(self, model: str) -> Price:
        assert self._wish is not None
        return self._plan.price_at(self._backend, model).times(self._wish.act.share)

    def answered(self, event: ResponseHeaders) -> Action:
        """What the answer makes of its headers."""
        assert self.answer is not None
        assert self._proof is not None
        action = self._led(self.answer.headers(event), event)
        return self._proof.heard(action, self.answer.status, event.headers)

    def _led(self, action: Action, event: ResponseHeaders) -> Action:
        """The same, with URLs in headers that lead here."""
        assert self._wish is not None
        urls = [(name, event.headers.get(name)) for name in self._wish.act.links]
        found = tuple((name, self._link(url)) for name, url in urls if url)
        if not found or not isinstance(action, Change | Replace):
            return action
        return msgspec.structs.replace(action, set_headers=(*action.set_headers, *found))

    def _link(self, url: str) -> str:
        assert self._wish is not None
        query = self._wish.link(url, self._seal)
        return f"{self._base()}{self._path.partition('?')[0]}?{query}"

    def fetched(self, event: Fetched) -> Action:
        """Nothing is ever fetched for it."""
        raise AssertionError("an errand fetches nothing")

    def refused(self, error: GatewayError) -> Action:
        """The client gets an error in its own dialect; nobody is asked."""
        dialect = self._keeping.dialect(self._kind)
        status, headers, body = dialect.render_error(error.as_api_error())
        record: Metadata = {"error_type": error.cause}
        if self._target is not None:
            record = {**self._target.attempt("", "", stream=False), **record}
        return Reject(status, body, (JSON_TYPE, *quoted_all(headers)), record)


def text_in(members: Json, name: str) -> str:
    """What a form says once and as text; readers differ in what they make of anything else."""
    value = members.get(name, "")
    if not isinstance(value, str):
        raise InvalidRequest(f"{name} must stand once in the form, as text", param=name)
    return value
