"""From the dialect that a client speaks to the one that its provider speaks, and back.

Between equal dialects the bytes pass and are only watched; between two, everything is parsed into
the neutral form of its operation and rendered from it. Whoever uses a bridge need not know which of
the two it is.
"""

import re
from collections.abc import Mapping
from math import ceil
from typing import Any

import msgspec
import orjson

from providers.bridging.dialect import (
    Bridge,
    Call,
    Context,
    Dialect,
    Relay,
    Seen,
    Sent,
)
from providers.bridging.quirks import Quirks
from providers.bridging.tuning import tune
from providers.errors import ApiError, BadAnswer, Cause, FailedAnswer
from providers.wire import error_bodies
from providers.wire.budget import Bounds
from providers.wire.members import Json
from providers.wire.splice import REMOVED, edit


def bridge(client: Dialect, target: Dialect, quirks: Quirks) -> Bridge:
    """The bridge between two dialects, for one backend's quirks."""
    if client.name == target.name and client.host in ("", target.host):
        return client.along(Passage(client, target, quirks), target, quirks)
    return client.towards(target, quirks)


def loads(data: bytes, dialect: Dialect, bounds: Bounds) -> Any:
    """A provider's whole answer, as its dialect reads it; raises BadAnswer."""
    if dialect.binary and dialect.read is not None:
        _fail_in_words(data, bounds)
        return dialect.read(data)
    if dialect.read is not None:
        bounds.rows(data)
        return dialect.read(data)
    bounds.answer(data)
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadAnswer("the provider's answer is not JSON") from error
    if isinstance(body, list) and dialect.arrays:
        return {"data": body}
    if not isinstance(body, dict):
        raise BadAnswer("the provider's answer is not a JSON object")
    return body


PAGE = re.compile(rb"\s*<(?:!doctype|html|\?xml)", re.IGNORECASE)
"""How a page begins that some proxy shows."""


def _fail_in_words(data: bytes, bounds: Bounds) -> None:
    """Raises FailedAnswer where there are words in the place of what is no text."""
    if PAGE.match(data):
        raise FailedAnswer(_failure(error_bodies.plain(200, data)))
    if data.lstrip()[:1] != b"{":
        return
    bounds.answer(data)
    try:
        raise FailedAnswer(_complaint(orjson.loads(data)))
    except orjson.JSONDecodeError:
        return


class Passage:
    """Both sides speak the same dialect."""

    def __init__(self, client: Dialect, target: Dialect, quirks: Quirks) -> None:
        self._client = client
        self._target = target
        self._dialect = target if target.host and not client.host else client
        self._quirks = quirks

    def request(self, call: Call) -> Sent:
        """The client's bytes, changed only where they must be."""
        changes = self._dialect.edits(call.body, call.model, self._quirks.stream_usage)
        if self._dialect.from_headers is not None:
            changes.update(self._dialect.from_headers(call.body, call.headers, call.model))
        model, lasting = self._quirks.known_as(call.model), self._quirks.cache
        if lasting and self._dialect.marks is not None:
            changes.update(self._dialect.marks({**call.body, **changes}, model, lasting))
        dropped: list[str] = []
        if self._dialect.loses is not None:
            dropped += self._dialect.loses(call.body, changes)
        dropped += tune(call.body, changes, self._quirks)
        if self._dialect.tune is not None:
            changes.update(self._dialect.tune({**call.body, **changes}, model, dropped))
        headers: Mapping[str, str] = {}
        if self._dialect.fit_headers is not None:
            gone = {name for name, value in changes.items() if value is REMOVED}
            sent = {**call.body, **changes}
            headers, lost = self._dialect.fit_headers(sent, call.headers, gone)
            dropped += lost
        body = self._edited(call, changes) if changes else None
        made = Sent(body=body, dropped=tuple(dropped), headers=headers)
        at = call.address
        if at is None:
            return made
        return msgspec.structs.replace(made, places=at.places, ending=at.ending)

    def _edited(self, call: Call, changes: Mapping[str, Any]) -> bytes:
        if call.form is not None:
            return call.form.edited(changes)
        return edit(call.data, call.body, changes)

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """The provider's own bytes, but for the model's name where its clients mind it."""
        answer = loads(data, self._dialect, context.bounds)
        if type(answer) is dict and answer.keys() <= COMPLAINT:
            raise FailedAnswer(_complaint(answer))
        seen = self._dialect.watch(answer)
        if context.mapped and self._dialect.renaming is not None and "model" in answer:
            return edit(data, answer, {"model": context.model}), seen
        return None, seen

    def replay(self, data: bytes, context: Context) -> tuple[bytes, Seen]:
        """The provider's whole answer as the client's stream."""
        return self._target.replay(data, self._client, context)

    def stream(self, context: Context) -> Relay:
        """A relay that watches."""
        relay = self._dialect.relay(context.stream_usage)
        if context.mapped and self._dialect.renaming is not None:
            return self._dialect.renaming(relay, context.model)
        return relay

    def error(
        self, status: int, headers: Mapping[str, str], data: bytes
    ) -> tuple[ApiError, int, Mapping[str, str], bytes]:
        """The provider's own body where it has the dialect's shape already, and known words."""
        error = self._dialect.parse_error(status, headers, data)
        as_status, extra, body = self._dialect.render_error(error)
        said = wait(error, headers)
        if error.cause is not Cause.CONTEXT and _has_shape(data, body):
            return error, status, said, data
        return error, as_status, {**extra, **said}, body


COMPLAINT = frozenset({"code", "detail", "error", "message", "request_id", "status", "type"})
"""All members of an answer that only says what went wrong, whatever its status is."""


def _complaint(answer: Json) -> ApiError:
    words = error_bodies.message_in(answer, ("message", "error", "detail"))
    return _failure(words or "the provider's answer holds nothing")


def _failure(words: str) -> ApiError:
    return ApiError(status=500, cause=Cause.SERVER, message=words)


def wait(error: ApiError, headers: Mapping[str, str]) -> dict[str, str]:
    """The header that says when to try again, where only the provider's body said it."""
    if error.retry_after is None or "retry-after" in headers:
        return {}
    return {"retry-after": str(ceil(error.retry_after))}


# Azure's content filter does not say the type of its error, and SDKs do not miss it.
NULLS = (("type", None),)


def _has_shape(data: bytes, shape: bytes) -> bool:
    try:
        return _covers(orjson.loads(data), orjson.loads(shape))
    except orjson.JSONDecodeError:
        return False


def _covers(value: Any, shape: Any) -> bool:
    """Whether `value` has at least the members of `shape`, with what they must hold."""
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(
            name in value and (_covers(value[name], item) or (name, value[name]) in NULLS)
            for name, item in shape.items()
            if item is not None
        )
    return isinstance(value, type(shape))
