"""Which backends stand together in one Envoy cluster, and where each of them is.

Routes with the same backends, weights and priorities share a cluster: 10,000 routes to three
providers are a handful of clusters, not 10,000.
"""

import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from urllib.parse import urlsplit

import msgspec

from extproc.config.backend import Backend
from extproc.config.balance import Policy
from extproc.config.gateway import Gateway
from extproc.config.route import Route
from extproc.config.shadow import SHADOW, Shadow
from extproc.exchange.compile import base_url, fans_out, merges, served
from extproc.render.kept import keepers
from providers.catalog import PROVIDERS

PORTS = {"http": 80, "https": 443}
MAX_NAME = 120


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a backend is."""

    host: str
    port: int
    secure: bool


class Member(msgspec.Struct, frozen=True, order=True):
    """A backend in a cluster."""

    priority: int
    backend: str
    weight: int

    @property
    def label(self) -> str:
        """The backend, with its weight and priority where they are not the usual ones."""
        weight = f"*{self.weight}" if self.weight != 1 else ""
        return f"{self.backend}{weight}" + (f"@{self.priority}" if self.priority else "")


Members = tuple[Member, ...]


class Group(msgspec.Struct, frozen=True):
    """Backends that stand together in a cluster."""

    members: Members
    policy: Policy = "weighted"
    sticky_to: str = ""
    """Where a key leads, for `hash`."""
    shadow: bool = False
    """Whether it gets copies of requests."""
    only: str = ""
    """The one of its members that is asked, after a failure or by a client's wish; empty: all."""

    def said(self, member: Member) -> str:
        """What the server is told of who is asked."""
        return member.backend + SHADOW if self.shadow else member.backend

    @property
    def label(self) -> str:
        """What is unusual of it, besides its members."""
        if self.shadow:
            return SHADOW
        if self.only:
            return f"!{self.only}"
        if self.policy == "weighted":
            return ""
        return f"={self.policy}" + ("@address" if self.sticky_to == "address" else "")


def place(backend: Backend) -> Place:
    """Where the backend's base URL, its own or its provider's, leads."""
    return place_of(base_url(backend, PROVIDERS[backend.provider]).geturl())


def place_of(url: str) -> Place:
    """Where a URL leads."""
    parts = urlsplit(url)
    assert parts.hostname, "a checked configuration has a host in every URL"
    return Place(
        host=parts.hostname,
        port=parts.port or PORTS[parts.scheme],
        secure=parts.scheme == "https",
    )


def client_keys_of(gateway: Gateway, backends: Iterable[str]) -> list[str]:
    """The headers in which clients bring their own keys for any of these backends."""
    headers = [served(name, gateway.backends[name]).client_keys for name in backends]
    return list(dict.fromkeys(header for of_one in headers for header in of_one))


def members(route: Route) -> Members:
    """The backends of a route, in the order of their priorities and names."""
    found = [Member(b.priority, b.backend, b.weight) for b in route.backends]
    return tuple(sorted(found) if len(found) > 1 else found)


def group(route: Route) -> Group:
    """Who stands together for a route, and how requests are shared among them."""
    together = members(route)
    policy = route.balance.policy
    if policy != "hash":
        return Group(together, policy)
    several = len({member.priority for member in together}) < len(together)
    return Group(together, policy, route.balance.sticky_to or ("backend" if several else "address"))


def each(route: Route) -> list[Group]:
    """Where requests go that are for one backend alone, in the order of a route's backends; empty
    where Envoy chooses by itself."""
    if not (route.lossless or route.ordered):
        return []
    together = members(route)
    return [Group(together, only=entry.backend) for entry in route.backends]


def copied(shadow: Shadow) -> Group:
    """Who gets copies of a route's requests."""
    return Group((Member(0, shadow.backend, 1),), shadow=True)


@lru_cache(maxsize=1024)
def cluster_name(group: Group) -> str:
    """A name that says what is in it; unlike any backend's, for `/` stands in none."""
    name = "ai/" + "+".join(member.label for member in group.members) + group.label
    if len(name) <= MAX_NAME:
        return name
    return f"{name[:MAX_NAME]}~{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def clusters_of(gateway: Gateway) -> dict[str, Group]:
    """Every cluster that is needed, by name: those of the routes and of their copies, in their
    order, and one for each backend that keeps something, or of which the server itself asks
    something."""
    found: dict[str, Group] = {}
    for route in gateway.routes:
        copies = [copied(route.shadow)] if route.shadow else []
        for together in (group(route), *each(route), *copies):
            found.setdefault(cluster_name(together), together)
    for name in dict.fromkeys((*keepers(gateway), *asked_aside(gateway))):
        alone = Group((Member(0, name, 1),))
        found.setdefault(cluster_name(alone), alone)
    return found


def fanning(gateway: Gateway) -> list[str]:
    """The backends to which one request may become several."""
    asked = {entry.backend for route in gateway.routes for entry in route.backends}
    asked |= {route.shadow.backend for route in gateway.routes if route.shadow}
    return [name for name, one in gateway.backends.items() if name in asked and fans_out(one)]


def asked_aside(gateway: Gateway) -> list[str]:
    """The backends of which the server asks something by Envoy's loopback listener."""
    asked = {*fanning(gateway), *(name for names in merges(gateway).values() for name in names)}
    return [name for name, one in gateway.backends.items() if name in asked or one.probe]


def priorities(members: Iterable[Member]) -> int:
    """How many priorities there are."""
    return len({member.priority for member in members})


def names(members: Sequence[Member]) -> list[str]:
    """The backends' names."""
    return [member.backend for member in members]
