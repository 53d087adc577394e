"""Operations of one question and one answer, both JSON and never streamed.

Such an operation has a neutral request and answer of its own (`providers.neutral`), and each of its
dialects says how to read and write the two.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

import orjson

from providers.bridging.bridge import Translation, loads
from providers.bridging.dialect import Bridge, Call, Context, Dialect, Relay, Seen, Sent
from providers.bridging.quirks import Quirks
from providers.errors import BadAnswer
from providers.wire.members import Json

Request = TypeVar("Request")
Response = TypeVar("Response")


class PlainDialect(Dialect, Generic[Request, Response], frozen=True, kw_only=True):
    """A wire format of such an operation, as client format and as provider format."""

    parse_request: Callable[[Json, str], Request]
    """(body, model from the path or "") → request; raises InvalidRequest."""
    render_request: Callable[[Request, str, list[str]], Json]
    """(request, upstream model, dropped) → body; appends the client's names of hints that cannot be
    said, and raises Unsupported for what changes the meaning."""
    parse_response: Callable[[Json], Response]
    """Raises BadAnswer."""
    render_response: Callable[[Response, Context], Json]

    def towards(self, target: Dialect, quirks: Quirks) -> Bridge:
        """The bridge to another dialect of the same operation."""
        return Plain(self, cast(PlainDialect[Any, Any], target), quirks)


class Plain(Translation[PlainDialect[Any, Any]]):
    """One question and its answer, of which the two sides speak different dialects."""

    def request(self, call: Call) -> Sent:
        """The provider's body for what the client asks; raises Unsupported."""
        request = self._client.parse_request(call.body, call.path_model)
        dropped: list[str] = []
        body = self._target.render_request(request, call.model, dropped)
        lost = self._fit(body, call)
        named = dict.fromkeys([*dropped, *lost])
        return Sent(body=orjson.dumps(body), dropped=tuple(named))

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """The answer in the client's dialect."""
        answer = loads(data, self._target, context.bounds)
        response = self._target.parse_response(answer)
        body = orjson.dumps(self._client.render_response(response, context))
        return body, self._target.watch(answer)

    def stream(self, context: Context) -> Relay:
        """There is none."""
        raise BadAnswer("the provider streams what is never streamed")
