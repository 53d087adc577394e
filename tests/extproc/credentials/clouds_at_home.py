"""Token servers of all clouds on loopback, behind a proxy through which their hosts are reached.

So the clouds' own SDKs ask what they always ask, at the hosts that they always ask.
"""

import contextlib
import datetime
import ipaddress
import json
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

HOSTS = (
    "localhost",
    "sts.eu-west-1.amazonaws.com",
    "portal.sso.eu-west-1.amazonaws.com",
    "oauth2.googleapis.com",
    "sts.googleapis.com",
    "iamcredentials.googleapis.com",
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.chinacloudapi.cn",
)
DAY = datetime.timedelta(days=1)
MARK = "hush"
"""Stands in every secret that is made here, so that it can be looked for."""


class Asked:
    """One request at a token server."""

    def __init__(self, host: str, target: str, headers: Mapping[str, str], body: str) -> None:
        self.host = host.partition(":")[0]
        self.path = urlsplit(target).path
        self.query = parse_qs(urlsplit(target).query)
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.form = {name: values[0] for name, values in parse_qs(body).items()}
        self.body = body


class Clouds:
    """All token servers; what they answer can be changed while they run."""

    def __init__(self) -> None:
        self.lifetime = 3600.0
        self.skew = 0.0
        """Seconds by which the clouds' clocks are ahead of ours."""
        self.failing: tuple[int, str] | None = None
        """Status and body of every answer."""
        self.asked: list[Asked] = []
        self.issued = 0
        self.port = 0
        self.tls_port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def new(self, kind: str) -> str:
        """A fresh secret."""
        self.issued += 1
        return f"{kind}-{MARK}-{self.issued}"

    def end(self) -> datetime.datetime:
        now = datetime.datetime.now(datetime.UTC)
        return now + datetime.timedelta(seconds=self.lifetime + self.skew)

    def answer(self, asked: Asked) -> tuple[int, str, str]:
        """(status, content type, body)."""
        self.asked.append(asked)
        if self.failing is not None:
            return self.failing[0], "application/json", self.failing[1]
        for begins, told in ROUTES:
            if asked.path.startswith(begins) or begins in asked.path[1:]:
                said = told(self, asked)
                if isinstance(said, str):
                    return 200, "text/xml" if said.startswith("<") else "text/plain", said
                return 200, "application/json", json.dumps(said)
        return 404, "text/plain", f"nothing at {asked.path}"


def keys(clouds: Clouds) -> dict[str, str]:
    return {
        "AccessKeyId": f"ASIAMADEUP{clouds.issued + 1}",
        "SecretAccessKey": clouds.new("secret"),
        "SessionToken": clouds.new("session"),
        "Expiration": f"{clouds.end():%Y-%m-%dT%H:%M:%SZ}",
    }


def container(clouds: Clouds, _: Asked) -> Any:
    found = keys(clouds)
    return {**found, "Token": found.pop("SessionToken")}


def imds(clouds: Clouds, asked: Asked) -> Any:
    if asked.path.endswith("/api/token"):
        return "imds-token"
    if asked.path.endswith("/security-credentials/"):
        return "the-role"
    return {"Code": "Success", **container(clouds, asked)}


def sso(clouds: Clouds, _: Asked) -> Any:
    found = keys(clouds)
    end = clouds.end().timestamp()
    role = {name[:1].lower() + name[1:]: value for name, value in found.items()}
    return {"roleCredentials": {**role, "expiration": int(end * 1000)}}


def sts(clouds: Clouds, asked: Asked) -> Any:
    action = asked.form.get("Action", "")
    parts = "".join(f"<{name}>{value}</{name}>" for name, value in keys(clouds).items())
    found = f"<{action}Result><Credentials>{parts}</Credentials></{action}Result>"
    space = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"'
    return f"<{action}Response {space}>{found}</{action}Response>"


def bearer(clouds: Clouds, _: Asked) -> Any:
    return {
        "access_token": clouds.new("token"),
        "token_type": "Bearer",
        "expires_in": int(clouds.lifetime),
    }


def exchanged(clouds: Clouds, asked: Asked) -> Any:
    issued = "urn:ietf:params:oauth:token-type:access_token"
    return {**bearer(clouds, asked), "issued_token_type": issued}


def impersonated(clouds: Clouds, _: Asked) -> Any:
    return {
        "accessToken": clouds.new("impersonated"),
        "expireTime": f"{clouds.end():%Y-%m-%dT%H:%M:%SZ}",
    }


def metadata(clouds: Clouds, asked: Asked) -> Any:
    if asked.path.endswith("/token"):
        return bearer(clouds, asked)
    if asked.path.endswith("/default/"):
        return {"email": "vm@p.iam.gserviceaccount.com", "scopes": ["all"], "aliases": ["default"]}
    return "googleapis.com" if "universe" in asked.path else "p"


def discovered(clouds: Clouds, asked: Asked) -> Any:
    """What msal wants to know of a directory."""
    tenant = asked.path.split("/")[1]
    authority = f"https://{asked.headers['host']}/{tenant}"
    return {
        "issuer": f"{authority}/v2.0",
        "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
        "token_endpoint": f"{authority}/oauth2/v2.0/token",
    }


def known(clouds: Clouds, asked: Asked) -> Any:
    host = asked.headers["host"]
    return {
        "tenant_discovery_endpoint": f"https://{host}/t/v2.0/.well-known/openid-configuration",
        "metadata": [
            {"preferred_network": host, "preferred_cache": host, "aliases": [host]},
        ],
    }


def managed(clouds: Clouds, asked: Asked) -> Any:
    end = str(int(clouds.end().timestamp()))
    return {**bearer(clouds, asked), "expires_on": end, "resource": asked.query["resource"][0]}


ROUTES = (
    ("/latest/", imds),
    ("/v1/credentials", container),
    ("/federation/credentials", sso),
    ("/computeMetadata/", metadata),
    (":generateAccessToken", impersonated),
    ("/v1/token", exchanged),
    ("/metadata/identity/", managed),
    ("/common/discovery/instance", known),
    ("/.well-known/openid-configuration", discovered),
    ("/oauth2/v2.0/token", bearer),
    ("/identity/token", bearer),
    ("/oidc/v1/token", bearer),
    ("/v1/oauthtoken", bearer),
    ("/token", bearer),
    ("/", sts),
)
"""Beginning or middle of a path → who answers there."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    clouds: Clouds

    def log_message(self, *_: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length).decode()
        asked = Asked(self.headers.get("host") or "", self.path, dict(self.headers.items()), body)
        status, content_type, text = self.clouds.answer(asked)
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("metadata-flavor", "Google")
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_POST = do_PUT = do_GET

    def do_CONNECT(self) -> None:
        """Whichever host is asked for, it is at home."""
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        with socket.create_connection(("127.0.0.1", self.clouds.tls_port)) as inner:
            _splice(self.connection, inner)


def _splice(one: socket.socket, other: socket.socket) -> None:
    pairs = {one: other, other: one}
    with contextlib.suppress(OSError):
        while True:
            for ready in select.select([one, other], [], [], 30)[0]:
                data = ready.recv(65_536)
                if not data:
                    return
                pairs[ready].sendall(data)


def certificate(directory: Path) -> tuple[Path, Path]:
    """A certificate of the hosts above, which is its own authority, and its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "clouds at home")])
    now = datetime.datetime.now(datetime.UTC)
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in HOSTS]
    names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, key_file = directory / "clouds.pem", directory / "clouds.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, key_file


@contextlib.contextmanager
def running(directory: Path) -> Iterator[tuple[Clouds, dict[str, str]]]:
    """The token servers, and the environment in which SDKs find them."""
    clouds = Clouds()
    pem, key = certificate(directory)
    handler = type("At", (Handler,), {"clouds": clouds})
    plain = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    secure = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    secure.socket = context.wrap_socket(secure.socket, server_side=True)
    clouds.port, clouds.tls_port = plain.server_address[1], secure.server_address[1]
    for server in (plain, secure):
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield clouds, environment(clouds, directory, pem)
    finally:
        for server in (plain, secure):
            server.shutdown()
            server.server_close()


def environment(clouds: Clouds, home: Path, pem: Path) -> dict[str, str]:
    """In which no identity is found, and every cloud is at home."""
    return {
        "HOME": str(home),
        "HTTPS_PROXY": clouds.url,
        "https_proxy": clouds.url,
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "REQUESTS_CA_BUNDLE": str(pem),
        "SSL_CERT_FILE": str(pem),
        "AWS_CA_BUNDLE": str(pem),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(home / "aws-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "aws-credentials"),
        "CLOUDSDK_CONFIG": str(home / "gcloud"),
        "NO_GCE_CHECK": "true",
    }


def waited(condition: Any, what: str, seconds: float = 20) -> Any:
    """What `condition` returns once that is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited for {what}"
        time.sleep(0.02)
    return found


def service_account(key: Path, **more: str) -> str:
    """The JSON of a service account's key."""
    return json.dumps(
        {
            "type": "service_account",
            "project_id": "p",
            "private_key_id": "k1",
            "private_key": key.read_text(),
            "client_email": "me@p.iam.gserviceaccount.com",
            "client_id": "1",
            "token_uri": "https://oauth2.googleapis.com/token",
            **more,
        }
    )
