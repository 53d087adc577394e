"""Frames of WebSockets, cut everywhere; `wsproto` makes and reads them."""

from itertools import accumulate

import pytest
from wsproto import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage

from providers.wire.websocket import LARGEST, TEXT, Messages, Opening, TooLong, closing, frame

WORDS = (b'"usage"',)
USED = '{"type": "response.done", "usage": {"n": %d}}'


def said(*events, by=ConnectionType.SERVER) -> bytes:
    connection = Connection(by)
    return b"".join(connection.send(event) for event in events)


def heard(data: bytes, by=ConnectionType.SERVER) -> list:
    reader = Connection(by)
    reader.receive_data(data)
    return list(reader.events())


STREAM = said(
    TextMessage(data="nothing of note"),
    TextMessage(data=USED % 1),
    TextMessage(data='{"us', message_finished=False),
    Ping(payload=b'"usage"'),
    TextMessage(data='age": ', message_finished=False),
    TextMessage(data='"usage"}'),
    TextMessage(data="", message_finished=False),
    TextMessage(data=""),
    BytesMessage(data=(USED % 2).encode() + b" " * 70_000),
    TextMessage(data=USED % 3 + " " * 200),
    CloseConnection(code=1000),
)
FOUND = [
    (USED % 1).encode(),
    b'{"usage": "usage"}',
    (USED % 2).encode() + b" " * 70_000,
    (USED % 3 + " " * 200).encode(),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000, len(STREAM)])
def test_messages_are_found_wherever_the_stream_is_cut(size):
    messages = Messages(WORDS)
    found = []
    for at in range(0, len(STREAM), size):
        found += messages.feed(STREAM[at : at + size])
    assert found == FOUND
    assert messages.closed


def test_it_is_known_where_something_of_ours_can_be_said():
    pieces = [
        said(TextMessage(data="a" * 200)),
        said(TextMessage(data="in two", message_finished=False), TextMessage(data=" pieces")),
        said(BytesMessage(data=b"b" * 70_000)),
        said(TextMessage(data=USED % 1)),
    ]
    events, ends = b"".join(pieces), [*accumulate(map(len, pieces))]
    for cut in [*range(250), *range(ends[-1] - 80, ends[-1])]:
        messages = Messages(WORDS)
        for at, piece in ((0, events[:cut]), (cut, events[cut:])):
            messages.feed(piece)
            known = [end - at for end in ends if at < end <= at + len(piece)]
            if known:
                assert messages.boundary == known[-1]


def test_what_a_peer_masks_is_read_too():
    masked = said(TextMessage(data=USED % 7), by=ConnectionType.CLIENT)
    for cut in range(len(masked)):
        messages = Messages(WORDS)
        assert [*messages.feed(masked[:cut]), *messages.feed(masked[cut:])] == [(USED % 7).encode()]


def test_what_is_too_long_is_passed_over_and_not_held():
    messages = Messages(WORDS, largest=100)
    long = said(
        TextMessage(data=USED % 1, message_finished=False),
        TextMessage(data=" " * 200),
        TextMessage(data=USED % 2),
    )
    found = [each for byte in long for each in messages.feed(bytes([byte]))]
    assert found == [(USED % 2).encode()]


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
@pytest.mark.parametrize("key", [b"", b"\1\2\3\4"])
def test_frames_are_read_by_others(size, key):
    reader = ConnectionType.SERVER if key else ConnectionType.CLIENT
    events = heard(frame(TEXT, b"x" * size, key), reader)
    assert "".join(event.data for event in events) == "x" * size
    (end,) = heard(closing(1008, "é" * 100, key), reader)
    assert (end.code, end.reason) == (1008, "é" * 61)


def test_a_first_message_is_held_until_it_is_whole():
    client = Connection(ConnectionType.CLIENT)
    ping = client.send(Ping())
    pieces = client.send(TextMessage(data='{"setup"', message_finished=False))
    pieces += client.send(TextMessage(data=": {}}"))
    rest = client.send(TextMessage(data="more"))
    whole = ping + pieces + rest
    for cut in range(len(ping + pieces)):
        opening = Opening()
        assert opening.feed(whole[:cut]) is None
        first = opening.feed(whole[cut:])
        assert first is not None
        assert (first.before, first.opcode, first.after) == (ping, TEXT, rest)
        assert first.payload == b'{"setup": {}}'


def test_a_first_message_has_a_bound():
    with pytest.raises(TooLong):
        Opening().feed(b"\x81\xff" + b"\0\0\0\0\x7f\xff\xff\xff" + b"x" * LARGEST)
