"""Tokens whose issuer's keys Envoy fetches."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from tests.extproc.render.support import Provider, backend, route, running, wait_for

KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = {**json.loads(ECAlgorithm.to_jwk(KEY.public_key())), "kid": "one", "alg": "ES256"}


class Issuer(BaseHTTPRequestHandler):
    """Shows its keys to everybody."""

    def do_GET(self) -> None:
        body = json.dumps({"keys": [PUBLIC]}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests need no log."""


@pytest.fixture
def issuer() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Issuer)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_they_are_fetched_and_a_token_by_them_is_good(issuer, tmp_path):
    provider = Provider()
    settings = {
        "backends": {"good": backend(provider.port)},
        "routes": [route(["good"], "good")],
        "clients": {"jwt": {"issuer": "us", "jwks": {"uri": f"{issuer}/keys"}}},
    }
    claims = {"iss": "us", "sub": "ann|1", "exp": int(time.time()) + 600}
    shown = {"authorization": f"Bearer {jwt.encode(claims, KEY, 'ES256', {'kid': 'one'})}"}
    with running(settings, tmp_path, client_keys={}) as envoy:

        def asked() -> bool:
            answer = envoy.request("POST", "/v1/chat/completions", b'{"model":"good"}', shown)
            return answer.status == 200

        wait_for(asked, "the issuer's keys")
        assert envoy.server.asked[-1].headers["x-ai-client"] == "ann|1"
    provider.stop()
