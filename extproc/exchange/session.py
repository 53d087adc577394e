"""A session: frames of both sides, on their way through one backend.

Sans-I/O, like the exchange that owns it: an event in, an action out.
"""

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, urlencode

import msgspec
import orjson

from extproc import NAMESPACE
from extproc.exchange.answer import Answer
from extproc.exchange.changes import JSON_TYPE
from extproc.exchange.client_headers import ClientHeaders
from extproc.exchange.events import (
    GO_ON,
    Action,
    BodyMode,
    Change,
    Fetched,
    Metadata,
    Reject,
    RequestBody,
    RequestHeaders,
    ResponseHeaders,
    Talk,
    TalkThere,
)
from extproc.exchange.header_values import quoted_all
from extproc.exchange.passing import PROTOCOLS
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, CLIENT, Proof, Secrets, keys_in, seen_by
from extproc.exchange.served import Target, filled
from extproc.exchange.side import CLUSTER_HEADER, SCHEME, SESSION_HEADER, SESSIONS
from providers.bridging.session import SessionDialect
from providers.errors import GatewayError, InvalidRequest, TooLarge
from providers.signing.sign import Call as SignedCall
from providers.wire.websocket import TOO_BIG, UNFIT, First, Opening, TooLong, closing, frame

# https://ai.google.dev/api/live, https://learn.microsoft.com/azure/ai-services/openai/realtime-audio-websockets
DROPPED = frozenset({"key", "api-key", "api-version", "access_token", "model", "deployment"})
"""Of a client's query: its own key, and what the backend has its own name for."""
NAMED = frozenset({"model", "deployment"})
NAMING = re.compile(r"[?&][a-z]+=\{model\}")
BY_HEADER = "session/header"
"""The source of a model that a header names."""
PROTOCOL_KEY = "protocol"
"""Under which a session that is interpreted says what its client and the gateway speak."""
PROTOCOL = f"metadata.filter_metadata['{NAMESPACE}']['{PROTOCOL_KEY}']"
"""Attribute: the sub-protocol that its client has offered."""
UNMASKED = b"\0\0\0\0"
"""A key that changes nothing, for the one frame of ours that a provider may get."""
NEEDED = (SCHEME, SESSION_HEADER)
"""Without these Envoy does not find the route of a session again, which removes them."""


class Session:
    """A request for a session, and what its client says then."""

    __slots__ = (
        "_by_header",
        "_clock",
        "_dialect",
        "_model",
        "_opening",
        "_plan",
        "_proof",
        "_secrets",
        "_target",
        "answer",
    )

    def __init__(self, plan: Plan, secrets: Secrets, clock: Callable[[], float]) -> None:
        self._plan = plan
        self._secrets = secrets
        self._clock = clock
        self.answer: Answer | None = None
        """Another exchange hears it."""
        self._dialect: SessionDialect | None = None
        self._target: Target | None = None
        self._proof: Proof | None = None
        self._model = ""
        self._by_header = False
        self._opening: Opening | None = None

    def headers(self, event: RequestHeaders) -> Action:
        """The handshake as the provider gets it."""
        seen = seen_by(event)
        self._model, self._by_header = seen.model, seen.source == BY_HEADER
        self._dialect = dialect = self._plan.session_at(seen.path)
        backend = event.attributes.get(BACKEND) or ""
        there = bool(backend)
        if not there:
            backend = self._plan.talker(dialect, seen.model)
            keys = keys_in(event.headers, self._plan.brought(backend))
            event = msgspec.structs.replace(event, attributes={**event.attributes, **keys})
        target = self._plan.talking(dialect, seen.model, backend)
        headers = ClientHeaders(event)
        target.admit(headers.get(CLIENT), seen.model)
        self._target = target
        self._proof = Proof(event, target.served, self._secrets)
        secret = self._proof.secret()
        model = target.model or seen.model
        path = asked_path(target, seen.path, model, dialect)
        signed: dict[str, str] = {}
        if target.served.signer is not None:
            call = SignedCall("GET", target.served.authority, path, b"")
            signed = target.served.signer(call, secret, self._clock())
        undone = headers.undone(target.passing)
        more = headers.report(target.touched, target.passing).metadata
        spoken, silent = _protocols(headers.get(PROTOCOLS), dialect)
        if target.translated:
            offered = (headers.get(PROTOCOLS) or "").replace(" ", "").split(",")
            chosen = next((name for name in dialect.spoken if name in offered), "")
            spoken, silent = (), (PROTOCOLS,)
            undone = tuple(pair for pair in undone if pair[0] != PROTOCOLS)
            more = {**(more or {}), PROTOCOL_KEY: chosen}
        elif dialect.opened is not None:
            self._opening = Opening()
        begin = Talk if there else TalkThere
        kept = () if there else NEEDED
        return begin(
            set_headers=(
                *([] if there else [(CLUSTER_HEADER, SESSIONS + backend)]),
                *undone,
                (":path", path),
                (":authority", target.served.authority),
                *target.headers,
                *spoken,
                *signed.items(),
            ),
            remove_headers=(
                *[name for name in headers.removed(target.passing) if name not in kept],
                *headers.foreign(),
                *silent,
            ),
            metadata=target.attempt(seen.model, model, stream=True),
            more=more,
            mode=BodyMode.NONE if self._opening is None else BodyMode.STREAMED,
        )

    def body(self, event: RequestBody) -> Action:
        """A piece of what the client says: only its first message may have to change."""
        if self._opening is None:
            return GO_ON
        try:
            first = self._opening.feed(event.data)
            if first is None:
                return Change(body=b"")
            self._opening = None
            return Change(body=self._opened(first))
        except TooLong:
            return self._ended(TOO_BIG, TooLarge("the first message is too long"))
        except GatewayError as error:
            return self._ended(UNFIT, error)

    def _opened(self, first: First) -> bytes:
        """The first message with the provider's name of the model."""
        dialect, target = self._dialect, self._target
        assert dialect is not None
        assert dialect.opened is not None
        assert target is not None
        message = self._read(first.payload, dialect)
        payload = orjson.dumps(dialect.opened(message, called_there(target, self._model)))
        return first.before + frame(first.opcode, payload, first.key) + first.after

    def _read(self, payload: bytes, dialect: SessionDialect) -> dict[str, object]:
        self._plan.bounds.request(payload)
        try:
            message = orjson.loads(payload)
        except orjson.JSONDecodeError:
            raise InvalidRequest("the first message is not valid JSON") from None
        if not isinstance(message, dict):
            raise InvalidRequest("the first message must be a JSON object")
        called = dialect.called(message) if dialect.called else ""
        if called and not self._by_header and called != self._model:
            raise InvalidRequest("model is given more than once, with different values")
        return message

    def _ended(self, code: int, error: GatewayError) -> Change:
        """The provider is told; it says the same to its client (RFC 6455, section 5.5.1)."""
        self._opening = None
        told = error.as_api_error()
        farewell = closing(code, told.message, UNMASKED)
        return Change(body=farewell, metadata={"error_type": told.cause.value})

    def answered(self, event: ResponseHeaders) -> Action:
        """Another exchange hears what the provider answers."""
        raise AssertionError("a session's answer is heard elsewhere")

    def fetched(self, event: Fetched) -> Action:
        """Nothing is ever fetched for it."""
        raise AssertionError("a session fetches nothing")

    def refused(self, error: GatewayError) -> Action:
        """The client gets an error in its own dialect; nobody is asked."""
        dialect = self._dialect or self._plan.dialect_of(None)
        status, headers, body = dialect.render_error(error.as_api_error())
        record: Metadata = {"error_type": error.cause}
        if self._target is not None:
            record = {**self._target.attempt(self._model, "", stream=True), **record}
        return Reject(status, body, (JSON_TYPE, *quoted_all(headers)), record)


def called_there(target: Target, model: str) -> str:
    """What a provider calls a client's model in its first message."""
    assert isinstance(target.dialect, SessionDialect)
    name = filled(target.dialect.named, target.served.options)
    return name.replace("{model}", target.model or model)


def asked_path(target: Target, path: str, model: str, dialect: SessionDialect) -> str:
    """The provider's path, with what else the client's query says."""
    query = parse_qsl(path.partition("?")[2], keep_blank_values=True, max_num_fields=100)
    given = {name for name, _ in query}
    own = target.paths[0]
    if target.translated:
        if given & dialect.unnamed:
            raise InvalidRequest("such a session cannot be translated for this provider")
        return own.replace("{model}", quote(model, safe=""))
    if given & dialect.unnamed and not given & NAMED:
        own = NAMING.sub("", own, count=1)
    own = own.replace("{model}", quote(model, safe=""))
    rest = urlencode([pair for pair in query if pair[0] not in DROPPED], quote_via=quote)
    return own + ("&" if "?" in own else "?") + rest if rest else own


def _protocols(
    offered: str | None, dialect: SessionDialect
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """(sub-protocols to set, or the header to remove): those that are no credentials."""
    names = [name.strip() for name in (offered or "").split(",")]
    kept = [name for name in names if name and not name.startswith(dialect.protocols)]
    if kept == names or not offered:
        return (), ()
    return (((PROTOCOLS, ", ".join(kept)),), ()) if kept else ((), (PROTOCOLS,))
