"""What may be fetched and from where, against real servers on loopback."""

import base64
import contextlib
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extproc.config.fetch import Fetch
from extproc.fetch.download import Downloader
from extproc.fetch.refusal import Refused
from providers.neutral.media import Link
from tests.extproc.fetch.asking import link, made, refused, resolving
from tests.extproc.fetch.servers import PNG, answer, moved


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


@given(
    st.text(max_size=40), st.sampled_from(["{}", "https://{}", "https://a.test{}", "http://{}/"])
)
def test_any_text_is_refused_or_a_url_to_an_allowed_host(text, form):
    downloader = Downloader(Fetch(hosts=("*", "a.test")))
    with contextlib.suppress(Refused):
        url = downloader.check(form.format(text))
        assert url.scheme == "https"
        assert url.raw_host
        assert not url.userinfo
        assert url.port in (None, 443)
        assert all(0x20 < byte < 0x7F for byte in url.raw_path + url.netloc)
