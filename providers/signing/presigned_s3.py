"""URLs of S3 that prove by themselves who asks (Signature Version 4 in the query).

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

import hashlib
import hmac
import re
from urllib.parse import quote, urlencode

from providers.errors import Unsupported
from providers.signing.aws_sigv4 import ALGORITHM, moment, signing_key
from providers.signing.sign import Secret

LASTS = 900
"""Seconds."""
URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>.+)", re.DOTALL)
UNSIGNED = "UNSIGNED-PAYLOAD"


def presigned(link: str, secret: Secret, now: int) -> str:
    """Where anybody may fetch what is at an `s3://` URI for a while, in the secret's region; raises
    Unsupported where the secret signs nothing."""
    match = URI.fullmatch(link)
    if match is None:
        raise Unsupported(f"{link[:200]!r} is no place in S3")
    if not secret.get("secret_access_key"):
        raise Unsupported(
            f"the film is at {link}: the gateway has a key for Bedrock alone, and none for S3"
        )
    host, path = _place(match["bucket"], match["key"], secret["region"])
    stamp = moment(now)
    scope = (stamp[:8], secret["region"], "s3", "aws4_request")
    query = _query(secret, scope, stamp)
    request = "\n".join(("GET", path, query, f"host:{host}", "", "host", UNSIGNED))
    digest = hashlib.sha256(request.encode()).hexdigest()
    wanted = "\n".join((ALGORITHM, stamp, "/".join(scope), digest))
    key = signing_key(secret["secret_access_key"], scope)
    signature = hmac.digest(key, wanted.encode(), "sha256").hex()
    return f"https://{host}{path}?{query}&X-Amz-Signature={signature}"


def _place(bucket: str, key: str, region: str) -> tuple[str, str]:
    """(host, path): the certificate of S3 covers no bucket with a dot in its name."""
    end = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    path = "/" + quote(key, safe="/~")
    if "." in bucket:
        return f"s3.{region}.{end}", f"/{bucket}{path}"
    return f"{bucket}.s3.{region}.{end}", path


def _query(secret: Secret, scope: tuple[str, ...], stamp: str) -> str:
    pairs = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": "/".join((secret["access_key_id"], *scope)),
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(LASTS),
    }
    if secret.get("session_token"):
        pairs["X-Amz-Security-Token"] = secret["session_token"]
    pairs["X-Amz-SignedHeaders"] = "host"
    return urlencode(pairs, quote_via=quote, safe="~")
