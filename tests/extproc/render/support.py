"""A real Envoy with the rendered configuration, between a provider and an ext_proc server.

The server here is the smallest that can stand at the other end of the wire; what it is told and
what it answers is what the tests look at.
"""

import json
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
from envoy.config.core.v3 import base_pb2
from envoy.service.ext_proc.v3 import external_processor_pb2 as ext_proc
from envoy.service.ext_proc.v3 import external_processor_pb2_grpc as ext_proc_grpc

from extproc.config.gateway import Gateway
from extproc.lab import lines
from extproc.render import render
from extproc.usage.logged import STREAM

DEADLINE = 20.0
UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """Polls until `condition` gives something true; fails after DEADLINE seconds."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {DEADLINE} s: {what}")


def set_header(name: str, value: str) -> base_pb2.HeaderValueOption:
    return base_pb2.HeaderValueOption(
        header=base_pb2.HeaderValue(key=name, raw_value=value.encode()), append_action=2
    )


@dataclass
class Asked:
    """What the server was told of one attempt."""

    headers: dict[str, str]
    attributes: dict[str, str]
    body: bytes = b""

    @property
    def call(self) -> list[str]:
        name = "metadata.filter_metadata['ai.finder']['call']"
        return self.attributes.get(name, "").split("\n")

    @property
    def backend(self) -> str:
        name = "xds.upstream_host_metadata.filter_metadata['ai.extproc']['backend']"
        return self.attributes.get(name, "")


class Server(ext_proc_grpc.ExternalProcessorServicer):
    """Lets everything pass, answers for the list of models, and remembers what it was told."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.refusal: bytes | None = None
        self.logged: list[bytes] = []
        """What Envoy's access log has told, as it came."""
        self._servers: list[grpc.Server] = []

    def listen(self, path: Path) -> grpc.Server:
        server = grpc.server(ThreadPoolExecutor(64), options=UNLIMITED)
        ext_proc_grpc.add_ExternalProcessorServicer_to_server(self, server)
        check = grpc.unary_unary_rpc_method_handler(lambda message, context: b"\x08\x01")
        health = grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": check})
        _, service, method = STREAM.split("/")
        heard = grpc.stream_unary_rpc_method_handler(self._hear)
        log = grpc.method_handlers_generic_handler(service, {method: heard})
        server.add_generic_rpc_handlers((health, log))
        assert server.add_insecure_port(f"unix:{path}")
        server.start()
        self._servers.append(server)
        return server

    def _hear(self, messages: Iterator[bytes], context: Any) -> bytes:
        for message in messages:
            self.logged.append(message)  # as it comes: Envoy ends no stream
        return b""

    def stop(self) -> None:
        for server in self._servers:
            server.stop(0).wait()

    def Process(self, messages: Iterator[Any], context: Any) -> Iterator[Any]:
        for message in messages:
            kind = message.WhichOneof("request")
            yield getattr(self, f"_{kind}")(message)

    def _request_headers(self, message: Any) -> Any:
        pairs = message.request_headers.headers.headers
        headers = {pair.key: pair.raw_value.decode() for pair in pairs}
        attributes = {
            name: value.string_value
            for group in message.attributes.values()
            for name, value in group.fields.items()
        }
        self.asked.append(Asked(headers, attributes))
        if headers[":method"] == "GET" and headers[":path"].startswith("/v1/models"):
            return self._answer(200, b'{"object":"list"}')
        return ext_proc.ProcessingResponse(request_headers={})

    def _request_body(self, message: Any) -> Any:
        asked = self.asked[-1]
        asked.body = message.request_body.body
        if self.refusal is not None:
            return self._answer(418, self.refusal)
        reply = ext_proc.ProcessingResponse(request_body={})
        change = reply.request_body.response.header_mutation
        change.remove_headers.extend(["x-ai-model", "x-ai-client"])
        change.set_headers.append(set_header(":path", f"/upstream/{asked.backend}"))
        used = {"backend": asked.backend, "total_tokens": 29, "stream": False}
        reply.dynamic_metadata.update({"ai.extproc": used})
        return reply

    def _response_headers(self, message: Any) -> Any:
        return ext_proc.ProcessingResponse(response_headers={})

    def _answer(self, status: int, body: bytes) -> Any:
        reply = ext_proc.ProcessingResponse()
        reply.immediate_response.status.code = status
        reply.immediate_response.body = body
        reply.dynamic_metadata.update({"ai.reply": {"ready": True}})
        return reply


class _Quiet(ThreadingHTTPServer):
    """Envoy hangs up where it does not want an answer any more."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing."""


@dataclass
class Received:
    """One request as a provider got it."""

    path: str
    headers: dict[str, str]
    size: int


class Provider:
    """An HTTP/1.1 server that answers every POST alike."""

    def __init__(
        self,
        status: int = 200,
        body: bytes = b'{"ok":true}',
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.status = status
        self.body = body
        self.pause = threading.Event()
        self.pause.set()
        self.received: list[Received] = []
        self._http = _Quiet(("127.0.0.1", 0), self._handler())
        if tls is not None:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self.port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self.pause.set()
        self._http.shutdown()
        self._http.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                size = len(self.rfile.read(length))
                headers = {name.lower(): value for name, value in self.headers.items()}
                provider.received.append(Received(self.path, headers, size))
                provider.pause.wait(DEADLINE)
                head = f"HTTP/1.1 {provider.status} X\r\ncontent-type: application/json\r\n"
                head += f"content-length: {len(provider.body)}\r\n\r\n"
                self.wfile.write(head.encode() + provider.body)

            def log_message(self, format: str, *args: Any) -> None:
                """Tests need no log."""

        return Handler


@dataclass
class Answer:
    """What a client got."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        return self.json()["error"]


@dataclass
class Envoy:
    """A running Envoy."""

    port: int
    admin_port: int
    access_log: Path
    server: Server
    text: str = field(repr=False)
    tls: ssl.SSLContext | None = None
    """How clients connect; None: without TLS."""

    def request(
        self,
        method: str,
        path: str,
        body: bytes | str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        if self.tls is not None:
            connection = HTTPSConnection("127.0.0.1", self.port, timeout=DEADLINE, context=self.tls)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            pairs = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, pairs, response.read())
        finally:
            connection.close()

    def chat(self, model: str | None, headers: dict[str, str] | None = None) -> Answer:
        body = {} if model is None else {"model": model}
        return self.request("POST", "/v1/chat/completions", json.dumps(body), headers)

    def logged(self, user_agent: str) -> dict[str, Any]:
        """The access log's entry for the request that came with this User-Agent."""

        def entry() -> dict[str, Any] | None:
            entries = (json.loads(line) for line in lines.ended(self.access_log))
            return next((one for one in entries if one["user_agent"] == user_agent), None)

        found: dict[str, Any] = wait_for(entry, "the access log")
        return found


def envoy_binary() -> str:
    beside_python = str(Path(sys.executable).parent)
    found = shutil.which("envoy") or shutil.which("envoy", path=beside_python)
    assert found, "envoy is not installed"
    return found


def validate(text: str, directory: Path) -> str:
    """What `envoy --mode validate` has against a configuration; empty: nothing."""
    path = directory / "validate.yaml"
    path.write_text(text)
    command = [envoy_binary(), "--mode", "validate", "-c", str(path), "-l", "warn"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@contextmanager
def running(
    settings: dict[str, Any], directory: Path, *, workers: int = 1, **options: Any
) -> Iterator[Envoy]:
    """Envoy with `settings` (of gateway.yaml, but for ports and sockets) and a Server behind it."""
    with ExitStack() as stack:
        server = Server()
        stack.callback(server.stop)
        for index in range(workers):
            server.listen(directory / f"worker-{index}.sock")
        envoy = settings.get("envoy", {})
        access_log = directory / "access.log"
        text = render(
            Gateway.model_validate(
                {
                    "version": 1,
                    **settings,
                    "listen": {"address": "127.0.0.1", "port": 0, **settings.get("listen", {})},
                    "extproc": {"sockets": str(directory), "workers": workers},
                    "envoy": {"admin_port": 0, "access_log": str(access_log), **envoy},
                }
            ),
            **options,
        )
        admin, port = stack.enter_context(started(text, directory))
        yield Envoy(port, admin, access_log, server, text)


@contextmanager
def started(text: str, directory: Path) -> Iterator[tuple[int, int]]:
    """An Envoy of this configuration: the ports of its admin interface and its first listener."""
    configuration, address = directory / "envoy.yaml", directory / "admin"
    configuration.write_text(text)
    command = [envoy_binary(), "-c", str(configuration), "--admin-address-path", str(address)]
    command += ["--concurrency", "1", "--disable-hot-restart", "-l", "warn"]
    command += ["--file-flush-interval-msec", "50"]
    with (directory / "envoy.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_for(
                lambda: process.poll() is not None or (address.exists() and address.read_text()),
                "Envoy's admin address",
            )
            assert process.poll() is None, (directory / "envoy.log").read_text()[-3000:]
            admin = int(address.read_text().rpartition(":")[2])
            wait_for(lambda: _get(admin, "/ready").startswith(b"LIVE"), "Envoy is ready")
            yield admin, _listener_port(admin)
            assert process.poll() is None, "Envoy ended by itself"
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _get(port: int, path: str) -> bytes:
    connection = HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    except OSError:
        return b""
    finally:
        connection.close()


def _listener_port(admin: int) -> int:
    listeners = json.loads(_get(admin, "/listeners?format=json"))["listener_statuses"]
    return int(listeners[0]["local_address"]["socket_address"]["port_value"])


def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def backend(port: int, **more: Any) -> dict[str, Any]:
    return {
        "provider": "openai-compatible",
        "credential": "none",
        "base_url": f"http://127.0.0.1:{port}",
        **more,
    }


def route(models: Sequence[str], *backends: str, **more: Any) -> dict[str, Any]:
    """A route whose backends have a priority each."""
    members = [{"backend": name, "priority": number} for number, name in enumerate(backends)]
    return {"models": list(models), "backends": members, **more}
