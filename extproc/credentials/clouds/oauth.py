"""Any OAuth server: client credentials, or IBM's exchange of an API key.

https://www.rfc-editor.org/rfc/rfc6749#section-4.4
"""

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

import httpx

from extproc.credentials.clouds.by_proxy import Way, way_of
from extproc.credentials.identity import NoToken, Token

TIMEOUT = 15.0
MOST = 1024 * 1024
"""Bytes of an answer."""
UNSAID = 300.0
"""Seconds that a token is thought to live whose server does not say it."""
LONGEST = 365 * 86_400.0
# https://cloud.ibm.com/docs/account?topic=account-iamtoken_from_apikey
IBM = "urn:ibm:params:oauth:grant-type:apikey"


def ask(given: Mapping[str, str]) -> Token:
    """An access token."""
    form = {name: given[name] for name in ("scope", "audience") if name in given}
    basic: httpx.Auth = httpx.Auth()
    if "apikey" in given:
        form |= {"grant_type": IBM, "apikey": given["apikey"]}
    elif given["auth_style"] == "header":
        form["grant_type"] = "client_credentials"
        # Both are written as in a form before they are joined (RFC 6749, section 2.3.1).
        names = (given["client_id"], given["client_secret"])
        basic = httpx.BasicAuth(*map(quote_plus, names))
    else:
        form |= {name: given[name] for name in ("client_id", "client_secret")}
        form["grant_type"] = "client_credentials"
    asked = time.time()
    url = given["token_url"]
    with (
        _client(way_of(given)) as client,
        client.stream("POST", url, data=form, auth=basic) as answer,
    ):
        return _token(answer, _read(answer), asked)


def _client(way: Way | None) -> httpx.Client:
    """A client that goes by `way`; without one, by the environment's proxies."""
    headers = {"accept": "application/json"}
    if way is None:
        return httpx.Client(timeout=TIMEOUT, headers=headers)
    trust = None
    if way.url.startswith("https:"):
        trust = way.trust or httpx.create_ssl_context()
    who = (way.username, way.password) if way.username else None
    proxy = httpx.Proxy(way.url, ssl_context=trust, auth=who)
    mounts = {"https://": httpx.HTTPTransport(proxy=proxy)}
    return httpx.Client(timeout=TIMEOUT, headers=headers, trust_env=False, mounts=mounts)


def _read(answer: httpx.Response) -> bytes:
    """All that is said; a server that says too much, or takes too long, is not listened to."""
    end = time.monotonic() + TIMEOUT
    pieces, size = [], 0
    for piece in answer.iter_bytes():
        pieces.append(piece)
        size += len(piece)
        if size > MOST:
            raise NoToken(f"the token server's answer is longer than {MOST} bytes")
        if time.monotonic() > end:
            raise NoToken(f"the token server's answer has taken longer than {TIMEOUT:.0f} s")
    return b"".join(pieces)


def _token(answer: httpx.Response, data: bytes, asked: float) -> Token:
    said = _object(data)
    token, lives = said.get("access_token"), said.get("expires_in")
    if answer.status_code != httpx.codes.OK or not isinstance(token, str) or not token:
        error = said.get("error") or said.get("errorCode") or "no token"
        more = said.get("error_description") or said.get("errorMessage") or ""
        raise NoToken(f"the token server answered {answer.status_code}: {error} {more}")
    if not token.isascii() or not token.isprintable():
        raise NoToken("the token is not one line of ASCII text")
    return Token({"bearer": token}, asked + _seconds(lives))


def _object(data: bytes) -> dict[str, Any]:
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _seconds(lives: object) -> float:
    """How long a token lives; some servers write the number as text, some do not say it."""
    try:
        seconds = float(str(lives))
    except ValueError:
        return UNSAID
    return seconds if 0 <= seconds <= LONGEST else UNSAID
