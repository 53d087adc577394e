"""Which of several backends gets a request."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from extproc.config.base import Model, flaw
from extproc.config.values import DOTTED, Checked, Flag, one_or_more
from extproc.config.web import HeaderName

Policy = Literal["weighted", "round_robin", "least_request", "random", "latency", "hash"]
CONVERSATION = "conversation"


def _path(path: str) -> str:
    if "" in path.split("."):
        raise flaw("must be names joined by dots, such as metadata.user_id")
    return path


class HeaderKey(Model):
    """A header of the client's."""

    header: HeaderName
    """Its name."""


class BodyKey(Model):
    """A member of the client's body."""

    body: Annotated[str, Checked(_path, DOTTED), Field(min_length=1, max_length=256)]
    """Its name; a dotted path reaches into objects."""


def _kind(value: object) -> str:
    if isinstance(value, str):
        return "<word>"
    named = "header" in value if isinstance(value, dict) else isinstance(value, HeaderKey)
    return "<header>" if named else "<body>"


Key = Annotated[
    Annotated[Literal["conversation"], Tag("<word>")]
    | Annotated[HeaderKey, Tag("<header>")]
    | Annotated[BodyKey, Tag("<body>")],
    Discriminator(_kind),
]


class Balance(Model):
    """How requests are shared among the backends of one priority."""

    policy: Policy = "weighted"
    """`weighted`: by the backends' weights, and within a backend to its least busy address;
    `round_robin`: one address after the other, whosever it is; `least_request`: the less busy one
    of two addresses, whosever they are; `random`; `latency`: the sooner an address begins to
    answer, the more it gets; `hash`: what has the same key goes to the same place while that is
    healthy."""
    hash_on: Annotated[tuple[Key, ...], Field(max_length=8), one_or_more(Key, 8, least=0)] = ()
    """The key for `hash`: `{header: NAME}`, `{body: NAME}` (a text or a number), or `conversation`
    (its model, its instructions and its first turn, which stay the same until its end); the first
    of them that a request has. Default: `conversation`."""
    sticky_to: Literal["backend", "address"] | None = None
    """Where a key leads for `hash`: to a `backend`, whatever addresses it has at the moment, or to
    one `address` of many, such as one of several servers of your own that keep prompts by
    themselves. Default: `backend` where a priority has several, else `address`."""
    client_order: Flag = False
    """True: a client may name backends of the route in the header `x-ai-backends`, and its request
    goes to these, one after another, whatever their priorities and weights."""
