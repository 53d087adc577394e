"""The management API as a process beside the workers."""

import asyncio
import os
import signal
import socket
import ssl
import subprocess
import sys
from contextlib import asynccontextmanager, suppress
from functools import partial

import httpx
import pytest

from extproc.admin.trying import LAST, TRIALS
from extproc.config.admin import Admin
from extproc.lab.local import free_port
from extproc.process import management
from tests.extproc.process.server import serving, until
from tests.extproc.transport.certificates import Authority

KEY = "adm-0123456789"
BEARER = {"authorization": f"Bearer {KEY}"}


@pytest.fixture
def key(place):
    file = place / "key"
    file.write_text(f"{KEY}\n")
    return file


def answered(port, headers=BEARER, path="/api/providers"):
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers, timeout=20)
    except httpx.TransportError:
        return None


def names(port):
    answer = answered(port)
    return [one["name"] for one in answer.json()["providers"]] if answer else None


def test_it_is_served_and_follows_the_configuration_and_the_key(place, key):
    port = free_port()
    admin = {"port": port, "key": f"file:{key}"}
    with serving(place, {"admin": admin}) as server:
        until(lambda: names(port) == ["b"], "the answer")
        assert answered(port, {}).status_code == 401
        backend = server.config["backends"]["b"]
        server.put(server.text(backends={"b": backend, "c": backend}))
        server.hup()
        until(lambda: names(port) == ["b", "c"], "the new configuration")
        key.write_text("another-0123456789")
        until(lambda: answered(port).status_code == 401, "the new key")
        key.unlink()
        until(lambda: server.said("the management API lets nobody in"), "the missing key")
        assert answered(port).status_code == 401
        assert server.stop() == 0


def test_one_that_dies_comes_back_on_the_same_port(place, key):
    port = free_port()
    with serving(place, {"admin": {"port": port, "key": f"file:{key}"}}) as server:
        until(lambda: names(port) == ["b"], "the answer")
        (ready,) = server.said("ready", worker="admin")
        os.kill(ready["pid"], signal.SIGKILL)
        until(lambda: len(server.said("ready", worker="admin")) == 2, "another one")
        assert names(port) == ["b"]
        server.wait_ready()


def test_it_serves_https_and_wants_certificates(place, key):
    authority = Authority(place)
    certificate, own = authority.issue("server")
    mine, my_key = authority.issue("client")
    port = free_port()
    tls = {"certificate": str(certificate), "key": str(own), "client_ca": str(place / "ca.pem")}
    known = ssl.create_default_context(cafile=str(place / "ca.pem"))
    known.load_cert_chain(mine, my_key)
    known.check_hostname = False
    url = f"https://127.0.0.1:{port}/api/providers"
    with serving(place, {"admin": {"port": port, "key": f"file:{key}", "tls": tls}}) as server:
        until(lambda: server.said("ready", worker="admin"), "the process")
        with httpx.Client(verify=known) as client:
            assert client.get(url, headers=BEARER).status_code == 200
        unknown = ssl.create_default_context(cafile=str(place / "ca.pem"))
        unknown.check_hostname = False
        with httpx.Client(verify=unknown) as client, pytest.raises(httpx.TransportError):
            client.get(url, headers=BEARER)


def test_a_port_that_is_taken_is_said_at_the_start(place, key):
    with serving(place, {"admin": {"port": free_port(), "key": f"file:{key}"}}) as first:
        first.wait_ready()
        (place / "second").mkdir()
        admin = first.config["admin"]
        with serving(place / "second", {"admin": admin}) as second:
            assert second.process.wait(30) == 2
            assert f"127.0.0.1:{admin['port']}: in use by process" in second.log.read_text()


def test_only_that_process_loads_what_it_needs():
    serving = "import sys, extproc.process.serve, extproc.process.worker, extproc.config"
    loaded = f"{serving}; print({{'fastapi', 'uvicorn', 'starlette'}} & {{*sys.modules}})"
    found = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    )
    assert found.stdout == "set()\n"


def test_a_change_is_in_force_without_anybody_else(place, key):
    port = free_port()
    admin = {"port": port, "key": f"file:{key}", "write": True}
    with serving(place, {"admin": admin}) as server:
        until(lambda: names(port) == ["b"], "the answer")
        made = {
            "name": "c",
            "custom_provider_config": {"base_provider_type": "vllm"},
            "network_config": {"base_url": "http://127.0.0.1:9"},
        }
        url = f"http://127.0.0.1:{port}/api"
        said = httpx.post(f"{url}/providers", json=made, headers=BEARER, timeout=20)
        assert said.status_code == 200
        until(lambda: names(port) == ["b", "c"], "the new backend")
        until(lambda: server.said("configuration reloaded", worker=0), "the worker")
        httpx.post(f"{url}/history/undo", headers=BEARER, timeout=20).raise_for_status()
        until(lambda: names(port) == ["b"], "the old configuration")


@asynccontextmanager
async def answering(tmp_path, answer):
    """A server that answers so, and how it is connected to."""
    (tmp_path / "key").write_text(KEY)
    admin = Admin.model_validate({"key": f"file:{tmp_path}/key"})
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = management.Server(management._settings(answer, admin))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        async with asyncio.timeout(60):
            yield partial(asyncio.open_connection, *listener.getsockname())
        server.should_exit = True
        await running


async def nothing(scope, receive, send):
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def heard(reader):
    """All that comes until the connection ends, however it does."""
    said = b""
    with suppress(ConnectionResetError):
        while piece := await reader.read(65_536):
            said += piece
    return said


async def test_who_is_slow_to_ask_is_let_go(monkeypatch, tmp_path):
    monkeypatch.setattr(management, "ASKING", 0.3)
    async with answering(tmp_path, nothing) as connect:
        for begun in (b"", b"GET / HT", b"GET / HTTP/1.1\r\nhost: a\r\n\r\nGET / HTTP/1.1\r\nho"):
            reader, writer = await connect()
            writer.write(begun)
            assert (await heard(reader))[:12] == (b"HTTP/1.1 204" if b"a\r\n" in begun else b"")
            writer.close()


async def test_an_answer_has_its_time_and_a_trial_more(monkeypatch, tmp_path):
    monkeypatch.setattr(management, "ASKING", 0.1)
    monkeypatch.setattr(management, "REQUEST", 0.5)
    assert management.LONG[TRIALS] > LAST

    async def slow(scope, receive, send):
        await asyncio.sleep(2)
        await nothing(scope, receive, send)

    async with answering(tmp_path, slow) as connect:
        for path, status in (("/", b""), (TRIALS, b"HTTP/1.1 204")):
            reader, writer = await connect()
            writer.write(f"GET {path} HTTP/1.1\r\nhost: a\r\n\r\n".encode())
            assert (await heard(reader))[:12] == status
            writer.close()


async def test_nobody_is_shut_out_by_connections_alone(tmp_path):
    async with answering(tmp_path, nothing) as connect:
        idle = [await connect() for _ in range(management.CONNECTIONS + 8)]
        for _, writer in idle:
            writer.write(b"GET / HTTP/1.1\r\nx: ")
        reader, writer = await connect()
        writer.write(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        assert (await heard(reader)).startswith(b"HTTP/1.1 204")
        for _, one in (*idle, (reader, writer)):
            one.close()
