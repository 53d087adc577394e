"""What takes OTLP in JSON over HTTP, on loopback."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Self

import orjson

# https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
KINDS = ("stringValue", "boolValue", "intValue", "doubleValue")
INTEGER = "intValue"


class Collector:
    """A running one, and what it has got; a context manager."""

    def __init__(self, status: int = 200) -> None:
        self.got: list[tuple[str, dict[str, str], Any]] = []
        """Path, headers and body of each request."""
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["content-length"]))
                named = {name.lower(): value for name, value in self.headers.items()}
                got.append((self.path, named, orjson.loads(data)))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
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

    def _scopes(self, kind: str) -> Iterator[Any]:
        for _, _, body in [*self.got]:
            for resource in body.get(f"resource{kind}", ()):
                yield from resource[f"scope{kind}"]


def attributes(said: list[Any]) -> dict[str, Any]:
    """Name → value, of a list of both."""
    return {one["key"]: _value(one["value"]) for one in said}


def _value(said: dict[str, Any]) -> Any:
    if "arrayValue" in said:
        return [_value(one) for one in said["arrayValue"]["values"]]
    ((kind, value),) = said.items()
    assert kind in KINDS
    return int(value) if kind == INTEGER else value
