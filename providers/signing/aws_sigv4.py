"""AWS Signature Version 4, and Bedrock's API keys: how a request to Bedrock proves who sends it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import posixpath
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

from providers.signing.sign import Call, Secret

ALGORITHM = "AWS4-HMAC-SHA256"
DEFAULT_SERVICE = "bedrock"
# bedrock-runtime.eu-west-1.amazonaws.com; with -fips; of a VPC endpoint; of China.
# https://docs.aws.amazon.com/general/latest/gr/bedrock.html
HOST = re.compile(
    r"(?:.+\.)?bedrock[a-z-]*\.([a-z]{2}(?:-[a-z]+)+-[0-9])\."
    r"(?:vpce\.)?(?:amazonaws\.com(?:\.cn)?|api\.aws)"
)


def region_of(host: str) -> str:
    """The region whose signature a host of Amazon's asks for; empty for any other host."""
    found = HOST.fullmatch(host)
    return found[1] if found else ""


def aws_sigv4(call: Call, secret: Secret, now: float) -> dict[str, str]:
    """Signs with `access_key_id`, `secret_access_key`, `region` and, where they are there,
    `session_token` and `service`; a `bearer` (a Bedrock API key) is sent instead of a signature."""
    if secret.get("bearer"):
        return {"authorization": f"Bearer {secret['bearer']}"}
    stamp = moment(int(now))
    signed = {"host": call.authority, "x-amz-date": stamp}
    if secret.get("session_token"):
        signed["x-amz-security-token"] = secret["session_token"]
    scope = (stamp[:8], secret["region"], secret.get("service") or DEFAULT_SERVICE, "aws4_request")
    request = hashlib.sha256(canonical_request(call, signed).encode()).hexdigest()
    wanted = "\n".join((ALGORITHM, stamp, "/".join(scope), request))
    signature = hmac.digest(
        signing_key(secret["secret_access_key"], scope), wanted.encode(), "sha256"
    )
    credential = "/".join((secret["access_key_id"], *scope))
    headers = {
        "authorization": f"{ALGORITHM} Credential={credential}, "
        f"SignedHeaders={';'.join(signed)}, Signature={signature.hex()}",
        "x-amz-date": stamp,
    }
    if "x-amz-security-token" in signed:
        headers["x-amz-security-token"] = signed["x-amz-security-token"]
    return headers


# A signature is one of many in its second, and of very many with its key, which is good for a day.
@lru_cache(maxsize=16)
def moment(second: int) -> str:
    """A second as AWS writes it."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y%m%dT%H%M%SZ")


@lru_cache(maxsize=256)
def signing_key(secret: str, scope: tuple[str, ...]) -> bytes:
    """What is signed with, within day, region and service."""
    key = f"AWS4{secret}".encode()
    for step in scope:
        key = hmac.digest(key, step.encode(), "sha256")
    return key


def canonical_request(call: Call, headers: Mapping[str, str]) -> str:
    """The text that is signed; `headers` are lower case and in alphabetical order."""
    path, _, query = call.path.partition("?")
    return "\n".join(
        (
            call.method.upper(),
            canonical_path(path),
            canonical_query(query),
            *(f"{name}:{' '.join(value.split())}" for name, value in headers.items()),
            "",
            ";".join(headers),
            hashlib.sha256(call.body).hexdigest(),
        )
    )


@lru_cache(maxsize=1024)
def canonical_path(path: str) -> str:
    """The path without dot segments, encoded once more: every service but S3 signs it so."""
    if not path:
        return "/"
    # posixpath keeps two leading slashes, and drops the last one.
    clean = "/" + posixpath.normpath("/" + path).lstrip("/")
    tail = "/" if path.endswith("/") and clean != "/" else ""
    return quote(clean + tail, safe="/~")


def canonical_query(query: str) -> str:
    """The pairs in order; they are percent-encoded already."""
    if not query:
        return ""
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&"))
    return "&".join(f"{name}={value}" for name, value in pairs)
