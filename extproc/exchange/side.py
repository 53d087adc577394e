"""Requests that one request needs beside itself, and what becomes of their answers.

They come back to this server by Envoy's own loopback listener, each an exchange like any other: so
routing, signing, retries and TLS stay Envoy's. Who may come in there proves it by a secret that all
workers of a server share.
"""

from base64 import b64encode
from collections.abc import Iterator
from hmac import compare_digest

import orjson

from extproc.exchange import metadata
from extproc.exchange.answer import DROPPED
from extproc.exchange.changes import JSON_TYPE, LOST, USED
from extproc.exchange.client_headers import ClientHeaders
from extproc.exchange.events import Metadata, Reject, RequestHeaders, SideAnswer, SideCall
from extproc.exchange.header_values import listed, quoted
from extproc.exchange.passing import CLIENT_ONLY, INTERNAL
from extproc.exchange.proof import BACKEND, CLIENT, KEYS, SIDE, Seen
from extproc.exchange.served import Target
from providers.bridging.dialect import Context, Parts
from providers.errors import BadAnswer, TooLarge, Unauthorized

CALL_HEADER = "x-ai-call"
"""What the loopback listener makes metadata of: secret, path and model, one a line, in Base64."""
CLUSTER = "ai/"
"""What the name of a backend's cluster begins with."""
SESSIONS = "ws/"
"""The same for sessions."""
CLUSTER_HEADER = "x-ai-cluster"
"""In which the model finder, or a request of our own, says whose cluster it is for; no client
can."""

SESSION_HEADER = "x-ai-session"
"""In which the finder says that a session begins; no client can."""
SCHEME = "x-forwarded-proto"
"""Without it Envoy finds no route; what it says must be removed by the route."""

SUMMED = frozenset(metadata.UNUSED) - {"estimated"}
UNSENT = frozenset({*INTERNAL, *CLIENT_ONLY, "content-length", "content-type", "content-encoding"})
UNSENT |= {"transfer-encoding", "connection", "te", "host", CALL_HEADER, CLUSTER_HEADER}


def admitted(seen: Seen, secret: str) -> bool:
    """Whether a request comes by the loopback listener; raises Unauthorized for a stranger's."""
    if not seen.source.startswith(SIDE):
        return False
    if not secret or not compare_digest(seen.source.encode(), f"{SIDE} {secret}".encode()):
        raise Unauthorized("this listener is the gateway's own")
    return True


class Aside:
    """The requests for the parts of one request, and the one answer that is made of theirs."""

    def __init__(self, parts: Parts, context: Context, target: Target, model: str) -> None:
        self._parts = parts
        self._context = context
        self._target = target
        self._model = model

    def calls(self, event: RequestHeaders, seen: Seen, secret: str) -> tuple[SideCall, ...]:
        """A request for each part, to the same backend, with the headers that the client sent."""
        backend = event.attributes.get(BACKEND) or ""
        keys = self._target.served.client_keys
        headers = (JSON_TYPE, *said(event, keys, backend, f"{secret}\n{seen.path}\n{seen.model}"))
        return tuple(SideCall(seen.path, headers, body) for body in self._parts.bodies)

    def joined(
        self,
        answers: tuple[SideAnswer, ...],
        upstream: str,
        lowered: tuple[str, ...] = (),
        took: float = 0,
    ) -> Reject:
        """The client's answer: all parts', or the first error; both pay for what was served.
        `lowered`: what the parts do not know of, for it was done before; `took`: milliseconds."""
        record: Metadata = self._target.attempt(self._model, upstream, stream=False)
        record = {**record, **_sum(answers), "status": 200, "ttft_ms": took, "duration_ms": took}
        failed = next((answer for answer in answers if answer.status != 200), None)
        if failed is not None:
            return failure(failed, record)
        if sum(len(answer.body) for answer in answers) > self._context.bounds.size:
            raise TooLarge("the answers are too large together (envoy.max_body_bytes)")
        body = self._parts.join([answer.body for answer in answers], self._context)
        dropped = _all(answers, DROPPED, lowered)
        lost = _all(answers, LOST)
        if lost:
            record[metadata.LOST] = lost
        named = tuple((name, said) for name, said in ((DROPPED, dropped), (LOST, lost)) if said)
        return Reject(200, body, (JSON_TYPE, *self._target.shows, *named), record)


def said(
    event: RequestHeaders, keys: tuple[str, ...], backend: str, call: str
) -> Iterator[tuple[str, str]]:
    """What a request beside that of `event` says to a backend; `call`: the secret, path and model,
    one a line."""
    yield from _clients(event, keys)
    if client := event.headers.get(CLIENT):
        yield CLIENT, client
    yield CLUSTER_HEADER, CLUSTER + backend
    yield CALL_HEADER, b64encode(call.encode()).decode()


def _clients(event: RequestHeaders, keys: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The client's headers, and its own keys for the provider, which stand apart."""
    headers = ClientHeaders(event)
    for name in dict.fromkeys(headers.names().split("\n")):
        value = headers.get(name)
        apart = name in UNSENT or name in keys or name.startswith((":", "x-envoy-"))
        if name and value and not apart:
            yield name, value
    for name in keys:
        value = event.attributes.get(f"{KEYS}['{name}']")
        if value:
            yield name, value


def _sum(answers: tuple[SideAnswer, ...]) -> Metadata:
    """What was used by all of them, as they say it themselves."""
    told = [_used(answer) for answer in answers]
    total = {name: sum(int(each.get(name) or 0) for each in told) for name in SUMMED}
    model = next((str(each["response_model"]) for each in told if each.get("response_model")), "")
    estimated = any(bool(each.get("estimated")) for each in told)
    return {**total, "estimated": estimated, "response_model": model}


def _used(answer: SideAnswer) -> Metadata:
    said: Metadata = orjson.loads(answer.headers.get(USED) or "{}")
    return said


def _said(answer: SideAnswer, *names: str) -> tuple[tuple[str, str], ...]:
    found = ((name, answer.headers.get(name) or "") for name in names)
    return tuple((name, quoted(value)) for name, value in found if value)


def _all(answers: tuple[SideAnswer, ...], header: str, first: tuple[str, ...] = ()) -> str:
    """The names that the answers give in a header, each once."""
    lists = [listed(first), *(answer.headers.get(header) or "" for answer in answers)]
    names = (name for each in lists for name in each.split(", ") if name)
    return quoted(", ".join(dict.fromkeys(names)))


def failure(answer: SideAnswer, record: Metadata) -> Reject:
    """The error as the part's client would have got it; Envoy's own has no form of a dialect."""
    if not (answer.headers.get("content-type") or "").startswith(JSON_TYPE[1]):
        raise BadAnswer(f"a part of the request failed with {answer.status}")
    error = str(_used(answer).get("error_type") or "")
    told = {**record, "status": answer.status, "error_type": error}
    status = answer.status if answer.status >= 400 else BadAnswer.status
    return Reject(status, answer.body, (JSON_TYPE, *_said(answer, "retry-after")), told)
