"""WebSocket messages in pieces of any size."""

import pytest

from providers.wire.frames import Broken, Frames
from providers.wire.websocket import TEXT, TooLong, closing, frame, masked

KEY = b"abcd"


def part(opcode: int, payload: bytes, *, final: bool) -> bytes:
    whole = frame(opcode, payload, KEY)
    return bytes((whole[0] if final else whole[0] & 0x7F,)) + whole[1:]


PINGED = part(TEXT, b"on", final=False) + frame(0x9, b"hi", KEY) + part(0, b"e", final=True)
STREAM = PINGED + frame(TEXT, b"two" * 100, KEY) + closing(1000, "bye", KEY)


def test_messages_are_whole_wherever_the_stream_is_cut():
    for cut in range(len(STREAM)):
        frames = Frames()
        found = frames.feed(STREAM[:cut]) + frames.feed(STREAM[cut:])
        said = [(one.opcode, one.payload) for one in found]
        assert said == [
            (0x9, b"hi"),
            (TEXT, b"one"),
            (TEXT, b"two" * 100),
            (0x8, b"\x03\xe8bye"),
        ]
        assert {one.key for one in found} == {KEY}


def test_a_byte_at_a_time():
    frames = Frames()
    found = [one for byte in STREAM for one in frames.feed(bytes((byte,)))]
    assert [one.payload for one in found][1:3] == [b"one", b"two" * 100]


@pytest.mark.parametrize(
    "long",
    [
        frame(TEXT, b"x" * 17, KEY),
        part(TEXT, b"x" * 9, final=False) + part(0, b"x" * 8, final=True),
    ],
)
def test_what_is_too_long_is_passed_over_and_not_held(long):
    frames = Frames(largest=16)
    with pytest.raises(TooLong):
        for byte in long:
            frames.feed(bytes((byte,)))
    frames = Frames(largest=16)
    with pytest.raises(TooLong):
        frames.feed(long[:-3])
    assert not frames._held
    assert [one.payload for one in frames.feed(long[-3:] + frame(TEXT, b"y"))] == [b"y"]


def test_a_control_frame_has_its_own_bound():
    assert Frames().feed(frame(0x9, b"x" * 125, KEY))[0].payload == b"x" * 125
    with pytest.raises(Broken, match="too long"):
        Frames().feed(frame(0x9, b"x" * 126, KEY))


def test_masks_are_their_own_inverse():
    assert masked(masked(b"hello", KEY), KEY) == b"hello"


@pytest.mark.parametrize(
    ("masks", "data"),
    [(True, frame(TEXT, b"x")), (False, frame(TEXT, b"x", b"abcd")), (None, b"\xc1\x00")],
)
def test_what_rfc_6455_forbids_is_the_last_that_is_read(masks, data):
    frames = Frames(masks=masks)
    with pytest.raises(Broken):
        frames.feed(data)
    assert frames.feed(frame(TEXT, b"y", b"abcd" if masks else b"")) == []
