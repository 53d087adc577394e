"""A request for a path that no format here has, on its way to the backend that it names.

Sans-I/O, like the exchange that owns it: an event in, an action out.
"""

from collections.abc import Callable, Mapping
from urllib.parse import unquote

from extproc.exchange.account import Asked
from extproc.exchange.answer import Answer
from extproc.exchange.changes import JSON_TYPE
from extproc.exchange.client_headers import ClientHeaders
from extproc.exchange.events import (
    GO_ON,
    Action,
    Change,
    Fetched,
    Leave,
    Metadata,
    Reject,
    RequestBody,
    RequestHeaders,
    ResponseHeaders,
)
from extproc.exchange.header_values import quoted_all
from extproc.exchange.plan import Plan
from extproc.exchange.proof import BACKEND, Proof, Secrets, seen_by
from extproc.exchange.served import Target
from extproc.exchange.through import check
from providers.bridging.dialect import Context
from providers.errors import GatewayError
from providers.signing.sign import Call as SignedCall
from providers.usage import Price

CREDENTIALS = frozenset({"key", "api-key", "api_key", "access_token"})
"""Of a client's query: what proves who asks."""


class Passthrough:
    """One such request."""

    __slots__ = (
        "_clock",
        "_headers",
        "_method",
        "_path",
        "_plan",
        "_proof",
        "_secrets",
        "_started",
        "_target",
        "answer",
    )

    def __init__(self, plan: Plan, secrets: Secrets, clock: Callable[[], float]) -> None:
        self.answer: Answer | None = None
        """Awaits the provider, as soon as it is asked."""
        self._plan = plan
        self._secrets = secrets
        self._clock = clock
        self._started = clock()
        self._method = self._path = ""
        self._headers: ClientHeaders | None = None
        self._target: Target | None = None
        self._proof: Proof | None = None

    def headers(self, event: RequestHeaders) -> Action:
        """Whether that may be asked for; what has no body leaves at once."""
        seen = seen_by(event)
        self._method = event.headers.get(":method") or ""
        self._headers = ClientHeaders(event)
        self._target = target = self._plan.passing(event.attributes.get(BACKEND) or "")
        bare, _, query = seen.path.partition("?")
        check(target.served, self._method, bare)
        kept = _without_credentials(query)
        self._path = f"{bare}?{kept}" if kept else bare
        self._proof = Proof(event, target.served, self._secrets)
        return self._send(b"", Leave) if event.end else GO_ON

    def body(self, event: RequestBody) -> Action:
        """The request as the client has sent it, in the gateway's name."""
        return self._send(event.data, Change)

    def _send(self, body: bytes, leaves: type[Change]) -> Action:
        target, headers = self._target, self._headers
        assert target is not None
        assert headers is not None
        assert self._proof is not None
        secret = self._proof.secret()
        signed: dict[str, str] = {}
        if target.served.signer is not None:
            call = SignedCall(self._method, target.served.authority, self._path, body)
            signed = target.served.signer(call, secret, self._clock())
        self.answer = Answer(self._asked(target, (secret, signed)), self._clock)
        own = [header for header in target.defaults if headers.get(header[0]) is None]
        return leaves(
            set_headers=(
                (":path", self._path),
                (":authority", target.served.authority),
                *target.headers,
                *own,
                *signed.items(),
            ),
            remove_headers=headers.removed(target.passing),
            metadata=target.attempt("", "", stream=True),
        )

    def _asked(self, target: Target, proof: tuple[Mapping[str, str], Mapping[str, str]]) -> Asked:
        """What the answer must know; `proof`: the secret, and the headers that were made of it."""
        assert target.bridge is not None
        return Asked(
            client=target.dialect,
            target=target,
            bridge=target.bridge,
            context=Context(
                model="", id=self._plan.new_id(), now=int(self._started), bounds=self._plan.bounds
            ),
            stream=True,
            dropped=(),
            prompt=0,
            units=None,
            secret=proof[0],
            signed=proof[1],
            started=self._started,
            price_of=self._price_of,
        )

    def _price_of(self, model: str) -> Price:
        assert self._target is not None
        return self._plan.price_at(self._target.served.name, model)

    def answered(self, event: ResponseHeaders) -> Action:
        """What the answer makes of its headers."""
        assert self.answer is not None
        assert self._proof is not None
        return self._proof.heard(self.answer.headers(event), self.answer.status, event.headers)

    def fetched(self, event: Fetched) -> Action:
        """Nothing is ever fetched for it."""
        raise AssertionError("a passthrough fetches nothing")

    def refused(self, error: GatewayError) -> Action:
        """The client gets an error in the form of the provider; nobody is asked."""
        dialect = self._plan.dialect_of(None) if self._target is None else self._target.dialect
        status, headers, body = dialect.render_error(error.as_api_error())
        record: Metadata = {"error_type": error.cause}
        if self._target is not None:
            record = {**self._target.attempt("", "", stream=True), **record}
        return Reject(status, body, (JSON_TYPE, *quoted_all(headers)), record)


def _without_credentials(query: str) -> str:
    """A query as it is written, but for what proves who asks."""
    parts = query.split("&")
    kept = [part for part in parts if unquote(part.partition("=")[0]).lower() not in CREDENTIALS]
    return "&".join(kept)
