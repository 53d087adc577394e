"""A request for more than a provider takes at once, as several that it takes."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from providers.bridging.bridge import loads
from providers.bridging.dialect import Bridge, Call, Context, Parts, Relay, Seen, Sent, Wanted
from providers.errors import BadAnswer, GatewayError, Unsupported
from providers.neutral.asking import paired
from providers.wire.members import Json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.bridging.plain import PlainDialect
    from providers.errors import ApiError

EMBEDS = "{where} embeds at most {some} at once{why}"
OFF = " (the backend's fan_out is off)"


class Parting:
    """A bridge to a provider that takes so many at once, and no more.

    Parts are requests in the client's own format, and so are the answers that are joined: each part
    is translated by itself, or passes.
    """

    def __init__(
        self,
        bridge: Bridge,
        client: "PlainDialect[Any, Any]",
        target: "PlainDialect[Any, Any]",
        *,
        allowed: bool,
    ) -> None:
        self._bridge = bridge
        self._client = client
        self._target = target
        self._allowed = allowed

    def request(self, call: Call) -> Sent | Wanted | Parts:
        """The provider's body, or the client's bodies of which each can be one."""
        given = {name: call.body[name] for name in self._client.lists if _several(call, name)}
        count = sum(map(len, given.values()))
        most = self._most(call) if count > 1 else count
        if count <= most:
            return self._bridge.request(call)
        if not self._allowed:
            raise self._refusal(most, OFF)
        parts = list(_bodies(call.body, given, most))
        return Parts(
            bodies=tuple(orjson.dumps(body) for body, _ in parts),
            join=partial(self._join, [count for _, count in parts]),
            alone=self._refusal(most, ""),
        )

    def _most(self, call: Call) -> int:
        """What cannot be read here is left to the provider, which says what is wrong with it."""
        assert self._target.most is not None
        try:
            request = self._client.parse_request(call.body, call.path_model)
        except GatewayError:
            return len(call.data)
        return self._target.most(request, call.model)

    def _refusal(self, most: int, why: str) -> Unsupported:
        some = f"{most} inputs" if most > 1 else "one input"
        where = f"{self._target.name} at {self._target.host}"
        where = where if self._target.host else self._target.name
        param = self._client.names.get("inputs", "inputs")
        return Unsupported(EMBEDS.format(where=where, some=some, why=why), param=param)

    def _join(self, counts: Sequence[int], parts: Sequence[bytes], context: Context) -> bytes:
        """The answers to all parts, in their order, as the one that the client waits for."""
        read = [loads(data, self._client, context.bounds) for data in parts]
        answers = [self._client.parse_response(answer) for answer in read]
        for answer, count in zip(answers, counts, strict=True):
            paired(answer.answers, count)
        joined = self._client.join(answers)
        body = self._client.render_response(joined, context)
        try:
            return orjson.dumps(body)
        except orjson.JSONEncodeError:
            raise BadAnswer("the provider's answers cannot be joined") from None

    def whole(self, data: bytes, context: Context) -> tuple[bytes | None, Seen]:
        """As the bridge has it."""
        return self._bridge.whole(data, context)

    def replay(self, data: bytes, context: Context) -> tuple[bytes, Seen]:
        """As the bridge has it."""
        return self._bridge.replay(data, context)

    def stream(self, context: Context) -> Relay:
        """As the bridge has it."""
        return self._bridge.stream(context)

    def error(
        self, status: int, headers: "Mapping[str, str]", data: bytes
    ) -> "tuple[ApiError, int, Mapping[str, str], bytes]":
        """As the bridge has it."""
        return self._bridge.error(status, headers, data)


def _several(call: Call, name: str) -> bool:
    """Whether there are inputs in a member; an array of numbers is one text's tokens."""
    given = call.body.get(name)
    return isinstance(given, list) and bool(given) and type(given[0]) is not int


def _bodies(body: Json, given: dict[str, list[Any]], most: int) -> Iterator[tuple[Json, int]]:
    """Bodies with at most so many inputs, which stand in one member each, and how many."""
    rest = {name: value for name, value in body.items() if name not in given}
    for name, inputs in given.items():
        for start in range(0, len(inputs), most):
            some = inputs[start : start + most]
            yield {**rest, name: some}, len(some)
