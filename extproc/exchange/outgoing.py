"""A request as it leaves: its path, its type, and the headers that prove who asks."""

from collections.abc import Callable
from urllib.parse import quote

from extproc.exchange.changes import JSON_TYPE
from extproc.exchange.served import Target
from providers.bridging.dialect import Call, Sent
from providers.errors import InvalidRequest
from providers.signing.sign import Call as SignedCall
from providers.signing.sign import Secret
from providers.wire import multipart

Pairs = tuple[tuple[str, str], ...]


def outgoing(  # noqa: PLR0913  (each is a part of what leaves)
    target: Target,
    call: Call,
    sent: Sent,
    secret: Secret,
    clock: Callable[[], float],
    *,
    said: str,
) -> tuple[Secret, Pairs]:
    """(the headers that prove who asks, all that are set); `said`: the client's type of its body.

    Raises InvalidRequest for what cannot stand in a path, and for a body that is too large.
    """
    path = target.path(call.model, stream=call.stream and not sent.whole)
    if sent.ending is not None:
        path = path.partition("?")[0] + sent.ending
    for name, value in sent.places.items():
        if not value.strip("."):
            raise InvalidRequest(f"{name} names nothing", param=name)
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    body = call.data if sent.body is None else sent.body
    call.bounds.sent(body)
    signed: dict[str, str] = {}
    if target.served.signer is not None:
        leaving = SignedCall("POST", target.served.authority, path, body)
        signed = target.served.signer(leaving, secret, clock())
    return signed, (
        (":path", path),
        (":authority", target.served.authority),
        ("content-length", str(len(body))),
        _content_type(call, sent, said),
        *target.headers,
        *signed.items(),
    )


def _content_type(call: Call, sent: Sent, said: str) -> tuple[str, str]:
    if sent.content_type or call.form is None:
        return ("content-type", sent.content_type) if sent.content_type else JSON_TYPE
    return ("content-type", said or multipart.TYPE)
