"""A stream means the same wherever it is cut; every place is tried, since some matter once in a
thousand."""

import pytest

from extproc.lab.bench.bodies import CHATS, pieces
from providers.bridging.bridge import bridge
from providers.bridging.dialect import Context, Seen
from providers.bridging.quirks import Quirks

CONTEXT = Context(model="m", id="i", now=1)


def read(client: str, target: str, *parts: bytes) -> tuple[bytes, Seen]:
    """(what the client gets of a stream that comes in `parts`, what was seen of it)."""
    relay = bridge(CHATS[client], CHATS[target], Quirks()).stream(CONTEXT)
    fed = [(part, relay.feed(part)) for part in parts]
    said = b"".join(part if out is None else out for part, out in fed)
    return said + relay.flush(), relay.seen


@pytest.mark.parametrize("target", CHATS)
@pytest.mark.parametrize("client", ["the same", "openai.chat"])
def test_a_stream_may_be_cut_anywhere(client: str, target: str) -> None:
    client = target if client == "the same" else client
    data = b"".join(pieces(CHATS[target], 3))
    whole, seen = read(client, target, data)
    assert seen.error is None
    for at in range(1, len(data)):
        said, of = read(client, target, data[:at], data[at:])
        assert (said, of.usage, of.error) == (whole, seen.usage, None)


@pytest.mark.parametrize("target", CHATS)
def test_a_stream_may_end_anywhere(target: str) -> None:
    data = b"".join(pieces(CHATS[target], 3))
    for at in range(1, len(data)):
        _, seen = read(target, target, data[:at])
        assert seen.error is not None or seen.finish is not None
