"""Messages come out of any cut of their bytes; statuses and deadlines are what the spec says."""

import itertools
import tracemalloc
from urllib.parse import unquote

import hpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from extproc.transport import Abort, Status
from extproc.transport import grpc_framing as grpc
from extproc.transport.grpc_framing import Messages
from tests.extproc.transport.peer import message

MIB = 1024 * 1024


def pieces(whole: bytes, cuts: list[int]) -> list[bytes]:
    at = [0, *sorted(cut % (len(whole) + 1) for cut in cuts), len(whole)]
    return [whole[a:b] for a, b in itertools.pairwise(at)]


def taken(messages: Messages) -> list[bytes]:
    return list(iter(messages.next, None))


@given(st.lists(st.binary(max_size=40)), st.lists(st.integers(0, 10_000), max_size=12))
def test_any_cut_gives_the_same_messages(sent: list[bytes], cuts: list[int]) -> None:
    messages = Messages(MIB)
    received = []
    for piece in pieces(b"".join(map(message, sent)), cuts):
        messages.feed(piece)
        received += taken(messages)
    assert received == sent
    assert not messages.partial


@given(st.lists(st.binary(max_size=3000), max_size=6), st.lists(st.integers(0, 10_000)))
def test_messages_that_are_taken_late_are_the_same(sent: list[bytes], cuts: list[int]) -> None:
    messages = Messages(MIB)
    for piece in pieces(b"".join(map(message, sent)), cuts):
        messages.feed(piece)
    assert taken(messages) == sent


def test_a_message_is_bytes_however_it_came() -> None:
    messages = Messages(MIB)
    messages.feed(message(b"one") + message(b"two") + message(b"three")[:7])
    messages.feed(b"ree")
    assert {type(text) for text in taken(messages)} == {bytes}


def test_missing_says_how_much_the_message_needs() -> None:
    messages = Messages(MIB)
    assert messages.missing == 0
    messages.feed(message(bytes(1000))[:105])
    assert messages.next() is None
    assert (messages.missing, messages.partial) == (900, True)


def test_a_compressed_message_is_refused() -> None:
    messages = Messages(MIB)
    messages.feed(b"\1\0\0\0\1x")
    with pytest.raises(Abort) as refused:
        messages.next()
    assert refused.value.status is Status.UNIMPLEMENTED


def test_a_prefix_that_promises_too_much_is_refused_before_its_body() -> None:
    messages = Messages(1000)
    messages.feed(message(bytes(1000)))
    assert messages.next() == bytes(1000)
    messages.feed(message(bytes(1001))[:5])
    with pytest.raises(Abort) as refused:
        messages.next()
    assert refused.value.status is Status.RESOURCE_EXHAUSTED


def test_a_body_in_single_bytes_costs_little_more_than_itself() -> None:
    whole = message(bytes(300_000))
    messages = Messages(MIB)
    tracemalloc.start()
    for at in range(len(whole) - 1):
        messages.feed(whole[at : at + 1])
        assert messages.next() is None
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 1.5 * len(whole)


def test_the_end_of_a_long_piece_does_not_keep_all_of_it() -> None:
    tracemalloc.start()
    streams = [Messages(MIB) for _ in range(50)]
    for messages in streams:
        messages.feed(message(bytes(100_000)) + b"\0")
        taken(messages)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 100_000


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (b"2H", 7200.0),
        (b"3M", 180.0),
        (b"10S", 10.0),
        (b"250m", 0.25),
        (b"5u", 5e-6),
        (b"99999999n", 0.099999999),
        (b"123456789S", None),
        (b"1", None),
        (b"S", None),
        (b"-1S", None),
        (b"1 S", None),
        ("٣S".encode(), None),
    ],
)
def test_a_timeout_header_is_read(header: bytes, seconds: float | None) -> None:
    assert grpc.timeout(header) == pytest.approx(seconds)


def decoded(block: bytes) -> dict[str, str]:
    return {str(name): str(value) for name, value in hpack.Decoder().decode(block)}


@given(st.sampled_from(Status), st.text(max_size=50))
def test_a_status_text_survives(status: Status, text: str) -> None:
    fields = decoded(grpc.trailers(status, text))
    assert fields["grpc-status"] == str(int(status))
    quoted = fields.get("grpc-message", "")
    assert quoted.isascii()
    assert quoted.isprintable()
    assert unquote(quoted) == text.encode("utf-8", "replace").decode()


def test_a_status_text_has_a_length() -> None:
    assert len(grpc.trailers(Status.UNKNOWN, "ü" * 100_000)) < 16_384


def test_an_answer_of_trailers_only_has_the_status_and_the_type() -> None:
    fields = decoded(grpc.trailers_only(Status.UNIMPLEMENTED, "no such method"))
    assert fields == {
        ":status": "200",
        "content-type": "application/grpc",
        "grpc-status": "12",
        "grpc-message": "no such method",
        "grpc-accept-encoding": "identity",
    }
