"""Certificates of authorities that stand in gateway.yaml itself."""

import re
import ssl
from typing import Annotated

from pydantic import BeforeValidator, Field

from extproc.config.base import flaw

# A key may stand in the same file (RFC 7468).
CERTIFICATE = re.compile(
    "-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n?"
)


def certificates(text: str) -> str:
    """What is a certificate in a text of PEM blocks."""
    return "".join(CERTIFICATE.findall(text.replace("\r\n", "\n")))


def _readable(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = certificates(value)
    if not found or CERTIFICATE.sub("", value.replace("\r\n", "\n")).strip():
        raise flaw("must be certificates as PEM says them, and nothing else")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=found)
    except (ssl.SSLError, ValueError):
        raise flaw("holds what is no certificate") from None
    return found


Authorities = Annotated[str, BeforeValidator(_readable), Field(max_length=262_144)]
"""Certificates, one PEM block after the other."""
