"""What happens on the wire: good days by httpx, bad days byte by byte."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest

from extproc.lab.simulator import RunningSimulator, serve

from .asking import PATH, WHOLE, body


def exchange(sim, asked: dict[str, object], seconds: float = 5) -> tuple[bytes, str]:
    """All bytes until the end of the connection, and how it ended."""
    data = json.dumps(asked).encode()
    head = f"POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(data)}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", sim.port), timeout=seconds) as wire:
        wire.sendall(head + data)
        got = b""
        try:
            while piece := wire.recv(65536):
                got += piece
        except ConnectionResetError:
            return got, "reset"
        except TimeoutError:
            return got, "silent"
        return got, "end"


def text_of(stream: bytes) -> str:
    """The content in a well-formed event stream."""
    events = [line[6:] for line in stream.decode().splitlines() if line.startswith("data: ")]
    chunks = [json.loads(event) for event in events if event != "[DONE]"]
    return "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks if c["choices"])


@pytest.mark.parametrize(
    ("shape", "kind", "start"),
    [
        ("own", "application/json", b'{"error":{"message":"down"'),
        ("html", "text/html; charset=utf-8", b"<html>"),
        ("plain", "text/plain; charset=utf-8", b"down"),
        ("json", "application/json", b'{"detail":'),
        ("mislabelled", "text/html", b'{"error":'),
        ("empty", None, b""),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_error_bodies_come_in_many_shapes(web, shape, kind, start, stream):
    answer = web.post(
        PATH, json=body(stream, status=503, body=shape, message="down", retry_after=3)
    )
    assert answer.status_code == 503
    assert answer.headers.get("content-type") == kind
    assert answer.headers["retry-after"] == "3"
    assert answer.content.startswith(start)


@pytest.mark.parametrize(
    ("shape", "start"), [("html", b"<html>"), ("empty", b""), ("plain", b"The ")]
)
def test_a_good_status_may_carry_nonsense(web, shape, start):
    answer = web.post(PATH, json=body(body=shape))
    assert answer.status_code == 200
    assert answer.content[:6].startswith(start)
    assert bool(answer.content) is bool(start)


def test_a_whole_answer_may_come_though_a_stream_was_asked_for(web):
    answer = web.post(PATH, json=body(stream=True, body="whole"))
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["choices"][0]["message"]["content"] == WHOLE


def test_the_content_type_may_be_missing_or_other(web):
    assert "content-type" not in web.post(PATH, json=body(content_type="")).headers
    answer = web.post(PATH, json=body(stream=True, content_type="text/plain"))
    assert answer.headers["content-type"] == "text/plain"


@pytest.mark.parametrize("encoding", ["gzip", "br"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("cut", ["", 7])
def test_answers_may_be_compressed(web, encoding, stream, cut):
    answer = web.post(PATH, json=body(stream, encoding=encoding, cut=cut))
    assert answer.headers["content-encoding"] == encoding
    if stream:
        assert text_of(answer.content) == WHOLE
    else:
        assert answer.json()["choices"][0]["message"]["content"] == WHOLE


def test_a_compressed_stream_can_be_read_piece_by_piece(web):
    asked = body(stream=True, encoding="gzip", hang="mid", after=3)
    with web.stream("POST", PATH, json=asked) as answer:
        read = answer.iter_bytes()
        got = b""
        while got.count(b"\n\n") < 3:
            got += next(read)
    assert text_of(got) == "m heard:"


@pytest.mark.parametrize("stream", [False, True])
def test_cuts_change_no_byte(web, stream):
    plain = web.post(PATH, json=body(stream), headers={"x-sim-id": "same"}).content
    for cut in (1, 13, 100_000, "random"):
        headers = {"x-sim": json.dumps({"id": "same", "cut": cut, "seed": 4})}
        assert web.post(PATH, json=body(stream), headers=headers).content == plain


def test_a_cut_stream_comes_in_chunks_of_that_size(sim):
    got, end = exchange(sim, body(stream=True, cut=50, close=True))
    assert end == "end"
    chunks = got.partition(b"\r\n\r\n")[2]
    assert chunks.startswith(b"32\r\n")
    assert chunks.count(b"32\r\n") >= 10
    assert chunks.endswith(b"\r\n0\r\n\r\n")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("reset", [False, True])
def test_the_connection_may_drop_before_the_headers(sim, stream, reset):
    got, end = exchange(sim, body(stream, drop="before_headers", reset=reset))
    assert (got, end) == (b"", "reset" if reset else "end")
    assert sim.requests[0].outcome == "dropped"


@pytest.mark.parametrize("stream", [False, True])
def test_the_connection_may_drop_after_the_headers(sim, stream):
    got, end = exchange(sim, body(stream, drop="after_headers"))
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")
    assert (got.endswith(b"\r\n\r\n"), got.count(b"\r\n\r\n"), end) == (True, 1, "end")


def test_a_stream_may_drop_after_some_events(sim):
    got, end = exchange(sim, body(stream=True, drop="mid", after=2))
    assert (got.count(b"data: "), end) == (2, "end")
    assert not got.endswith(b"0\r\n\r\n")
    assert sim.requests[0].pieces == 2


def test_a_whole_body_may_stop_halfway(sim):
    got, end = exchange(sim, body(drop="mid"))
    head, _, rest = got.partition(b"\r\n\r\n")
    promised = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert (len(rest), end) == (promised // 2, "end")


@pytest.mark.parametrize(
    ("place", "has"), [("before_headers", 0), ("after_headers", 1), ("mid", 2)]
)
def test_the_server_may_fall_silent(sim, place, has):
    got, end = exchange(sim, body(stream=True, hang=place), seconds=0.3)
    assert end == "silent"
    assert got.count(b"HTTP/1.1 200") + got.count(b"data: ") == has
    sim.until(lambda it: it.requests[0].outcome == "client_gone")
    sim.until(lambda it: not it.connections)


def test_delays_come_before_the_headers_and_between_the_events(web):
    started = time.monotonic()
    web.post(PATH, json=body(stream=True, delay_ms=60, chunk_delay_ms=20, tokens=4))
    assert time.monotonic() - started >= 0.06 + 6 * 0.02


def test_the_closing_event_may_be_missing(web):
    assert web.post(PATH, json=body(stream=True)).content.endswith(b"data: [DONE]\n\n")
    assert b"[DONE]" not in web.post(PATH, json=body(stream=True, done=False)).content


def test_an_error_may_come_in_mid_stream_and_ends_it(web):
    events = web.post(PATH, json=body(stream=True, error_after=2)).text.strip().split("\n\n")
    assert len(events) == 3
    assert json.loads(events[-1].removeprefix("data: "))["error"]["type"] == "server_error"


@pytest.mark.parametrize(
    ("orders", "has"),
    [
        ({"crlf": True}, b"\r\n\r\ndata: {"),
        ({"no_space": True}, b"\n\ndata:{"),
        ({"comments": True}, b": OPENROUTER PROCESSING\n\ndata: {"),
        ({"comments": "ping"}, b": ping\n\n"),
        ({"bom": True}, b"\xef\xbb\xbfdata: {"),
        ({"multiline": True}, b"data: {\ndata:   "),
        ({"crlf": True, "multiline": True}, b"data: {\r\ndata:   "),
    ],
)
def test_event_streams_are_written_in_many_ways(web, orders, has):
    plain = web.post(PATH, json=body(stream=True)).content
    odd = web.post(PATH, json=body(stream=True, **orders)).content
    assert has in odd
    assert has not in plain


def test_big_answers_have_the_size_that_was_asked_for(web):
    whole = web.post(PATH, json=body(size=3_000_000)).json()
    assert len(whole["choices"][0]["message"]["content"]) == 3_000_000
    streamed = web.post(PATH, json=body(stream=True, size=3_000_001, tokens=40)).content
    assert len(text_of(streamed)) == 3_000_001
    assert streamed.count(b'"content":"x') == 40


def test_a_slow_reader_gets_everything(sim):
    data = json.dumps(body(stream=True, size=20_000_000, tokens=400, close=True)).encode()
    head = f"POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(data)}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", sim.port), timeout=10) as wire:
        wire.sendall(head + data)
        sim.until(lambda it: it.requests and it.requests[0].pieces > 0)
        assert sim.requests[0].pieces < 400
        got = 0
        while piece := wire.recv(1 << 20):
            got += len(piece)
    assert got > 20_000_000
    sim.until(lambda it: it.requests[0].outcome == "sent")


def test_a_40_megabyte_request_is_taken(sim, web):
    asked = body()
    asked["messages"] = [{"role": "user", "content": "x" * 40_000_000}]
    assert web.post(PATH, json=asked).status_code == 200
    (seen,) = sim.requests
    assert seen.size > 40_000_000
    assert len(seen.body) == 1 << 20


def test_a_client_may_wait_for_100_continue(sim):
    data = json.dumps(body()).encode()
    head = f"POST {PATH} HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: {len(data)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", sim.port), timeout=5) as wire:
        wire.sendall(head.encode())
        assert wire.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.sendall(data)
        assert wire.recv(1000).startswith(b"HTTP/1.1 200 OK")


def test_connections_are_kept_and_numbered(sim, web):
    for _ in range(3):
        web.post(PATH, json=body())
    httpx.post(sim.url + PATH, json=body())
    assert [each.connection for each in sim.requests] == [1, 1, 1, 2]
    assert web.post(PATH, json=body(close=True)).headers["connection"] == "close"


def test_answers_on_one_connection_keep_the_order_of_the_requests(sim):
    def request(text: str, **orders: object) -> bytes:
        data = json.dumps(body(text=text, **orders)).encode()
        return f"POST {PATH} HTTP/1.1\r\ncontent-length: {len(data)}\r\n\r\n".encode() + data

    with socket.create_connection(("127.0.0.1", sim.port), timeout=5) as wire:
        wire.sendall(request("first", delay_ms=50) + request("second", close=True))
        got = b""
        while piece := wire.recv(65536):
            got += piece
    assert 0 < got.index(b'"first"') < got.index(b'"second"')


def test_malformed_http_gets_400_and_the_end(sim):
    with socket.create_connection(("127.0.0.1", sim.port), timeout=5) as wire:
        wire.sendall(b"nonsense\r\n\r\n")
        assert wire.recv(1000).startswith(b"HTTP/1.1 400")
        assert wire.recv(1000) == b""


def test_a_port_that_is_taken_is_an_error(sim):
    with pytest.raises(OSError, match="in use"), RunningSimulator(port=sim.port):
        pass


def test_clients_that_hang_up_are_noticed(sim):
    with httpx.Client(base_url=sim.url) as web:
        asked = body(stream=True, chunk_delay_ms=20, tokens=1000)
        with web.stream("POST", PATH, json=asked) as answer:
            next(answer.iter_bytes())
    sim.until(lambda it: it.requests[0].outcome == "client_gone")
    assert 1 <= sim.requests[0].pieces < 100
    assert sim.requests[0].usage.completion == 1000


async def test_it_runs_in_the_callers_loop_too():
    sim = await serve()
    async with httpx.AsyncClient(base_url=sim.url) as web:
        assert (await web.post(PATH, json=body())).status_code == 200
    assert len(sim.requests) == 1
    await sim.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", sim.port), timeout=1)


def test_leaving_the_block_ends_open_streams_and_the_thread():
    with RunningSimulator() as sim:
        port = sim.port
        wire = socket.create_connection(("127.0.0.1", port), timeout=5)
        data = json.dumps(body(hang="before_headers")).encode()
        wire.sendall(f"POST {PATH} HTTP/1.1\r\ncontent-length: {len(data)}\r\n\r\n".encode() + data)
        sim.until(lambda it: it.requests)
        threads = threading.active_count()
    with wire:
        assert ended(wire)
    assert threading.active_count() == threads - 1


def ended(wire: socket.socket) -> bool:
    try:
        return wire.recv(10) == b""
    except ConnectionResetError:
        return True


def test_run_serves_until_it_is_told_to_stop():
    code = (
        "import sys; from extproc.lab.simulator import run;"
        "sys.exit(run(port=0, ready=lambda sim: print(sim.port, flush=True)))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as process:
        port = int(process.stdout.readline())
        assert httpx.post(f"http://127.0.0.1:{port}{PATH}", json=body()).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
