"""What takes OTLP over HTTP, on loopback: ours, which is JSON, and Envoy's, which is protobuf."""

import threading
from base64 import b64decode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO, Self

import orjson
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

# https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
KINDS = ("stringValue", "boolValue", "intValue", "doubleValue")
INTEGER = "intValue"
PROTOBUF = "application/x-protobuf"
SCOPE = "instrumentationLibrarySpans"
"""What the messages of xds-protos call `scopeSpans`."""
IDS = ("traceId", "spanId", "parentSpanId")


class Collector:
    """A running one, and what it has got; a context manager."""

    def __init__(self, status: int = 200) -> None:
        self.got: list[tuple[str, dict[str, str], Any]] = []
        """Path, headers and body of each request."""
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                named = {name.lower(): value for name, value in self.headers.items()}
                data = b"".join(_pieces(self.rfile, named.get("content-length")))
                read = _from_protobuf if PROTOBUF in named["content-type"] else orjson.loads
                got.append((self.path, named, read(data)))
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def metrics(self) -> list[Any]:
        """All that came, of any reading."""
        return [metric for scope in self._scopes("Metrics") for metric in scope["metrics"]]

    def spans(self) -> list[dict[str, Any]]:
        """All that came, with their attributes as a dict."""
        found = [span for scope in self._scopes("Spans") for span in scope["spans"]]
        return [{**span, "attributes": attributes(span["attributes"])} for span in found]

    def logs(self) -> list[dict[str, Any]]:
        """All events that came, the same."""
        found = [one for scope in self._scopes("Logs") for one in scope["logRecords"]]
        return [{**one, "attributes": attributes(one["attributes"])} for one in found]

    def _scopes(self, kind: str) -> Iterator[Any]:
        for _, _, body in [*self.got]:
            for resource in body.get(f"resource{kind}", ()):
                yield from resource[f"scope{kind}"]


def _pieces(file: BinaryIO, length: str | None) -> Iterator[bytes]:
    """A body, in chunks where its length is not said (RFC 9112, section 7.1)."""
    if length is not None:
        yield file.read(int(length))
        return
    while size := int(file.readline(), 16):
        yield file.read(size)
        file.readline()
    file.readline()


def _from_protobuf(data: bytes) -> Any:
    """The same as JSON says it, where ids are hexadecimal and no base64."""
    body = MessageToDict(ExportTraceServiceRequest.FromString(data))
    for resource in body["resourceSpans"]:
        resource["scopeSpans"] = resource.pop(SCOPE)
        for span in (span for scope in resource["scopeSpans"] for span in scope["spans"]):
            span |= {name: b64decode(span[name]).hex() for name in IDS if name in span}
            span.setdefault("attributes", [])
    return body


def attributes(said: list[Any]) -> dict[str, Any]:
    """Name → value, of a list of both."""
    return {one["key"]: _value(one["value"]) for one in said}


def _value(said: dict[str, Any]) -> Any:
    if "arrayValue" in said:
        return [_value(one) for one in said["arrayValue"]["values"]]
    ((kind, value),) = said.items()
    assert kind in KINDS
    return int(value) if kind == INTEGER else value
