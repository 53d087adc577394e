"""The three ways of a stream through a dialect, for tests: written, parsed, passed on."""

from collections.abc import Iterable

from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Context, Relay
from providers.neutral.deltas import AnyDelta


def written(dialect: ChatDialect, deltas: Iterable[AnyDelta], context: Context) -> bytes:
    """A client's stream; each delta comes by itself."""
    renderer = dialect.renderer(context)
    return b"".join([renderer.feed([delta]) for delta in deltas]) + renderer.flush()


def parsed(dialect: ChatDialect, pieces: Iterable[bytes]) -> list[AnyDelta]:
    """What a provider's stream says."""
    parser = dialect.parser()
    return [delta for piece in pieces for delta in parser.feed(piece)] + parser.flush()


def relayed(
    dialect: ChatDialect, pieces: Iterable[bytes], usage: bool = True
) -> tuple[bytes, Relay]:
    """What a client gets of its own dialect's stream, and who watched it."""
    relay = dialect.relay(usage)
    out = []
    for piece in pieces:
        changed = relay.feed(piece)
        out.append(piece if changed is None else changed)
    return b"".join(out) + relay.flush(), relay
