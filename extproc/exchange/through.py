"""Which other paths of a backend may be asked for, and how such requests go there."""

from extproc.config.web import safe_path
from extproc.exchange.passing import ACCOUNT, to_provider
from extproc.exchange.served import Served, Target
from providers.bridging.dialect import Dialect
from providers.bridging.passthrough import NAME, Through, through
from providers.catalog import DIALECTS
from providers.errors import InvalidRequest, NotFound
from providers.operations import Operation
from providers.usage import Price


def check(served: Served, method: str, path: str) -> None:
    """Whether that may be asked for; raises InvalidRequest, NotFound."""
    try:
        safe_path(path)
    except ValueError as error:
        raise InvalidRequest(f"the path behind the backend's name {error}") from None
    if not any(rule.allows(method, path) for rule in served.through):
        message = f"the backend {served.name!r} lets no {method[:20]} {path[:200]} pass"
        raise NotFound(f"{message} (the gateway's setting passthrough)")


def target_at(served: Served) -> Target:
    """How such requests go to a backend."""
    speaks = _speaks(served)
    dialect = through(speaks)
    return Target(
        served=served,
        bridge=Through(dialect, speaks),
        dialect=dialect,
        model="",
        paths=("", ""),
        headers=served.headers,
        defaults=tuple(dialect.request_headers.items()),
        translated=False,
        passing=to_provider(
            translated=False,
            own=dialect.own_headers,
            wanted=served.passes,
            foreign=served.policy.removes | (frozenset() if served.client_keys else ACCOUNT),
        ),
        shows=served.policy.shows,
        hides=served.policy.hides,
        touched=None,
        price=Price(),
        labels={
            "backend": served.name,
            "backends": served.name,
            "provider": served.provider.name,
            "operation": NAME,
        },
    )


def _speaks(served: Served) -> list[Dialect]:
    """The formats in which a provider tells of usage."""
    names = served.provider.dialects.get(Operation.CHAT) or ("openai.chat",)
    return [served.provider.forms.get(name) or DIALECTS[name] for name in names]
