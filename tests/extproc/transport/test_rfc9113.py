"""What RFC 9113 demands of a server: the clause, what a client sends, what must come back.

Each row is the rule and its test; `opened` streams are those that the upper layer heard of.
"""

from typing import NamedTuple

import pytest

from extproc.transport.h2events import Closed, Data, Opened, Reset
from tests.extproc.transport.peer import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    GOAWAY,
    HEADERS,
    PADDED,
    PING,
    PREFACE,
    PRIORITY,
    PUSH_PROMISE,
    REQUEST,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    WITH_PRIORITY,
    Peer,
    block,
    changed,
    data,
    ping,
    raw,
    request,
    reset,
    settings,
    window_update,
)


class Rule(NamedTuple):
    clause: str
    says: str
    sent: bytes
    answer: list[str]
    greeting: bytes | None = None


def goaway(code: str) -> list[str]:
    return [f"GOAWAY {code}"]


def rst(code: str, stream: int = 1) -> list[str]:
    return [f"RST_STREAM {stream} {code}"]


PROTOCOL, SIZE, CLOSED, FLOW = (
    "PROTOCOL_ERROR",
    "FRAME_SIZE_ERROR",
    "STREAM_CLOSED",
    "FLOW_CONTROL_ERROR",
)
HALF = len(block()) // 2
SPLIT = (block()[:HALF], block()[HALF:])
OPEN = request(1)
ENDED = request(1, end=True)
NOTHING: list[str] = []
UNKNOWN_TYPE = raw(0x16, 0xFF, 0, b"who knows")

RULES = [
    # 3.4: the preface.
    Rule("3.4", "an invalid preface", b"GET / HTTP/1.1\r\n\r\n", goaway(PROTOCOL), b""),
    Rule("3.4", "a preface cut short by garbage", PREFACE[:20] + b"XXXX", goaway(PROTOCOL), b""),
    Rule("3.4", "a first frame that is not SETTINGS", PREFACE + ping(), goaway(PROTOCOL), b""),
    Rule("3.4", "a first SETTINGS that acknowledges", PREFACE + raw(SETTINGS, ACK, 0),
         goaway(PROTOCOL), b""),
    # 4.1: the frame format.
    Rule("4.1", "an unknown type is ignored", UNKNOWN_TYPE + ping(), ["PING ACK 12345678"]),
    Rule("4.1", "undefined flags are ignored", raw(PING, 0xFE, 0, b"12345678"),
         ["PING ACK 12345678"]),
    Rule("4.1", "the reserved bit is ignored", raw(PING, 0, 1 << 31, b"12345678"),
         ["PING ACK 12345678"]),
    # 4.2: the frame size.
    Rule("4.2", "DATA of the largest size", OPEN + data(1, bytes(16_384)), NOTHING),
    Rule("4.2", "DATA above the largest size", OPEN + data(1, bytes(16_385)), goaway(SIZE)),
    Rule("4.2", "HEADERS above the largest size",
         raw(HEADERS, END_HEADERS, 1, bytes(16_385)), goaway(SIZE)),
    # 4.3: field section compression.
    Rule("4.3", "a header block that does not decode",
         raw(HEADERS, END_HEADERS, 1, b"\x40\xff\xff\xff"), goaway("COMPRESSION_ERROR")),
    Rule("4.3", "an index that is in no table",
         raw(HEADERS, END_HEADERS, 1, b"\xff\x80\x01"), goaway("COMPRESSION_ERROR")),
    Rule("4.3", "a table size above the limit",
         raw(HEADERS, END_HEADERS, 1, b"\x3f\xe2\x1f" + block()), goaway("COMPRESSION_ERROR")),
    Rule("4.3", "PRIORITY inside a header block",
         raw(HEADERS, 0, 1, SPLIT[0]) + raw(PRIORITY, 0, 1, bytes(5)), goaway(PROTOCOL)),
    Rule("4.3", "an unknown type inside a header block",
         raw(HEADERS, 0, 1, SPLIT[0]) + UNKNOWN_TYPE, goaway(PROTOCOL)),
    Rule("4.3", "HEADERS of another stream inside a header block",
         raw(HEADERS, 0, 1, SPLIT[0]) + request(3), goaway(PROTOCOL)),
    # 5.1: stream states.
    Rule("5.1", "idle: DATA", data(1, b"x"), goaway(PROTOCOL)),
    Rule("5.1", "idle: RST_STREAM", reset(1), goaway(PROTOCOL)),
    Rule("5.1", "idle: WINDOW_UPDATE", window_update(1, 1), goaway(PROTOCOL)),
    Rule("5.1", "idle: CONTINUATION", raw(CONTINUATION, END_HEADERS, 1, block()),
         goaway(PROTOCOL)),
    Rule("5.1", "half-closed: DATA", ENDED + data(1, b"x"), goaway(CLOSED)),
    Rule("5.1", "half-closed: HEADERS", ENDED + request(1, end=True), goaway(CLOSED)),
    Rule("5.1", "half-closed: CONTINUATION", ENDED + raw(CONTINUATION, END_HEADERS, 1, block()),
         goaway(PROTOCOL)),
    Rule("5.1", "half-closed: WINDOW_UPDATE is legal", ENDED + window_update(1, 9), NOTHING),
    Rule("5.1", "half-closed: PRIORITY is legal", ENDED + raw(PRIORITY, 0, 1, bytes(5)), NOTHING),
    Rule("5.1", "half-closed: RST_STREAM is legal", ENDED + reset(1), NOTHING),
    Rule("5.1", "closed: DATA after RST_STREAM", OPEN + reset(1) + data(1, b"x"), goaway(CLOSED)),
    Rule("5.1", "closed: HEADERS after RST_STREAM", OPEN + reset(1) + request(1), goaway(CLOSED)),
    Rule("5.1", "closed: WINDOW_UPDATE is ignored", OPEN + reset(1) + window_update(1, 1), NOTHING),
    Rule("5.1", "closed: RST_STREAM is ignored", OPEN + reset(1) + reset(1), NOTHING),
    Rule("5.1", "closed: PRIORITY is ignored",
         OPEN + reset(1) + raw(PRIORITY, 0, 1, bytes(5)), NOTHING),
    # 5.1.1: stream identifiers.
    Rule("5.1.1", "an even stream", request(2), goaway(PROTOCOL)),
    Rule("5.1.1", "a stream below one that was used", request(5) + request(3), goaway(CLOSED)),
    # 5.3: priorities are parsed and mean nothing.
    Rule("5.3", "HEADERS with priority fields",
         raw(HEADERS, END_HEADERS | WITH_PRIORITY, 1, b"\0\0\0\3\x10" + block()), NOTHING),
    Rule("5.3", "PRIORITY of an idle stream", raw(PRIORITY, 0, 7, bytes(5)), NOTHING),
    Rule("5.3", "HEADERS too short for its priority fields",
         raw(HEADERS, END_HEADERS | WITH_PRIORITY, 1, b"\0\0\0"), goaway(SIZE)),
    # 5.5: extensions.
    Rule("5.5", "an unknown setting is ignored", raw(SETTINGS, 0, 0, b"\0\xff\0\0\0\1"),
         ["SETTINGS ACK"]),
    # 6.1: DATA.
    Rule("6.1", "DATA on stream 0", data(0, b"x"), goaway(PROTOCOL)),
    Rule("6.1", "padding as long as the frame", OPEN + raw(DATA, PADDED, 1, b"\4xyz"),
         goaway(PROTOCOL)),
    Rule("6.1", "padding without a pad length", OPEN + raw(DATA, PADDED, 1), goaway(SIZE)),
    Rule("6.1", "nothing but padding", OPEN + raw(DATA, PADDED, 1, b"\3xyz"), NOTHING),
    # 6.2: HEADERS.
    Rule("6.2", "HEADERS on stream 0", request(0), goaway(PROTOCOL)),
    Rule("6.2", "padding longer than the block",
         raw(HEADERS, END_HEADERS | PADDED, 1, b"\xff" + block()), goaway(PROTOCOL)),
    Rule("6.2", "padded HEADERS",
         raw(HEADERS, END_HEADERS | PADDED, 1, b"\2" + block() + b"\0\0"), NOTHING),
    # 6.3: PRIORITY.
    Rule("6.3", "PRIORITY on stream 0", raw(PRIORITY, 0, 0, bytes(5)), goaway(PROTOCOL)),
    Rule("6.3", "PRIORITY of another size", OPEN + raw(PRIORITY, 0, 1, bytes(4)), goaway(SIZE)),
    # 6.4: RST_STREAM.
    Rule("6.4", "RST_STREAM on stream 0", reset(0), goaway(PROTOCOL)),
    Rule("6.4", "RST_STREAM of another size", OPEN + raw(RST_STREAM, 0, 1, b"\0\0\0"),
         goaway(SIZE)),
    # 6.5: SETTINGS.
    Rule("6.5", "SETTINGS are acknowledged", settings(window=1), ["SETTINGS ACK"]),
    Rule("6.5", "an acknowledgement with a payload", raw(SETTINGS, ACK, 0, bytes(6)), goaway(SIZE)),
    Rule("6.5", "an acknowledgement is not acknowledged", raw(SETTINGS, ACK, 0), NOTHING),
    Rule("6.5", "SETTINGS of a stream", OPEN + raw(SETTINGS, 0, 1), goaway(PROTOCOL)),
    Rule("6.5", "a length that is no multiple of 6", raw(SETTINGS, 0, 0, bytes(7)), goaway(SIZE)),
    # 6.5.2: settings and their values.
    Rule("6.5.2", "ENABLE_PUSH of 2", settings(push=2), goaway(PROTOCOL)),
    Rule("6.5.2", "INITIAL_WINDOW_SIZE too large", settings(window=1 << 31), goaway(FLOW)),
    Rule("6.5.2", "MAX_FRAME_SIZE too small", settings(frame=16_383), goaway(PROTOCOL)),
    Rule("6.5.2", "MAX_FRAME_SIZE too large", settings(frame=1 << 24), goaway(PROTOCOL)),
    # 6.6: PUSH_PROMISE.
    Rule("6.6", "PUSH_PROMISE from a client",
         OPEN + raw(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\2" + block()), goaway(PROTOCOL)),
    # 6.7: PING.
    Rule("6.7", "PING is answered", ping(b"abcdefgh"), ["PING ACK abcdefgh"]),
    Rule("6.7", "an answer is not answered", ping(b"abcdefgh", ack=True), NOTHING),
    Rule("6.7", "PING of a stream", OPEN + raw(PING, 0, 1, bytes(8)), goaway(PROTOCOL)),
    Rule("6.7", "PING of another size", raw(PING, 0, 0, bytes(7)), goaway(SIZE)),
    # 6.8: GOAWAY.
    Rule("6.8", "GOAWAY of a stream", OPEN + raw(GOAWAY, 0, 1, bytes(8)), goaway(PROTOCOL)),
    Rule("6.8", "GOAWAY too short", raw(GOAWAY, 0, 0, bytes(7)), goaway(SIZE)),
    Rule("6.8", "GOAWAY leaves open streams be",
         OPEN + raw(GOAWAY, 0, 0, bytes(8) + b"bye") + ping(), ["PING ACK 12345678"]),
    # 6.9: WINDOW_UPDATE.
    Rule("6.9", "an increment of 0 on the connection", window_update(0, 0), goaway(PROTOCOL)),
    Rule("6.9", "an increment of 0 on a stream", OPEN + window_update(1, 0), rst(PROTOCOL)),
    Rule("6.9", "WINDOW_UPDATE of another size", raw(WINDOW_UPDATE, 0, 0, b"\0\0\1"),
         goaway(SIZE)),
    Rule("6.9.1", "the connection's window overflows", window_update(0, (1 << 31) - 1),
         goaway(FLOW)),
    Rule("6.9.1", "a stream's window overflows", OPEN + window_update(1, (1 << 31) - 1), rst(FLOW)),
    Rule("6.9.1", "more DATA than the stream's window",
         OPEN + data(1, bytes(16_384)) * 17, rst(FLOW)),
    Rule("6.9.2", "new initial window overflows a stream's",
         OPEN + window_update(1, 1 << 30) + settings(window=(1 << 31) - 1), goaway(FLOW)),
    # 6.10: CONTINUATION.
    Rule("6.10", "a block in three frames",
         raw(HEADERS, 0, 1, SPLIT[0]) + raw(CONTINUATION, 0, 1) +
         raw(CONTINUATION, END_HEADERS, 1, SPLIT[1]), NOTHING),
    Rule("6.10", "CONTINUATION after END_HEADERS",
         OPEN + raw(CONTINUATION, END_HEADERS, 1, block()), goaway(PROTOCOL)),
    Rule("6.10", "CONTINUATION on stream 0",
         raw(HEADERS, 0, 1, SPLIT[0]) + raw(CONTINUATION, END_HEADERS, 0, SPLIT[1]),
         goaway(PROTOCOL)),
    Rule("6.10", "CONTINUATION of another stream",
         raw(HEADERS, 0, 1, SPLIT[0]) + raw(CONTINUATION, END_HEADERS, 3, SPLIT[1]),
         goaway(PROTOCOL)),
    # 8.1: messages.
    Rule("8.1", "trailers without END_STREAM", OPEN + request(1, fields=[("x-end", "1")]),
         rst(PROTOCOL)),
    Rule("8.1", "trailers with pseudo-header fields", OPEN + ENDED, rst(PROTOCOL)),
    Rule("8.1", "trailers end the stream", OPEN + request(1, end=True, fields=[("x-end", "1")]),
         NOTHING),
    Rule("8.1.1", "content-length above the body",
         request(1, fields=changed(content_length="3")) + data(1, b"xy", end=True), rst(PROTOCOL)),
    Rule("8.1.1", "content-length above two frames",
         request(1, fields=changed(content_length="5")) + data(1, b"xy") + data(1, b"z", end=True),
         rst(PROTOCOL)),
    Rule("8.1.1", "content-length below the body",
         request(1, fields=changed(content_length="1")) + data(1, b"xy", end=True), rst(PROTOCOL)),
    Rule("8.1.1", "content-length of a request that ends at once",
         request(1, end=True, fields=changed(content_length="1")), rst(PROTOCOL)),
    Rule("8.1.1", "content-length that is no number",
         request(1, fields=changed(content_length="+2")), rst(PROTOCOL)),
    Rule("8.1.1", "content-length that agrees",
         request(1, fields=changed(content_length="3")) + data(1, b"xyz", end=True), NOTHING),
    # 8.2: fields.
    Rule("8.2", "an upper-case name", request(1, fields=[*REQUEST, ("X-Test", "1")]),
         rst(PROTOCOL)),
    Rule("8.2.1", "a name with a space", request(1, fields=[*REQUEST, ("x test", "1")]),
         rst(PROTOCOL)),
    Rule("8.2.1", "a value with a line feed", request(1, fields=[*REQUEST, ("x-a", "1\n2")]),
         rst(PROTOCOL)),
    Rule("8.2.1", "a value with a NUL", request(1, fields=[*REQUEST, ("x-a", "1\x002")]),
         rst(PROTOCOL)),
    Rule("8.2.2", "a connection-specific field",
         request(1, fields=[*REQUEST, ("connection", "keep-alive")]), rst(PROTOCOL)),
    Rule("8.2.2", "te other than trailers", request(1, fields=changed(te="gzip")), rst(PROTOCOL)),
    # 8.3: pseudo-header fields.
    Rule("8.3", "an unknown pseudo-header field",
         request(1, fields=[(":test", "1"), *REQUEST]), rst(PROTOCOL)),
    Rule("8.3", "a response's pseudo-header field",
         request(1, fields=[(":status", "200"), *REQUEST]), rst(PROTOCOL)),
    Rule("8.3", "a pseudo-header field after a regular one",
         request(1, fields=[*REQUEST[1:], REQUEST[0]]), rst(PROTOCOL)),
    Rule("8.3.1", "no :method", request(1, fields=changed(without=":method")), rst(PROTOCOL)),
    Rule("8.3.1", "no :scheme", request(1, fields=changed(without=":scheme")), rst(PROTOCOL)),
    Rule("8.3.1", "no :path", request(1, fields=changed(without=":path")), rst(PROTOCOL)),
    Rule("8.3.1", "an empty :path", request(1, fields=changed(path="")), rst(PROTOCOL)),
    Rule("8.3.1", "two of one pseudo-header field",
         request(1, fields=[REQUEST[0], *REQUEST]), rst(PROTOCOL)),
]  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.clause} {rule.says}")
def test_a_clause_is_kept(rule: Rule) -> None:
    peer = Peer(greeting=rule.greeting)
    peer.read()
    answer = [text for text in peer.send(rule.sent) if not text.startswith(("SETTINGS", "WINDOW"))
              or rule.answer == ["SETTINGS ACK"]]  # fmt: skip
    assert answer == rule.answer
    failed = any(text.startswith("GOAWAY") for text in rule.answer)
    assert peer.connection.closed is failed
    assert isinstance(peer.events[-1] if peer.events else None, Closed) is failed


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.clause} {rule.says}")
def test_what_comes_after_a_broken_clause_is_told_to_nobody(rule: Rule) -> None:
    peer = Peer(greeting=rule.greeting)
    peer.send(rule.sent)
    before = len(peer.events)
    peer.send(request(1001) + data(1001, b"later", end=True))
    heard = [event for event in peer.events[before:] if isinstance(event, Opened | Data)]
    assert bool(heard) is not peer.connection.closed


def test_a_stream_error_is_told_and_others_go_on() -> None:
    peer = Peer()
    peer.send(request(1), request(3), window_update(1, 0))
    assert peer.events[-1] == Reset(1)
    peer.send(data(1, b"late"), data(3, b"fine"))
    assert peer.events[-1] == Data(3, b"fine", False)


def test_the_last_stream_is_named_in_goaway() -> None:
    peer = Peer()
    peer.send(request(7), window_update(0, 0))
    assert peer.frames[-1].last_stream_id == 7


def test_a_reduced_header_table_is_followed_once() -> None:
    peer = Peer()
    peer.send(settings(table=0), request(1, end=True), request(3, end=True))
    for stream in (1, 3):
        peer.connection.send_head(stream, b"\x88")
    peer.read()
    assert [frame.data for frame in peer.frames[-2:]] == [b"\x20\x88", b"\x88"]


def test_our_settings_name_our_limits() -> None:
    peer = Peer(greeting=b"")
    peer.read()
    assert peer.frames[0].settings == {3: 10_000, 4: 256 * 1024, 5: 16_384, 6: 64 * 1024}
    assert peer.frames[1].window_increment + 65_535 == 16 * 1024 * 1024
