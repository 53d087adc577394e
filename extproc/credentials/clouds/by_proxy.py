"""The proxy of a backend, through which token servers are asked by https.

What a machine says of itself (metadata servers, containers) is plain HTTP, and asked directly.
"""

import atexit
import ssl
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from tempfile import NamedTemporaryFile
from typing import NamedTuple
from urllib.parse import quote


class Way(NamedTuple):
    """A proxy that is asked by CONNECT (RFC 9110, section 9.3.6)."""

    url: str
    """Scheme, host and port."""
    username: str
    """Empty: it is not told who asks."""
    password: str
    ca: str | None
    """PEM file of the authorities to trust for the proxy itself; None: the usual ones."""
    ca_pem: str | None = None
    """The same certificates, as text, instead of a file."""

    @property
    def trust(self) -> ssl.SSLContext | None:
        """Whom to believe that he is the proxy; None where SDKs know best. Raises OSError."""
        if not (self.ca or self.ca_pem):
            return None
        return ssl.create_default_context(cafile=self.ca, cadata=self.ca_pem)

    @property
    def bundle(self) -> str | None:
        """A file of these authorities, for an SDK that takes nothing else. Raises OSError."""
        return filed(self.ca_pem) if self.ca_pem else self.ca

    @property
    def authorization(self) -> str:
        """What the proxy is told of who asks (RFC 7617); empty: nothing."""
        if not self.username:
            return ""
        return f"Basic {b64encode(f'{self.username}:{self.password}'.encode()).decode()}"

    @property
    def whole(self) -> str:
        """The URL with the credentials in it, as SDKs want it."""
        if not self.username:
            return self.url
        scheme, _, place = self.url.partition("://")
        return f"{scheme}://{quote(self.username, safe='')}:{quote(self.password, safe='')}@{place}"


def way_of(given: Mapping[str, str]) -> Way | None:
    """The proxy among an identity's options; None: there is none to go by."""
    url = given.get("proxy_url")
    if url is None:
        return None
    who = given.get("proxy_username", ""), given.get("proxy_password", "")
    return Way(url, *who, given.get("proxy_ca"), given.get("proxy_ca_pem"))


@cache
def filed(text: str) -> str:
    """A file that holds this text for as long as the process lives."""
    made = NamedTemporaryFile("w", prefix="extproc-", suffix=".pem", encoding="ascii")  # noqa: SIM115
    made.write(text)
    made.flush()
    atexit.register(made.close)
    return made.name
