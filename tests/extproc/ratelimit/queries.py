"""RateLimitRequests as Envoy sends them, and what comes back."""

from envoy.service.ratelimit.v3 import rls_pb2

from extproc.ratelimit.descriptors import DOMAIN
from extproc.ratelimit.limit import Limit

OK = rls_pb2.RateLimitResponse.OK
OVER = rls_pb2.RateLimitResponse.OVER_LIMIT

NOON = 1_700_049_600.0
"""2023-11-15 12:00:00 UTC, a Wednesday."""


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, now=NOON):
        self.now = now

    def __call__(self):
        return self.now


def limit(unit="tokens", amount=100, every="minute", per=("client",), **rest):
    return Limit(
        name=rest.pop("name", unit), per=per, unit=unit, amount=amount, every=every, **rest
    )


def query(*descriptors, domain=DOMAIN, hits=0):
    """Each descriptor is (limit's name, entries, hits or None)."""
    request = rls_pb2.RateLimitRequest(domain=domain, hits_addend=hits)
    for name, entries, addend in descriptors:
        descriptor = request.descriptors.add()
        for key, value in [*([("limit", name)] if name else []), *entries.items()]:
            descriptor.entries.add(key=key, value=value)
        if addend is not None:
            descriptor.hits_addend.value = addend
    return request.SerializeToString()


def reserving(size=0, model="", prices="0 0", client=""):
    """The descriptor that asks for a reservation."""
    said = {"size": str(size), "model": model, "client": client}
    return None, {"reserve": prices, **{key: value for key, value in said.items() if value}}, None


def returning(response):
    """The descriptor that brings back what an answer has reserved; nothing, if that is nothing."""
    fields = response.dynamic_metadata.fields
    return [(None, {"held": fields["held"].string_value}, None)] if "held" in fields else []


def parsed(data):
    return rls_pb2.RateLimitResponse.FromString(data)


def headers(response):
    return {header.key: header.value for header in response.response_headers_to_add}
