"""`extproc render envoy --part`: what somebody pastes into an Envoy that runs already."""

from collections.abc import Mapping, Sequence

from extproc.config.gateway import Gateway
from extproc.ratelimit.limit import Limit
from extproc.render.comments import FIELDS, GUESTS, PIECES, notes, placed_notes
from extproc.render.envoy import text_of, whole_listeners
from extproc.render.guest import DOMAIN, Guest, guest, ours
from extproc.render.parts import Parts
from extproc.render.placed import alone, placed
from extproc.render.routes import anchors
from extproc.render.text import Notes, Writer
from extproc.render.typed import Json


def piece(
    kind: str,
    gateway: Gateway,
    made: Parts,
    limits: Sequence[Limit] = (),
    domains: Sequence[str] = (DOMAIN,),
) -> str:
    """One of PIECES as YAML, for an Envoy that has `domains` served by the gateway.

    Where clients need keys, `listener` and `filter` hold them.
    """
    if kind == "placed":
        document, shared = placed(gateway, made, limits, domains)
        writer = Writer(placed_notes(alone(gateway)), shared)
        return text_of(PIECES[kind], writer.write(document))
    document, shared = _document(kind, made, guest(gateway, made, limits, domains))
    return text_of(PIECES[kind], Writer(_notes(made), shared).write(document))


def _document(kind: str, made: Parts, found: Guest) -> tuple[Json, Mapping[int, str]]:
    """What is written, and names for what stands in several places of it."""
    match kind:
        case "listener":
            return whole_listeners(made)
        case "clusters":
            return {"clusters": found.clusters}, {}
        case "filter":
            return {"http_filters": found.filters}, {}
        case "routes":
            return {"virtual_hosts": [found.host]}, anchors(found.host)
        case "replies":
            return {"local_reply_config": found.replies}, found.anchors
        case "refusals":
            return {"access_log": found.refusals}, {}
        case "loopback":
            return {"listeners": found.inner}, {}
        case _:
            raise AssertionError(kind)


def _notes(made: Parts) -> Notes:
    """The comments of the whole bootstrap, by the names that things have here, too."""
    usual = notes(made.groups, made.sessions)
    renamed = {ours(name): note for name, note in usual.things.items()}
    return Notes({**renamed, **usual.things, **GUESTS}, FIELDS)
