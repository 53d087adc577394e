"""What is done to requests and answers, of a route or of a backend."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, JsonValue, Tag

from extproc.config.base import Model, flaw
from extproc.config.values import DOTTED, Checked, Flag, Real, Whole
from extproc.config.web import OWN_NAME, HeaderValue, own_header_name

OWN_MEMBERS = frozenset({"model", "stream"})
"""Top-level members of a body that the gateway itself decides on."""

MAX_INTEGER = 2**64


def _json(value: JsonValue) -> JsonValue:
    if isinstance(value, int) and not -(2**63) <= value < MAX_INTEGER:
        raise flaw("must be a number of at most 64 bits")
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    return [_json(item) for item in value] if isinstance(value, list) else value


def _member(name: str) -> str:
    parts = name.split(".")
    if parts[0] in OWN_MEMBERS:
        raise flaw("is decided by the gateway; a route's backend sets the model")
    if "" in parts:
        raise flaw("must be a member of the body, or names joined by dots")
    return name


def _dotted(path: str) -> str:
    if path in OWN_MEMBERS or path.split(".", maxsplit=1)[0] in OWN_MEMBERS:
        raise flaw("is decided by the gateway and cannot be removed")
    if "" in path.split("."):
        raise flaw("must be names joined by dots, such as metadata.internal")
    return path


def _counted(path: str) -> str:
    if path.split(".", maxsplit=1)[0] in OWN_MEMBERS or "" in path.split("."):
        raise flaw("must be a number's name, or names joined by dots, such as options.num_ctx")
    return path


def _edited(name: str) -> str:
    lower = own_header_name(name)
    if lower == "content-type":
        raise flaw("says what the body is, and is set by this server")
    return lower


Member = Annotated[str, Checked(_member, DOTTED), Field(min_length=1, max_length=1_024)]
MemberPath = Annotated[str, Checked(_dotted, DOTTED), Field(min_length=1, max_length=1_024)]
Members = dict[Member, Annotated[JsonValue, AfterValidator(_json)]]
Counted = Annotated[str, Checked(_counted, DOTTED), Field(min_length=1, max_length=1_024)]
EditedHeader = Annotated[str, Checked(_edited, OWN_NAME), Field(min_length=1, max_length=128)]
Number = Annotated[Real, Field(ge=-1e12, le=1e12)]


class HeaderEdits(Model):
    """What is done to headers."""

    set: dict[EditedHeader, HeaderValue] = Field(default_factory=dict, repr=False, max_length=64)
    """Put in the place of all headers of that name; no credentials."""
    remove: Annotated[tuple[EditedHeader, ...], Field(max_length=64)] = ()
    """Taken off."""


class Most(Model):
    """The largest number that may be asked for, and what becomes of a larger one."""

    most: Number
    """The number."""
    refuse: Flag = False
    """True: a larger one is a 400."""


Cap = Annotated[
    Annotated[Number, Tag("<number>")] | Annotated[Most, Tag("<mapping>")],
    Discriminator(lambda value: "<mapping>" if isinstance(value, dict | Most) else "<number>"),
]


class RequestEdits(Model):
    """What requests may ask for; and what is done to their bodies, in this order: remove, defaults,
    override."""

    stream: Literal["allow", "deny", "always"] = "allow"
    """`deny`: who asks for a stream gets a 400, and nothing is sent. `always`: the provider is
    asked for one, too, where a client wants a whole answer to a chat, which is then made of it."""
    limits: dict[Counted, Cap] = Field(default_factory=dict, max_length=64)
    """The most that clients may ask for: a number's name in `docs/fidelity.md` (`max_tokens`,
    `temperature`, `n`, `reasoning.budget`, …), whatever the client's dialect calls it, or else a
    member of the client's body, in which a dotted name reaches into objects → the largest number.
    A larger one is lowered and named in `x-ai-dropped-params`, or with `{most: …, refuse: true}` a
    400. Who asks for a chat without `max_tokens` gets as many."""
    losses: Literal["allow", "refuse"] = "allow"
    """What becomes of a request with hints that the provider cannot be told: it is sent without,
    and `x-ai-dropped-params` names them, or it is a 400 that names them."""
    max_input_tokens: Annotated[Whole, Field(ge=1, le=1_000_000_000)] | None = None
    """The longest prompt, by the gateway's estimate; a longer one is a 400 that says so as the
    client's vendor would. Default: any."""
    cache: Literal["5m", "1h"] | None = None
    """For how long Anthropic and Bedrock shall cache the prompts of chats in which the client marks
    nothing for their caches: the instructions, or else the tools, and all up to the last turn are
    marked. Default: what nobody marks is not cached there."""
    headers: HeaderEdits = HeaderEdits()
    """What is done to the headers that the provider gets."""
    defaults: Members = Field(default_factory=dict)
    """Members for bodies that have none of that name; a dotted one reaches into objects, and makes
    those that are not there. Not `model` or `stream`."""
    override: Members = Field(default_factory=dict)
    """Members put into every body in the same way, whatever the client gave."""
    remove: tuple[MemberPath, ...] = ()
    """Members taken out of every body; a dotted path reaches into objects."""


class RouteEdits(RequestEdits):
    """The same, and what else only a route decides."""

    vendor_tools: Literal["refuse", "drop"] = "refuse"
    """What becomes of a tool that another provider would run, such as a search of the web, where
    this one does not have it: a 400, or left out and named in `x-ai-dropped-params`."""


class AnswerEdits(Model):
    """What is done to a provider's answers."""

    headers: HeaderEdits = HeaderEdits()
    """What is done to the headers that the client gets."""
