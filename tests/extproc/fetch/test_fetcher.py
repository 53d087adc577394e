"""Every bound of fetching, against real servers on loopback."""

import asyncio
import base64
import contextlib
import gzip
import socket
import ssl
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extproc.config.fetch import Fetch
from extproc.fetch import fetcher
from extproc.fetch.addresses import resolve
from extproc.fetch.download import Downloader
from extproc.fetch.fetcher import Fetcher
from extproc.fetch.refusal import Refused
from providers.errors import InvalidRequest
from providers.neutral.media import Link
from tests.extproc.fetch.servers import PDF, PNG, answer, endless, moved, running, silence
from tests.extproc.transport.certificates import Authority
from tests.extproc.transport.services import until

FIELD = "messages.image_url"


@pytest.fixture
async def server():
    async with running() as one:
        yield one


def made(server, *hosts, resolve=None, tls=None, **settings):
    """A fetcher that may ask the server by its address, and `hosts`."""
    listed = (f"127.0.0.1:{server.port}", *hosts)
    options = {} if resolve is None else {"resolve": resolve}
    return Fetcher(Fetch(hosts=listed, **{"http": True, **settings}), tls=tls, **options)


def link(url, kind="image"):
    return Link(url=url, kind=kind, name=FIELD)


async def refused(fetch, *urls, kind="image") -> str:
    """The words in which a fetch is refused, which name the field."""
    with pytest.raises(InvalidRequest) as caught:
        await fetch(tuple(link(url, kind) for url in urls))
    assert caught.value.status == 400
    assert caught.value.param == FIELD
    assert caught.value.message.startswith(f"{FIELD} cannot be fetched: ")
    return caught.value.message


def resolving(*turns):
    """A resolver that gives the next of `turns` each time it is asked, and how often it was."""
    asked = []

    async def resolve(host, port):
        asked.append(host)
        return list(turns[min(len(asked), len(turns)) - 1])

    return resolve, asked


async def test_the_bytes_come_with_their_media_type(server):
    server.at("/a.png", answer())
    found = await made(server)((link(server.url()),))
    data = found[server.url()]
    assert base64.b64decode(data.base64, validate=True) == PNG
    assert data.media_type == "image/png"


async def test_nothing_of_the_environment_or_the_client_goes_along(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    server.at("/a.png?size=1", answer(set_cookie="a=b"))
    fetch = made(server)
    for _ in range(2):
        await fetch((link(server.url("/a.png?size=1#fragment")),))
    head, second = server.heads
    assert second == head
    request, *lines = head.strip().splitlines()
    assert request == "GET /a.png?size=1 HTTP/1.1"
    names = [line.partition(":")[0].lower() for line in lines]
    assert names == ["host", "user-agent", "accept", "accept-encoding", "connection"]
    assert f"host: 127.0.0.1:{server.port}" in head.lower()
    assert "accept-encoding: identity" in head.lower()


async def test_a_url_that_stands_twice_in_a_request_is_fetched_once(server):
    server.at("/a.png", answer())
    server.at("/b.png", answer())
    one, two = link(server.url()), Link(url=server.url(), kind="image", name="other")
    found = await made(server)((one, two, link(server.url("/b.png"))))
    assert found.keys() == {server.url(), server.url("/b.png")}
    assert len(server.heads) == 2


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://127.0.0.1/a", "only https:// URLs"),
        ("https:///a", "only https:// URLs"),
        ("https://user:secret@127.0.0.1/a", "user or password"),
        ("https://elsewhere.test/a", "extproc.fetch.hosts"),
        ("https://127.0.0.1/a", "extproc.fetch.hosts"),
        ("https://127.0.0.1:22/a", "extproc.fetch.hosts"),
        ("https://localhost/a", "extproc.fetch.hosts"),
        ("https://127.1/a", "extproc.fetch.hosts"),
        ("https://2130706433/a", "extproc.fetch.hosts"),
        ("https://a.example.test:8443/a", "its port"),
        ("https://a\x00b/", "not valid"),
        ("https://127.0.0.1:65536x/", "not valid"),
        ("https://127.0.0.1/" + "a" * 20_000, "too long"),
    ],
)
async def test_a_url_that_may_not_be_asked_is_refused_before_anything_is(server, url, words):
    resolve, asked = resolving(["127.0.0.1"])
    fetch = made(server, "*.example.test", resolve=resolve)
    assert words in await refused(fetch, server.url(), url)
    assert server.heads == asked == []


async def test_plain_http_must_be_allowed(server):
    assert "extproc.fetch.http" in await refused(made(server, http=False), server.url())


async def test_more_files_than_allowed_are_refused_before_any_is_fetched(server):
    urls = [server.url(f"/{number}") for number in range(3)]
    assert "more than 2 URLs" in await refused(made(server, max_files=2), *urls)
    assert server.heads == []


async def test_a_redirect_is_followed(server):
    server.at("/a.png", moved("/b.png"))
    server.at("/b.png", moved(server.url("/c.png"), "308 Permanent Redirect"))
    server.at("/c.png", answer())
    found = await made(server)((link(server.url()),))
    assert found[server.url()].media_type == "image/png"


async def test_redirects_are_counted(server):
    server.at("/a.png", moved("/a.png"))
    assert "extproc.fetch.redirects" in await refused(made(server, redirects=2), server.url())
    assert len(server.heads) == 3


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("https://elsewhere.test/secret", "extproc.fetch.hosts"),
        ("http://169.254.169.254/latest/meta-data", "extproc.fetch.hosts"),
        ("//127.0.0.2/a", "extproc.fetch.hosts"),
        ("http://127.0.0.1:1/a", "extproc.fetch.hosts"),
        ("file:///etc/passwd", "only https://"),
        ("http://user@127.0.0.1/", "user or password"),
        ("http://[::1/", "no valid URL"),
    ],
)
async def test_a_redirect_to_what_may_not_be_asked_is_refused_unnamed(server, location, words):
    server.at("/a.png", moved(location))
    message = await refused(made(server), server.url())
    assert words in message
    assert not any(word in message for word in ("elsewhere", "169.254", "127.0.0", "passwd"))
    assert len(server.heads) == 1


async def test_a_redirect_to_nowhere_is_refused(server):
    server.at("/a.png", moved(""))
    assert "nowhere" in await refused(made(server), server.url())


@pytest.mark.parametrize("pattern", ["*", "*.example.test"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"])
async def test_a_name_that_leads_inside_is_refused_like_one_that_is_unknown(
    server, pattern, address
):
    resolve, asked = resolving([address])
    fetch = made(server, pattern, resolve=resolve)
    inside = await refused(fetch, "http://a.example.test/a.png")

    async def unknown(host, port):
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    outside = await refused(made(server, pattern, resolve=unknown), "http://a.example.test/a.png")
    assert inside == outside
    assert "cannot be reached" in inside
    assert asked == ["a.example.test"]
    assert server.heads == []


async def test_the_connection_goes_to_the_address_that_was_checked(server):
    """DNS rebinding: the second answer would lead elsewhere, and nobody asks for it."""
    resolve, asked = resolving(["127.0.0.1"], ["127.0.0.2"])
    server.at("/a.png", answer())
    fetch = made(server, f"inside.test:{server.port}", resolve=resolve)
    url = server.url(host="inside.test")
    assert (await fetch((link(url),)))[url].media_type == "image/png"
    assert asked == ["inside.test"]
    assert f"host: inside.test:{server.port}" in server.heads[0].lower()


async def test_a_name_is_checked_anew_at_each_redirect(server):
    """The name was listed, so it may lead inside; the one that it redirects to was not."""
    server.at("/a.png", moved("http://b.example.test/a.png"))
    resolve, asked = resolving(["127.0.0.1"])
    fetch = made(server, f"inside.test:{server.port}", "*.example.test", resolve=resolve)
    assert "cannot be reached" in await refused(fetch, server.url(host="inside.test"))
    assert asked == ["inside.test", "b.example.test"]


async def test_the_next_address_is_tried_where_one_refuses(server):
    resolve, _ = resolving(["127.0.0.9", "127.0.0.1"])
    server.at("/a.png", answer())
    fetch = made(server, f"inside.test:{server.port}", resolve=resolve)
    assert await fetch((link(server.url(host="inside.test")),))


async def test_a_host_that_takes_no_connection_cannot_be_reached(server):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    fetch = made(server, f"127.0.0.1:{port}")
    message = await refused(fetch, f"http://127.0.0.1:{port}/a.png")
    assert message.endswith("its host cannot be reached")


@pytest.mark.parametrize("status", ["404 Not Found", "204 No Content", "304 Not Modified", "500 x"])
async def test_another_status_is_refused_and_named(server, status):
    server.at("/a.png", answer(b"", status=status))
    assert f"status {status[:3]}" in await refused(made(server), server.url())


async def test_a_content_length_over_the_limit_is_refused_at_once(server):
    async def promise(writer):
        writer.write(answer(b"", content_length=str(10**12)))
        await silence(writer)

    server.at("/a.png", promise)
    assert "larger than 1000 bytes" in await refused(made(server, max_bytes=1000), server.url())


async def test_an_endless_body_is_counted_as_it_comes(server):
    server.at("/a.png", endless(PNG * 100))
    message = await refused(made(server, max_bytes=100_000), server.url())
    assert "extproc.fetch.max_bytes" in message
    await until(lambda: server.open == 0)


@pytest.mark.parametrize(
    ("said", "sent"), [("10", PNG), ("1000", PNG), ("-1", PNG), ("x", PNG), ("9" * 9_000, PNG)]
)
async def test_a_lying_content_length_gains_nothing(server, said, sent):
    server.at("/a.png", answer(sent, content_length=said))
    fetch = made(server, max_bytes=500_000)
    if said == "10":  # the rest belongs to no answer
        found = await fetch((link(server.url()),))
        assert base64.b64decode(found[server.url()].base64) == PNG[:10]
    else:
        await refused(fetch, server.url())


async def test_a_file_of_exactly_the_limit_is_taken(server):
    server.at("/a.png", answer())
    assert await made(server, max_bytes=len(PNG))((link(server.url()),))
    assert "larger" in await refused(made(server, max_bytes=len(PNG) - 1), server.url())


async def test_all_files_of_a_request_share_a_limit(server):
    urls = [server.url(f"/{number}") for number in range(4)]
    for number in range(4):
        server.at(f"/{number}", answer())
    enough = made(server, max_total_bytes=4 * len(PNG))
    assert len(await enough(tuple(map(link, urls)))) == 4
    short = made(server, max_total_bytes=4 * len(PNG) - 1)
    assert "extproc.fetch.max_total_bytes" in await refused(short, *urls)


async def test_what_is_packed_is_not_unpacked(server):
    bomb = gzip.compress(bytes(50_000_000))
    server.at("/a.png", answer(bomb, content_encoding="gzip"))
    before = time.process_time()
    assert "compressed" in await refused(made(server), server.url())
    assert time.process_time() - before < 1


@pytest.mark.parametrize("slow", [silence, endless(b"x", 0.01)], ids=["silent", "dripping"])
async def test_a_slow_host_is_given_up_and_its_connection_closed(server, slow):
    server.at("/a.png", slow)
    message = await refused(made(server, timeout="300ms"), server.url())
    assert "longer than 0.3 s (extproc.fetch.timeout)" in message
    await until(lambda: server.open == 0)


async def test_the_time_runs_while_a_name_is_looked_up(server):
    async def never(host, port):
        await asyncio.sleep(600)

    fetch = made(server, "*", resolve=never, timeout="200ms")
    assert "extproc.fetch.timeout" in await refused(fetch, "https://a.example.test/")


async def test_redirects_do_not_win_time(server):
    async def late(writer):
        await asyncio.sleep(0.1)
        writer.write(moved("/a.png"))

    server.at("/a.png", late)
    fetch = made(server, timeout="250ms", redirects=20)
    assert "extproc.fetch.timeout" in await refused(fetch, server.url())


async def test_a_cancelled_fetch_closes_its_connections(server):
    server.at("/a.png", silence)
    task = asyncio.create_task(made(server)((link(server.url()),)))
    await until(lambda: server.heads)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: server.open == 0)


async def test_one_failure_ends_the_others(server):
    server.at("/slow", silence)
    server.at("/gone", answer(b"", status="404 Not Found"))
    message = await refused(made(server), server.url("/slow"), server.url("/gone"))
    assert "status 404" in message
    await until(lambda: server.open == 0)


async def test_no_request_takes_all_turns_and_no_process_more_than_it_has(server, monkeypatch):
    monkeypatch.setattr(fetcher, "AT_ONCE", 6)
    most = 0

    async def watched(writer):
        nonlocal most
        most = max(most, server.open)
        await asyncio.sleep(0.02)
        writer.write(answer())

    urls = [server.url(f"/{number}") for number in range(10)]
    for number in range(10):
        server.at(f"/{number}", watched)
    fetch = made(server)
    await fetch(tuple(map(link, urls)))
    assert most == fetcher.EACH
    await asyncio.gather(*(fetch(tuple(map(link, urls))) for _ in range(4)))
    assert most == 6


@pytest.mark.parametrize(
    ("kind", "said", "body", "media_type"),
    [
        ("image", "image/jpeg", PNG, "image/png"),
        ("image", "", PNG, "image/png"),
        ("image", "binary/octet-stream", PNG, "image/png"),
        ("image", "image/svg+xml; charset=utf-8", b"<svg/>", "image/svg+xml"),
        ("document", "application/octet-stream", PDF, "application/pdf"),
        ("document", "Text/Plain; charset=utf-8", b"words", "text/plain"),
        ("audio", "audio/mpeg", b"ID3\x03" + bytes(9), "audio/mpeg"),
        ("audio", "", b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        ("video", "video/mp4", b"\0\0\0\x18ftypisom", "video/mp4"),
        ("audio", "audio/mp4", b"\0\0\0\x18ftypisom", "audio/mp4"),
    ],
)
async def test_the_media_type_is_what_the_bytes_say(server, kind, said, body, media_type):
    server.at("/a", answer(body, said))
    found = await made(server)((link(server.url("/a"), kind),))
    assert found[server.url("/a")].media_type == media_type


@pytest.mark.parametrize(
    ("kind", "said", "body"),
    [
        ("image", "text/html", b"<html><body>log in</body></html>"),
        ("image", "image/png", b"\n<!DOCTYPE html><html></html>"),
        ("document", "text/html; charset=utf-8", b"words"),
        ("document", "text/plain", b"<html></html>"),
        ("document", "image/png", PNG),
        ("image", "application/pdf", PDF),
        ("image", "", b"words"),
        ("image", "application/octet-stream", b"words"),
        ("image", "application/json", b"{}"),
        ("audio", "video/mp4", b"\0\0\0\x18ftypisom"),
        ("video", "audio/mpeg", b"ID3\x03"),
    ],
)
async def test_what_is_not_of_the_kind_is_refused(server, kind, said, body):
    server.at("/a", answer(body, said))
    assert f"is no {kind}" in await refused(made(server), server.url("/a"), kind=kind)


@pytest.mark.parametrize(
    ("path", "said_by_client", "media_type"),
    [("/a.csv?x=1", "", "text/csv"), ("/a", "text/markdown", "text/markdown")],
)
async def test_where_nothing_else_tells_the_client_or_the_name_does(
    server, path, said_by_client, media_type
):
    server.at(path, answer(b"a;b", "application/octet-stream"))
    asked = Link(url=server.url(path), kind="document", name=FIELD, media_type=said_by_client)
    found = await made(server)((asked,))
    assert found[server.url(path)].media_type == media_type


async def test_nothing_is_no_file(server):
    server.at("/a.png", answer(b""))
    assert "empty" in await refused(made(server), server.url())


@pytest.mark.parametrize("said", [b"", b"\x00\x01\x02", b"HTTP/1.1 abc\r\n\r\n", b"SSH-2.0-x\r\n"])
async def test_what_is_not_http_is_refused(server, said):
    server.at("/a.png", said)
    assert "answer is broken" in await refused(made(server), server.url())


async def test_a_head_without_end_is_refused(server):
    async def say(writer):
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"x-a: " + b"b" * 1000 + b"\r\n")
            await writer.drain()

    server.at("/a.png", say)
    assert "answer is broken" in await refused(made(server), server.url())


@pytest.fixture
def tls(tmp_path):
    """The contexts of a server whose certificate is for 127.0.0.1, and of who trusts it."""
    authority = Authority(tmp_path)
    certificate, key = authority.issue("server")
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(certificate, key)
    return theirs, ssl.create_default_context(cafile=tmp_path / "ca.pem")


async def test_a_certificate_is_checked_against_the_name_in_the_url(tls):
    theirs, ours = tls
    resolve, _ = resolving(["127.0.0.1"])
    async with running(theirs) as server:
        server.at("/a.png", answer())
        url, other = server.url(scheme="https"), server.url(host="inside.test", scheme="https")
        fetch = made(server, f"inside.test:{server.port}", resolve=resolve, tls=ours)
        assert await fetch((link(url),))
        assert "cannot be reached" in await refused(fetch, other)
        assert "cannot be reached" in await refused(made(server), url)


async def test_a_slow_host_is_given_up_with_tls_too(tls):
    theirs, ours = tls
    async with running(theirs) as server:
        server.at("/a.png", silence)
        fetch = made(server, timeout="500ms", tls=ours)
        assert "extproc.fetch.timeout" in await refused(fetch, server.url(scheme="https"))
        await until(lambda: server.open == 0)


async def test_a_handshake_that_does_not_end_is_given_up(server):
    """The server waits for the end of a head that a TLS client never sends."""
    fetch = made(server, timeout="300ms")
    assert "extproc.fetch.timeout" in await refused(fetch, server.url(scheme="https"))
    await until(lambda: server.open == 0)


async def test_a_host_without_tls_cannot_be_reached_by_it():
    async def hang_up(_, writer):
        writer.write(b"220 mail\r\n")
        writer.close()

    listener = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with listener:
        place = f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        fetch = Fetcher(Fetch(hosts=(place,)))
        assert "cannot be reached" in await refused(fetch, f"https://{place}/a.png")


@given(
    st.text(max_size=40), st.sampled_from(["{}", "https://{}", "https://a.test{}", "http://{}/"])
)
def test_any_text_is_refused_or_a_url_to_an_allowed_host(text, form):
    downloader = Downloader(
        Fetch(hosts=("*", "a.test")), resolve, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    )
    with contextlib.suppress(Refused):
        url = downloader.check(form.format(text))
        assert url.scheme == "https"
        assert url.raw_host
        assert not url.userinfo
        assert url.port in (None, 443)
        assert all(0x20 < byte < 0x7F for byte in url.raw_path + url.netloc)
