"""Fetching by a backend's proxy: asked by CONNECT for the host's name, and by TLS inside."""

import ssl
from base64 import b64encode

import pytest

from extproc.config.fetch import Fetch
from extproc.config.proxy import Proxy
from extproc.fetch.fetcher import Fetcher
from tests.e2e.connecting import Connecting, secured
from tests.extproc.credentials.clouds_at_home import certificate
from tests.extproc.fetch.asking import link, refused, resolving
from tests.extproc.fetch.servers import answer, moved, running, silence
from tests.extproc.transport.services import until

PASSWORD = "öpen sesame%"
WHO = f"Basic {b64encode(f'ann:{PASSWORD}'.encode()).decode()}"
URL = "https://localhost/a.png"


@pytest.fixture
async def there(tmp_path, monkeypatch):
    """A server by TLS whose certificate is localhost's, and whom to trust."""
    pem, key = certificate(tmp_path)
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(pem, key)
    monkeypatch.setenv("PROXY", PASSWORD)
    async with running(theirs) as server:
        server.at("/a.png", answer())
        yield server, pem, (str(pem), str(key))


def made(trusted, url, *hosts, resolve=None, backend="by", **more):
    """A fetcher, asked for a backend with a proxy."""
    proxies = {"by": Proxy.model_validate({"url": url, **more})}
    options = {} if resolve is None else {"resolve": resolve}
    settings = Fetch(hosts=hosts or ("*",), timeout="5s", http=True)
    tls = ssl.create_default_context(cafile=trusted)
    fetcher = Fetcher(settings, proxies, tls=tls, **options)
    return lambda links: fetcher(links, backend)


SIGNED = {"username": "ann", "password": "env:PROXY"}


async def test_a_file_is_asked_for_by_name_and_only_the_proxy_resolves_it(there):
    server, ca, _ = there
    resolve, asked = resolving(["127.0.0.1"])
    with Connecting(server.port, who=WHO) as proxy:
        fetch = made(ca, f"http://proxy.test:{proxy.port}", resolve=resolve, **SIGNED)
        found = await fetch((link(URL),))
    assert found[URL].media_type == "image/png"
    assert asked == ["proxy.test"]
    (said,) = proxy.asked
    assert said[""].startswith("CONNECT localhost:443 HTTP/1.1")
    assert said["proxy-authorization"] == WHO.lower()
    (head,) = server.heads
    assert head.startswith("GET /a.png HTTP/1.1")
    assert "proxy" not in head.lower()
    await until(lambda: server.open == 0)


async def test_other_backends_do_not_go_by_it(there):
    server, ca, _ = there
    url = f"https://localhost:{server.port}/a.png"
    with Connecting(server.port) as proxy:
        by = f"http://127.0.0.1:{proxy.port}"
        fetch = made(ca, by, f"localhost:{server.port}", backend="another")
        assert url in await fetch((link(url),))
    assert not proxy.asked


async def test_the_proxy_itself_is_spoken_to_by_tls(there):
    server, ca, pair = there
    with Connecting(server.port, who=WHO) as proxy, secured(proxy.port, *pair) as front:
        url = f"https://127.0.0.1:{front.port}"
        assert URL in await made(ca, url, ca=str(ca), **SIGNED)((link(URL),))
        assert len(proxy.asked) == 1
        assert "cannot be reached" in await refused(made(ca, url, **SIGNED), URL)
        assert "cannot be reached" in await refused(made(ca, url, ca="/not/there", **SIGNED), URL)
        assert len(proxy.asked) == 1


async def test_who_is_refused_by_the_proxy_learns_nothing_of_it(there, capsys):
    server, ca, _ = there
    with Connecting(server.port, who=WHO) as proxy:
        said = await refused(made(ca, f"http://127.0.0.1:{proxy.port}"), URL)
    assert said.endswith("its host cannot be reached")
    assert "407" in capsys.readouterr().out
    assert not server.heads


async def test_a_proxy_that_is_gone_or_whose_password_is_missing(there, monkeypatch):
    server, ca, _ = there
    with Connecting(server.port) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        monkeypatch.delenv("PROXY")
        assert "cannot be reached" in await refused(made(ca, url, **SIGNED), URL)
        assert not proxy.asked
    assert "cannot be reached" in await refused(made(ca, "http://127.0.0.1:9"), URL)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://localhost/a.png", "only https:// URLs are fetched by the backend's proxy"),
        ("https://10.0.0.7/a.png", "cannot be reached"),
        ("https://[::1]/a.png", "cannot be reached"),
        ("https://169.254.169.254/a.png", "cannot be reached"),
        ("https://localhost:8443/a.png", "its port is not one that may be asked"),
    ],
)
async def test_what_may_not_be_asked_is_not_asked_by_the_proxy_either(there, url, says):
    server, ca, _ = there
    with Connecting(server.port) as proxy:
        assert says in await refused(made(ca, f"http://127.0.0.1:{proxy.port}"), url)
    assert not proxy.asked


async def test_a_name_that_leads_elsewhere_is_known_by_its_certificate(there):
    server, ca, _ = there
    with Connecting(server.port) as proxy:
        fetch = made(ca, f"http://127.0.0.1:{proxy.port}")
        assert "cannot be reached" in await refused(fetch, "https://inside.test/a.png")
    assert proxy.asked
    assert not server.heads


async def test_redirects_go_by_the_proxy_under_the_same_rules(there):
    server, ca, _ = there
    server.at("/old.png", moved("/a.png"))
    server.at("/in.png", moved("https://10.0.0.7/a.png"))
    with Connecting(server.port) as proxy:
        fetch = made(ca, f"http://127.0.0.1:{proxy.port}")
        assert await fetch((link("https://localhost/old.png"),))
        assert len(proxy.asked) == 2
        assert "cannot be reached" in await refused(fetch, "https://localhost/in.png")
        assert len(proxy.asked) == 3


async def test_a_silent_host_behind_it_is_given_up(there):
    server, ca, _ = there
    server.at("/a.png", silence)
    with Connecting(server.port) as proxy:
        proxies = {"by": Proxy(url=f"http://127.0.0.1:{proxy.port}")}
        settings = Fetch(hosts=("*",), timeout="500ms")
        fetcher = Fetcher(settings, proxies, tls=ssl.create_default_context(cafile=ca))
        assert "extproc.fetch.timeout" in await refused(lambda links: fetcher(links, "by"), URL)
        await until(lambda: server.open == 0)
