"""What backends keep for clients, compiled: who keeps what, where it is, and how ids are signed."""

from collections.abc import Mapping

import msgspec

from extproc.exchange.acts import Acts, Asked, Named, Opened
from extproc.exchange.ids import Seal
from extproc.exchange.passing import to_provider
from extproc.exchange.proof import Secrets
from extproc.exchange.served import Served, Target, whole_path
from providers.bridging.dialect import Bridge, Dialect
from providers.bridging.jobs import Inquiry
from providers.bridging.resource import Act, Kept, carriage, commission
from providers.catalog import DIALECTS, RESOURCES, kept_by, runs
from providers.errors import NotFound, Unavailable, Unsupported
from providers.usage import Price
from providers.wire.members import Json

SECRET = "/resources"  # noqa: S105  (its name)
"""Under which name the secret of ids is looked up; no backend can have it."""

LISTS_OTHERS = (
    "the list would show what other clients keep: ask for what you have the id of, or let clients "
    "share (the gateway's setting resources.shared)"
)
READS_OTHERS = (
    "it would read what other clients keep: name files, or let clients share (the gateway's "
    "setting resources.shared)"
)
PARTIAL = frozenset({"range", "if-range", "x-goog-fieldmask"})
"""Headers that ask for a part of what is charged by what all of it says."""
NONE = frozenset[str]()
ALONE: Mapping[str, tuple[str, ...]] = {}


def place_of(target: Target, path: str, before: str) -> str:
    """The provider's path with its version, and what stands before that."""
    whole = whole_path(target.served, target.dialect.name, path)
    if not before:
        return whole
    head, _, version = whole.removesuffix(path).rpartition("/")
    return f"{head}{before}/{version}{path}"


def _foreign(kept: Kept, own: Kept, act: Act, served: Served) -> Bridge:
    """The bridge of an act on what is kept in another format; raises Unsupported."""
    if runs(kept, own):
        return commission(kept, own, act)
    return Inquiry(kept, own, act, served.bucket)


class Keeping:
    """Everything that is decided before a request."""

    def __init__(  # noqa: PLR0913  (each is a part of what is in force)
        self,
        backends: Mapping[str, Served],
        offers: Mapping[str, tuple[str, ...]],
        *,
        signed: bool = False,
        apart: bool = False,
        url: str = "",
        merges: Mapping[str, tuple[str, ...]] = ALONE,
    ) -> None:
        """`offers`: kind → backends; `signed`: ids carry their backend; `apart`: each client has
        its own; `url`: where clients find the gateway, if a request does not say it rightly;
        `merges`: kind → the backends whose lists are one."""
        self.acts = Acts(RESOURCES.values())
        self.signed = signed
        self.url = url
        self._backends = backends
        self._offers = offers
        self._merges = merges
        self._apart = apart
        foreign = [
            (RESOURCES[kind], own, name)
            for name, served in backends.items()
            for kind, own in kept_by(served.provider).items()
            if own.name != kind
        ]
        self._running = frozenset((k.name, name) for k, own, name in foreign if runs(k, own))
        self._doing = frozenset((k.name, name) for k, _, name in foreign) - self._running
        self._targets: dict[tuple[str, Act, str], Target] = {}

    def dialect(self, kind: str) -> Dialect:
        """In whose form an error is told."""
        return self.acts.kind(kind) or DIALECTS["openai.chat"]

    def allow(self, asked: Asked, body: Json | None = None) -> None:
        """Raises Unsupported for what would show one client what another keeps."""
        if self._apart and asked.act.listed:
            raise Unsupported(LISTS_OTHERS)
        if self._apart and body is not None and asked.kept.sweeps(body):
            raise Unsupported(READS_OTHERS)

    def keeps(self, backend: str) -> bool:
        """Whether a backend keeps anything under ids that carry it."""
        return self.signed and any(backend in names for names in self._offers.values())

    def translates(self, kind: str, backend: str) -> bool:
        """Whether batches of that kind's clients are run by a backend in a format of its own."""
        return (kind, backend) in self._running

    def merges(self, kind: str) -> tuple[str, ...]:
        """The backends whose lists of that kind are one; none where each stays by itself."""
        return self._merges.get(kind, ())

    def unlisted(self, kind: str) -> tuple[str, ...]:
        """Those that keep such things, and cannot list them in that form."""
        return tuple(name for name in self._offers[kind] if name not in self._merges[kind])

    def follows(self, kind: str, backend: str) -> bool:
        """Whether jobs of that kind's clients are done by a backend in a format of its own."""
        return (kind, backend) in self._doing

    def seal(self, backend: str, client: str, secrets: Secrets) -> Seal | None:
        """How ids are signed; None: they stay as they are. Raises Unavailable."""
        if not self.signed:
            return None
        return Seal(backend, client if self._apart else "", secrets.get(SECRET))

    def path(self, target: Target, asked: Asked, opened: Opened | None, named: Named) -> str:
        """The provider's path with its version, and all of the query; raises NotFound."""
        if isinstance(target.bridge, Inquiry):
            said = asked.said(opened) if target.bridge.lists else dict(asked.query)
            path, query = target.bridge.path(asked.id(opened), said), ""
        else:
            path, query = asked.path(opened, named), asked.asks(opened)
        whole = place_of(target, path, asked.kept.before)
        return whole + ("&" if "?" in whole else "?") + query if query else whole

    def target(self, asked: Asked, backend: str) -> Target:
        """How an act goes to a backend; raises NotFound, Unavailable."""
        key = (asked.kept.name, asked.act, backend)
        target = self._targets.get(key)
        if target is None:
            target = self._targets[key] = self._new(asked.kept, asked.act, backend)
        return target

    def _new(self, kept: Kept, act: Act, backend: str) -> Target:
        served = self._backends.get(backend)
        if served is None:
            raise Unavailable(f"the backend {backend!r} is not in the configuration in force")
        if backend not in self._offers.get(kept.name, ()):
            raise NotFound(f"the backend {backend!r} keeps no {kept.operation.value}")
        own = kept_by(served.provider)[kept.name]
        translated = own is not kept
        dialect = msgspec.structs.replace(own, charged=act.told is not None)
        return Target(
            served=served,
            bridge=_foreign(kept, own, act, served) if translated else carriage(dialect, act),
            dialect=dialect,
            model="",
            paths=("", ""),
            headers=served.headers,
            defaults=tuple(own.request_headers.items()),
            translated=translated,
            passing=to_provider(
                translated=translated,
                own=own.own_headers,
                wanted=served.passes,
                foreign=served.policy.removes | (PARTIAL if act.told is not None else NONE),
            ),
            shows=served.policy.shows,
            hides=served.policy.hides,
            touched=None,
            price=Price(),
            labels={
                "backend": served.name,
                "provider": served.provider.name,
                "operation": kept.operation.value,
            },
        )
