"""One HTTP/2 request with prior knowledge, by the h2 library."""

import socket

import h2.config
import h2.connection
import h2.events


def request(port: int, path: str, body: bytes) -> tuple[int, bytes]:
    """(status, body) of a POST."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
    with socket.create_connection(("127.0.0.1", port), timeout=20) as one:
        connection.initiate_connection()
        headers = [
            (":method", "POST"),
            (":path", path),
            (":authority", "gateway"),
            (":scheme", "http"),
        ]
        connection.send_headers(1, headers)
        connection.send_data(1, body, end_stream=True)
        one.sendall(connection.data_to_send())
        return _answer(connection, one)


def _answer(connection: h2.connection.H2Connection, one: socket.socket) -> tuple[int, bytes]:
    status, body = 0, b""
    while data := one.recv(65536):
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                status = int(dict(event.headers)[":status"])
            elif isinstance(event, h2.events.DataReceived):
                body += event.data
                connection.acknowledge_received_data(event.flow_controlled_length, 1)
            elif isinstance(event, h2.events.StreamEnded):
                return status, body
        one.sendall(connection.data_to_send())
    raise ConnectionError("the connection ended first")
