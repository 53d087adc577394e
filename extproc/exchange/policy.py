"""What a route and its backend let clients ask for, and what they change in requests."""

from collections.abc import Mapping

import msgspec

from providers.bridging import estimate
from providers.bridging.caps import Cap, Caps
from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Call, Dialect, Uneventful
from providers.errors import InvalidRequest, PromptTooLong, Unsupported
from providers.wire import multipart
from providers.wire.splice import REMOVED, edit

Pairs = tuple[tuple[str, str], ...]


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of requests, and done to them and their answers."""

    streams: bool = True
    """Whether an answer may be streamed."""
    gathers: bool = False
    """Whether a stream is asked for even if nobody wants one."""
    strict: bool = False
    """Whether nothing of a request may be lost."""
    caps: Mapping[str, Cap] = {}
    longest: int = 0
    """The estimated tokens that a prompt may have; 0: any number."""
    sets: Pairs = ()
    """Headers that the provider gets."""
    removes: frozenset[str] = frozenset()
    """Headers of the client's that it does not get."""
    shows: Pairs = ()
    """Headers that the client gets."""
    hides: tuple[str, ...] = ()
    """Headers of the provider's that it does not get."""

    def beside(self, other: "Policy") -> "Policy":
        """Both: the stricter bound holds, and of two values of one header the `other`'s."""
        return Policy(
            streams=self.streams and other.streams,
            gathers=self.gathers or other.gathers,
            strict=self.strict or other.strict,
            caps=_lower(self.caps, other.caps),
            longest=min(filter(None, (self.longest, other.longest)), default=0),
            sets=tuple({**dict(self.sets), **dict(other.sets)}.items()),
            removes=self.removes | other.removes,
            shows=tuple({**dict(self.shows), **dict(other.shows)}.items()),
            hides=tuple(dict.fromkeys((*self.hides, *other.hides))),
        )

    def headers(self, own: Pairs) -> Pairs:
        """A backend's headers, with those that are set here."""
        return tuple({**dict(own), **dict(self.sets)}.items()) if self.sets else own

    def terms(self, client: Dialect, provider: Dialect) -> "Terms | None":
        """What is asked of requests of one dialect, answered in another; None: nothing."""
        policy = self
        if not isinstance(client, ChatDialect) or provider.relay is Uneventful:
            policy = msgspec.structs.replace(self, gathers=False)
        bounds = not policy.streams or policy.strict or policy.longest or policy.caps
        return Terms(policy, client) if (bounds or policy.gathers) and client.charged else None


FREE = Policy()
MOST_NAMES = 20
STREAMLESS = "streaming is not allowed for this model: ask for a whole answer"


def _lower(one: Mapping[str, Cap], other: Mapping[str, Cap]) -> Mapping[str, Cap]:
    both = {word: min(one[word], other[word], key=_most) for word in one.keys() & other.keys()}
    return {**one, **other, **both}


def _most(cap: Cap) -> tuple[float, bool]:
    return cap.most, not cap.refuse


class Terms:
    """A policy as clients of one dialect come upon it."""

    def __init__(self, policy: Policy, client: Dialect) -> None:
        self._policy = policy
        self._client = client
        self._caps = Caps(client, policy.caps)

    def kept(self, call: Call, content_type: str) -> tuple[Call, tuple[str, ...]]:
        """The call within all bounds, and the client's names of what had to be lowered for that;
        raises InvalidRequest."""
        if call.stream and not self._policy.streams:
            raise InvalidRequest(STREAMLESS, param="stream")
        if self._policy.longest:
            self._measure(call)
        changes, lowered = self._caps.changes(call.body)
        if not changes:
            return call, ()
        body = {**call.body, **changes}
        body = {name: value for name, value in body.items() if value is not REMOVED}
        if call.form is None:
            data = edit(call.data, call.body, changes)
            return msgspec.structs.replace(call, data=data, body=body), tuple(lowered)
        form = multipart.parse(call.form.edited(changes), content_type)
        call = msgspec.structs.replace(call, data=form.data, form=form, body=form.members())
        return call, tuple(lowered)

    def streamed(self, call: Call) -> Call:
        """The same call, of which the answer is gathered from a stream where that must be."""
        client = self._client
        if not self._policy.gathers or not self._policy.streams or call.stream:
            return call
        if not isinstance(client, ChatDialect) or client.only_whole(call.body):
            return call
        if all(place.stream is not None for place in client.client):
            return msgspec.structs.replace(call, stream=True, gathered=True)
        asking = {"stream": True}
        data, body = edit(call.data, call.body, asking), {**call.body, **asking}
        return msgspec.structs.replace(call, stream=True, gathered=True, data=data, body=body)

    def whole(self, dropped: tuple[str, ...]) -> None:
        """Raises Unsupported where something is lost that must not be."""
        if dropped and self._policy.strict:
            names = ", ".join(name[:100] for name in dropped[:MOST_NAMES])
            raise Unsupported(f"{names} would be lost here, and nothing may", param=dropped[0])

    def _measure(self, call: Call) -> None:
        given = estimate.prompt(call.data if call.form is None else b"", call.body)
        if given > self._policy.longest:
            raise PromptTooLong(given, self._policy.longest)
