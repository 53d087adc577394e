"""What probes make of what they hear."""

import asyncio

import pytest

from extproc.admin import probed
from extproc.config import parse
from extproc.config.probe import Probe
from extproc.process.probes import Options, Probes, asked, cause


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"error":{"message":"Incorrect API key"}}', "status 401: Incorrect API key"),
        (b'{"error":"no"}', "status 401: no"),
        (b'{"message":"denied"}', "status 401: denied"),
        (b'{"error":{"code":7}}', "status 401"),
        (b"[]", "status 401"),
        (b"no healthy\nupstream\xff", "status 401: no healthy upstream\ufffd"),
        (b'"sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"', "status 401: [redacted]"),
        (b"x" * 5_000, "status 401: " + "x" * 200),
        (b"", "status 401"),
    ],
)
def test_why_it_failed_is_said_in_a_line(body, told):
    assert cause(401, body) == told


async def test_without_an_envoy_nothing_is_said_of_the_backend(tmp_path):
    assert await asked(str(tmp_path / "none.sock"), "up", Probe(), "s") is None


async def test_an_envoy_that_says_nothing_is_waited_for_as_long_as_configured(tmp_path):
    path = str(tmp_path / "s")
    taken: list[asyncio.StreamWriter] = []
    server = await asyncio.start_unix_server(lambda reader, writer: taken.append(writer), path)
    found = await asked(path, "up", Probe(timeout="50ms"), "s")
    assert found == "no answer within 0.05 s"
    for writer in taken:
        writer.close()
    server.close()


async def test_what_was_found_is_handed_on_until_nobody_asks_any_more(tmp_path):
    def gateway(**probe: object):
        own = {"provider": "vllm", "base_url": "http://127.0.0.1:9", **probe}
        settings = {"sockets": str(tmp_path)}
        return parse({"version": 1, "backends": {"own": own}, "extproc": settings})

    file = tmp_path / probed.NAME
    probes = Probes(Options(side="s", file=file))
    probes.take(gateway(probe={}))
    for failure in ("status 500", "status 503"):
        probes._heard("own", failure)
    one = probed.read(file)["own"]
    assert (one.failure, one.failures) == ("status 503", 2)
    assert one.since <= one.at
    assert "2 times since" in one.told
    probes.take(gateway(probe={}))
    assert probed.read(file)["own"] == one
    probes._heard("own", "")
    assert (probed.read(file)["own"].failure, probed.read(file)["own"].failures) == ("", 0)
    probes.take(gateway())
    assert probed.read(file) == {}
    probes.close()


def test_a_file_that_is_none_of_ours_says_nothing(tmp_path):
    file = tmp_path / probed.NAME
    assert probed.read(file) == {}
    file.write_bytes(b"\xff")
    assert probed.read(file) == {}
