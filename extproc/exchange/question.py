"""What a client asks, on its way to one backend: headers, body, and media that must be fetched.

Sans-I/O, like the exchange that owns it: an event in, an action out.
"""

from collections.abc import Callable

import msgspec

from extproc.exchange import bodies, lossless, metadata, reserved, tried
from extproc.exchange.account import Asked
from extproc.exchange.answer import Answer
from extproc.exchange.changes import JSON_TYPE
from extproc.exchange.client_headers import ClientHeaders
from extproc.exchange.entrances import Entrance
from extproc.exchange.events import (
    GO_ON,
    Action,
    Ask,
    Change,
    Dearer,
    Fetch,
    Fetched,
    Metadata,
    Reject,
    RequestBody,
    RequestHeaders,
    ResponseHeaders,
    Told,
    Wish,
)
from extproc.exchange.guessing import guessed, uncounted
from extproc.exchange.header_values import quoted_all
from extproc.exchange.ids import Seal, Showing
from extproc.exchange.outgoing import outgoing
from extproc.exchange.placing import REFUSED, Placing
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, CLIENT, SIDE, Proof, Secrets, Seen, model_of, seen_by
from extproc.exchange.sent_back import answering
from extproc.exchange.served import Target
from extproc.exchange.side import Aside, admitted
from extproc.ratelimit.descriptors import PRICE
from providers.bridging import estimate
from providers.bridging.dialect import Bridge, Call, Context, Parts, Sent, Wanted
from providers.errors import GatewayError, InvalidRequest, Unsupported
from providers.neutral.media import Link
from providers.signing.sign import Secret
from providers.wire.members import Json
from providers.wire.multipart import Form


class Question:
    """A request for one backend, or one that is answered here."""

    __slots__ = (
        "_alone",
        "_aside",
        "_clock",
        "_defaults",
        "_earlier",
        "_entrance",
        "_event",
        "_fetching",
        "_following",
        "_headers",
        "_late",
        "_lowered",
        "_own",
        "_plan",
        "_proof",
        "_renewed",
        "_seal",
        "_secrets",
        "_seen",
        "_side",
        "_started",
        "_target",
        "_unread",
        "_waiting",
        "answer",
    )

    def __init__(
        self, plan: Plan, secrets: Secrets, clock: Callable[[], float], *, fetching: bool, side: str
    ) -> None:
        self.answer: Answer | None = None
        """Awaits the provider, as soon as it is asked."""
        self._plan = plan
        self._secrets = secrets
        self._clock = clock
        self._fetching = fetching
        self._side = side
        """The secret of requests of our own; empty where there can be none."""
        self._started = clock()
        self._seen = Seen("", "", "")
        self._entrance: Entrance | None = None
        self._target: Target | None = None
        self._headers: ClientHeaders | None = None
        self._proof: Proof | None = None
        self._own: dict[str, str] = {}
        self._seal: Seal | None = None
        self._earlier = ""
        """The backends that were asked before."""
        self._following = lossless.FREE
        self._renewed = False
        """Whether the client's bytes cannot go on as they are: they hold other ids."""
        self._defaults: tuple[tuple[str, str], ...] = ()
        self._lowered: tuple[str, ...] = ()
        """The client's names of what it may not have so much of."""
        self._unread: RequestHeaders | None = None
        """Where the body must say in which dialect it is before anybody can be found."""
        self._late: Metadata | None = None
        """What the headers would have been answered with."""
        self._waiting: tuple[Call, str] | None = None
        """The call that waits for its media, and the client's name of the model."""
        self._event: RequestHeaders | None = None
        self._alone = False
        """Whether Envoy asks no other backend afterwards."""
        self._aside: tuple[Aside, str] | None = None
        """What waits for the answers to its parts, and the provider's name of the model."""

    def placing(self) -> Placing:
        """What it is instead, where it has met no backend yet."""
        return Placing(self.alone(), self._plan)

    def alone(self) -> "Question":
        """The same, where Envoy asks no other backend afterwards."""
        self._alone = True
        return self

    def enter(self, path: str) -> Entrance:
        """The place at which it came in, in whose dialect errors are told; raises NotFound."""
        self._entrance = self._plan.entrance(path)
        return self._entrance

    def headers(self, event: RequestHeaders) -> Action:
        """Finds who is asked, and in which dialect; what needs no body is answered."""
        seen = seen_by(event)
        if admitted(seen, self._side):
            # It needs none itself.
            self._side, seen = "", msgspec.structs.replace(seen, source=SIDE)
        self._seen = seen
        method = event.headers.get(":method") or ""
        listed = self._plan.listed(method, seen.path, event.headers, seen.model)
        if listed is not None:
            self._entrance = Entrance(listed.dialect, stream=False)
            page = self._plan.page(listed, event.headers.get(CLIENT))
            return Reject(200, page, (JSON_TYPE,))
        entrance = self.enter(seen.path)
        self._event = event
        self._headers = ClientHeaders(event)
        if entrance.told is None:
            return self._addressed(event, entrance)
        if event.end:
            raise InvalidRequest(bodies.NO_BODY)
        self._unread = event
        return GO_ON

    def _addressed(self, event: RequestHeaders, entrance: Entrance) -> Change:
        """Finds who is asked, where it is known in which dialect."""
        headers = self._headers
        assert headers is not None
        backend = event.attributes.get(BACKEND) or ""
        target = self._plan.target(entrance.dialect, self._seen.model, backend)
        if target.clients is not None and self._seen.source != SIDE:
            target.admit(headers.get(CLIENT), self._seen.model)
        self._target = target
        self._defaults = tuple(
            [header for header in target.defaults if headers.get(header[0]) is None]
        )
        self._proof = Proof(event, target.served, self._secrets)
        self._earlier = event.attributes.get(tried.EARLIER) or ""
        if target.reads_headers:
            self._own = headers.those(entrance.dialect.own_headers - target.removes)
        if event.end:
            raise InvalidRequest(bodies.NO_BODY)
        return headers.report(target.touched, target.passing)

    def body(self, event: RequestBody) -> Action | Wish:
        """The request as the provider gets it."""
        entrance = self._entrance
        assert entrance is not None
        assert self._headers is not None
        return self.read(
            event, *bodies.parts_of(event.data, entrance.dialect, self._headers, self._plan.bounds)
        )

    def read(self, event: RequestBody, form: Form | None, body: Json) -> Action | Wish:
        """The same, of a body that was read before: its parts, if it has some, and its members."""
        entrance = self._entrance
        assert entrance is not None
        if self._unread is not None:
            self._entrance = entrance = entrance.of(body)
            self._late = self._addressed(self._unread, entrance).metadata
        target = self._target
        assert target is not None
        model = model_of(self._seen, body, entrance.path_model, entrance.dialect)
        if target.translated and form is None and not entrance.path_model:
            body.setdefault(entrance.dialect.member, model)
        data = event.data
        # Of a part, the ids were opened when it was whole.
        if target.signs and form is None and self._seen.source != SIDE:
            if seal := self._sealed(target):
                data, body = bodies.opened(data, body, entrance.dialect, seal)
                self._renewed = data is not event.data
        elif form is not None and (seal := self._sealed(target)):
            form, body = bodies.opened_form(form, body, entrance.dialect, seal, self._type)
            self._renewed, data = form.data is not event.data, form.data
        if entrance.dialect.others:
            data, body = bodies.renamed(data, body, entrance.dialect, self._named)
            self._renewed = data is not event.data
        call = Call(
            data=data,
            body=body,
            form=form,
            model=target.model or model,
            stream=entrance.streams(body),
            path_model=entrance.path_model,
            headers=self._own,
            bounds=self._plan.bounds,
            address=entrance.address,
        )
        if target.terms is not None:
            call, self._lowered = target.terms.kept(call, self._type)
            call = target.terms.streamed(call)
            self._renewed = self._renewed or call.data is not data
        return self._send(call, target, model)

    def _named(self, model: str) -> str:
        """What the provider calls another model of the client's; raises NotFound."""
        assert self._target is not None
        assert self._headers is not None
        client = self._headers.get(CLIENT) or ""
        return self._plan.upstream_name(model, self._target.served.name, client)

    def _sealed(self, target: Target) -> Seal | None:
        """How ids are signed, where any are."""
        if not target.signs:
            return None
        self._seal = self._seal_at(target)
        return self._seal

    def _seal_at(self, target: Target) -> Seal | None:
        assert self._headers is not None
        client = self._headers.get(CLIENT) or ""
        return self._plan.keeping.seal(target.served.name, client, self._secrets)

    @property
    def _type(self) -> str:
        """What the client says of its body."""
        assert self._headers is not None
        return self._headers.get("content-type") or ""

    def _send(self, call: Call, target: Target, model: str) -> Action | Wish:
        assert self._entrance is not None
        dialect = self._entrance.dialect
        if target.bridge is None:
            return guessed(call, dialect, target, model)
        try:
            sent = target.bridge.request(call)
            if isinstance(sent, Wanted):
                return self._fetch(call, sent.links, target, model)
        except Unsupported as error:
            return uncounted(call, dialect, target, model, error)
        if isinstance(sent, Parts):
            return self._part(call, sent, target, model)
        if sent.dropped and target.terms is not None:
            target.terms.whole(sent.dropped)
        if target.lossless and not self._alone and self._seen.source != SIDE:
            self._following = self._after(call, sent, target)
        if target.opens is not None and sent.body is not None:
            sent = bodies.reaching(sent, sent.body, target.opens, self._seal_at(target))
        headers = self._headers
        assert headers is not None
        secret = {} if self._proof is None else self._proof.secret()
        signed, set_headers = outgoing(
            target, call, sent, secret, self._clock, said="" if call.form is None else self._type
        )
        asked = self._asked(target.bridge, call, sent, model, (secret, signed))
        self.answer = answering(asked, self._clock, call, sent)
        return Change(
            set_headers=(
                *headers.undone(target.passing),
                *set_headers,
                *self._defaults,
                *self._following.said,
                *[header for header in sent.headers.items() if header[1]],
            ),
            remove_headers=(
                *headers.removed(target.passing),
                *headers.foreign(),
                *[name for name, value in sent.headers.items() if not value],
            ),
            body=call.data if sent.body is None and self._renewed else sent.body,
            metadata=target.attempt(model, call.model, stream=asked.stream),
            more=self._more(asked, target),
            dearer=None if target.reserved is None else self._dearer(target, target.reserved),
        )

    def _dearer(self, target: Target, base: reserved.Tokens) -> Dearer | None:
        """What the limits are told, if more than was reserved is needed here."""
        assert self._event is not None
        held, price = self._event.attributes.get(reserved.RESERVED), reserved.of(target.price)
        if not held or (price[0] <= base[0] and price[1] <= base[1]):
            return None
        return Dearer(held, reserved.said(base), reserved.said(price))

    def _more(self, asked: Asked, target: Target) -> Metadata | None:
        """What is said beside the constant part."""
        said = metadata.asked(asked.prompt, target.price) if asked.client.charged else None
        if self._earlier:
            said = {**(said or {}), tried.BACKENDS: asked.tried}
        if target.reserved is not None or (self._alone and self._plan.reserves):
            said = {**(said or {}), PRICE: reserved.said(reserved.of(target.price))}
        return said if self._late is None else {**self._late, **(said or {})}

    def _after(self, call: Call, sent: Sent, target: Target) -> lossless.Following:
        """Who is asked if this backend fails."""
        assert self._headers is not None
        assert self._entrance is not None
        dialect, model = self._entrance.dialect, self._seen.model
        chain = lossless.Chain(self._plan, dialect, self._headers, model)
        return chain.after(target.served.name, self._tried(target), call, sent.dropped)

    def _fetch(self, call: Call, links: tuple[Link, ...], target: Target, model: str) -> Fetch:
        if not self._fetching:
            name = links[0].name
            raise Unsupported(
                f"{name}: this provider wants the bytes, not a URL, and fetching them is off "
                "(the gateway's setting extproc.fetch)",
                param=name,
            )
        self._waiting = call, model
        return Fetch(links, target.served.name)

    def _part(self, call: Call, parts: Parts, target: Target, model: str) -> Ask:
        if not self._side:
            raise parts.alone
        assert self._event is not None
        assert self._entrance is not None
        aside = Aside(parts, self._context(call, Sent(body=None), model), target, model)
        self._aside = aside, call.model
        return Ask(aside.calls(self._event, self._seen, self._side))

    def told(self, event: Told) -> Action:
        """The client's answer, of those to all parts of its request."""
        assert self._aside is not None
        if event.error is not None:
            raise event.error
        aside, model = self._aside
        took = round((self._clock() - self._started) * 1000, 3)
        return aside.joined(event.answers, model, self._lowered, took)

    def fetched(self, event: Fetched) -> Action | Wish:
        """The same, with the media that it waited for."""
        assert self._waiting is not None
        assert self._target is not None
        if event.error is not None:
            raise event.error
        call, model = self._waiting
        self._waiting = None
        return self._send(msgspec.structs.replace(call, files=event.files), self._target, model)

    def _asked(
        self, bridge: Bridge, call: Call, sent: Sent, model: str, proof: tuple[Secret, Secret]
    ) -> Asked:
        """What the answer must know; `proof`: the secret, and the headers that were made of it."""
        entrance, target = self._entrance, self._target
        assert entrance is not None
        assert target is not None
        dialect = entrance.dialect
        return Asked(
            client=dialect,
            target=target,
            bridge=bridge,
            context=self._context(call, sent, model),
            stream=call.stream and not call.gathered,
            whole=sent.whole,
            gathered=call.gathered,
            dropped=(*self._lowered, *sent.dropped) if self._lowered else sent.dropped,
            prompt=estimate.prompt(call.data if call.form is None else b"", call.body),
            units=None if dialect.uses is None else dialect.uses(call.body),
            secret=proof[0],
            signed=proof[1],
            started=self._started,
            showing=self._showing(call, target) if self._seal is not None else None,
            tried=self._tried(target),
            aside=self._seen.source == SIDE,
            alone=self._alone or self._following.last,
            left_out=self._following.left_out,
        )

    def _tried(self, target: Target) -> str:
        name = target.served.name
        return "" if target.touched is None else tried.with_backend(self._earlier, name)

    def _context(self, call: Call, sent: Sent, model: str) -> Context:
        entrance, target = self._entrance, self._target
        assert entrance is not None
        assert target is not None
        dialect = entrance.dialect
        return Context(
            model=model,
            mapped=call.model != model,
            id=self._plan.new_id(),
            now=int(self._started),
            stream_usage=dialect.wants_usage(call.body),
            echo=sent.echo or dialect.echo(call.body),
            agent=self._agent(target),
            renamed=sent.renamed,
            bounds=self._plan.bounds,
            called=sent.called,
            stand_ins=sent.stand_ins,
            amendments=sent.amendments,
            answers=sent.answers,
        )

    def _agent(self, target: Target) -> str:
        assert self._entrance is not None
        if (
            self._headers is None
            or not target.translated
            or not self._entrance.dialect.knows_agents
        ):
            return ""
        return self._headers.get("user-agent") or ""

    def _showing(self, call: Call, target: Target) -> Showing | None:
        assert self._entrance is not None
        dialect = self._entrance.dialect
        if target.translated and not dialect.lasting:
            return None
        return bodies.showing(call.body, dialect, self._seal, self._plan.bounds)

    def answered(self, event: ResponseHeaders) -> Action:
        """What the answer makes of its headers; limits that refuse are no provider's answer."""
        assert self.answer is not None
        assert self._proof is not None
        if kind := event.attributes.get(REFUSED):
            return self.answer.limited(event, kind)
        return self._proof.heard(self.answer.headers(event), self.answer.status, event.headers)

    def refused(self, error: GatewayError) -> Action:
        """The client gets an error in its own dialect; nobody is asked."""
        dialect = self._plan.dialect_of(self._entrance)
        status, headers, body = dialect.render_error(error.as_api_error())
        record: Metadata = {"error_type": error.cause}
        if self._target is not None:
            record = {**self._target.attempt(self._seen.model, "", stream=False), **record}
            if self._earlier:
                record[tried.BACKENDS] = self._tried(self._target)
        return Reject(status, body, (JSON_TYPE, *quoted_all(headers)), record)
