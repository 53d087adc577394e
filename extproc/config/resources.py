"""What providers keep for clients: how its ids lead back to a backend, and who is asked."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated

from pydantic import Discriminator, Field, Tag

from extproc.config.backend import Backend
from extproc.config.base import Model
from extproc.config.values import Flag, Name, SecretRef, one_or_more
from extproc.config.web import BaseUrl
from providers.bridging.batching import Running
from providers.bridging.jobs import Doing, Following, Verb
from providers.bridging.resource import Kept
from providers.catalog import PROVIDERS, RESOURCES, kept_by, runs
from providers.operations import ASKED_FOR, Operation
from providers.vendors.provider import Provider

Defaults = Annotated[
    Annotated[Name, Tag("<name>")] | Annotated[dict[Operation, Name], Tag("<operations>")],
    Discriminator(lambda value: "<operations>" if isinstance(value, dict) else "<name>"),
]


class Resources(Model):
    """Files, batches, stored answers and whatever else a provider keeps."""

    secret: Annotated[tuple[SecretRef, ...], Field(max_length=8), one_or_more(SecretRef, 8)] = ()
    """What ids are signed with, so that nobody can make one up: `env:NAME` or `file:/path`, the
    same at every server of the gateway. Needed where several backends keep the same kind of thing,
    or where there are `clients`. A list: the first one signs, all are accepted."""
    default: Defaults | None = None
    """The backend that is asked where neither an id nor the header `x-ai-backend` says it, or
    operation → backend; default: the only one there is. Lists that become one are asked of all."""
    shared: Flag = False
    """True: clients may use what other clients have made, and list it; false: with `clients`, an
    id is its client's own, and lists of what a backend keeps are refused."""

    url: BaseUrl | None = None
    """Where clients find this gateway, for URLs in answers; default: as each request says it."""

    def default_of(self, operation: Operation) -> str | None:
        """The backend for `operation`, if one is set."""
        if isinstance(self.default, dict):
            return self.default.get(operation)
        return self.default


Offers = Mapping[str, tuple[str, ...]]
"""Kind of thing → the backends that keep it."""


def offers(backends: Mapping[str, Backend]) -> Offers:
    """Who keeps what, as far as the configuration allows it."""
    found: dict[str, list[str]] = {}
    for name, backend in backends.items():
        operations = backend.operations
        asked = None if operations is None else frozenset(operations)
        batches, bucket = bool(backend.openai_batches), bool(backend.bucket)
        for kind in _kept(backend.provider, asked, batches=batches, bucket=bucket):
            found.setdefault(kind, []).append(name)
    return {kind: tuple(names) for kind, names in found.items()}


@lru_cache(maxsize=256)
def _kept(
    name: str, operations: frozenset[Operation] | None, *, batches: bool, bucket: bool
) -> tuple[str, ...]:
    """The kinds that a backend of provider `name` keeps: whether it runs OpenAI's batches, and has
    a bucket for what it makes."""
    provider = PROVIDERS.get(name)
    return tuple(
        kind
        for kind, own in sorted(kept_by(provider).items() if provider else ())
        if (batches or not runs(RESOURCES[kind], own))
        and (bucket or own.name == kind or not is_stored(own))
        and _is_on(RESOURCES[kind].operation, operations)
    )


def _is_on(operation: Operation, operations: frozenset[Operation] | None) -> bool:
    return operation not in ASKED_FOR if operations is None else operation in operations


def merged(offered: Offers, backends: Mapping[str, Backend]) -> Offers:
    """Kind of thing → the backends whose lists become one: those that have it as their own, or
    can list it for clients of another format."""
    lists = {kind for kind in offered if any(act.pages for act in RESOURCES[kind].acts)}
    own = {
        kind: tuple(
            n for n in offered[kind] if can_list(RESOURCES[kind], PROVIDERS[backends[n].provider])
        )
        for kind in lists
    }
    return {kind: names for kind, names in own.items() if len(names) > 1}


def can_list(kind: Kept, provider: Provider) -> bool:
    """Whether a provider lists what is kept as clients of `kind` know it."""
    if kind.name in provider.keeps:
        return True
    own, asking = kept_by(provider)[kind.name].doing, kind.following
    if isinstance(own, Running):
        return any(act.verb is Verb.LIST for act in kind.acts)
    if not isinstance(own, Doing) or not isinstance(asking, Following):
        return False
    return own.listing is not None and asking.page is not None


def is_stored(own: Kept) -> bool:
    """Whether jobs of that kind put what they make where the backend says."""
    return isinstance(own.doing, Doing) and own.doing.stored


def must_sign(offered: Offers, *, has_clients: bool) -> bool:
    """Whether an id alone does not tell whose it is."""
    known = [names for kind, names in offered.items() if RESOURCES[kind].has_ids]
    return bool(known) and (has_clients or any(len(names) > 1 for names in known))
