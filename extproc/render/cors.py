"""What browsers are told of which pages may call, and of what those may see.

https://fetch.spec.whatwg.org/#http-cors-protocol
"""

import re
from typing import Any

from envoy_data_plane.envoy.extensions.filters.http.cors.v3 import CorsPolicy
from envoy_data_plane.envoy.type.matcher.v3 import RegexMatcher, StringMatcher

from extproc.config.process import Cors

METHODS = "GET, POST, OPTIONS"

# `*` stands for all but this one.
HEADERS = "*, authorization"

EXPOSED = (
    "x-request-id",
    "request-id",
    "x-amzn-requestid",
    "x-amzn-errortype",
    "retry-after",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-ai-backends",
    "x-ai-dropped-params",
    "x-ai-estimated",
    "x-ai-lost-members",
    "x-ai-missing-backends",
    "x-goog-upload-status",
    "x-goog-upload-url",
)
"""Headers of an answer that pages may read: those by which SDKs decide, and our own."""


NO_HEADER = "x-no-cluster"
"""Names a cluster that is not there: no client can send it."""
CODES = {404: "NOT_FOUND", 503: "SERVICE_UNAVAILABLE"}


def heeding(value: Any) -> Any:
    """Routes that answer by themselves as ones that find no cluster, and say the same.

    Envoy's CORS filter passes over direct responses. What stands in `value` more than once is one
    object afterwards, too; `value` stays as it was, for parts of it serve other listeners.
    """
    return _heeding(value, {})


def _heeding(value: Any, known: dict[int, Any]) -> Any:
    if not isinstance(value, dict | list):
        return value
    if id(value) not in known:
        known[id(value)] = (
            _found_nowhere({name: _heeding(child, known) for name, child in value.items()})
            if isinstance(value, dict)
            else [_heeding(child, known) for child in value]
        )
    return known[id(value)]


def _found_nowhere(value: dict[str, Any]) -> dict[str, Any]:
    if (value.get("direct_response") or {}).get("status") in CODES:
        code = CODES[value.pop("direct_response")["status"]]
        value["route"] = {"cluster_header": NO_HEADER, "cluster_not_found_response_code": code}
    return value


def policy(cors: Cors) -> CorsPolicy:
    """The policy of the whole listener."""
    return CorsPolicy(
        allow_origin_string_match=[_matcher(origin) for origin in cors.origins],
        allow_methods=METHODS,
        allow_headers=HEADERS,
        expose_headers=", ".join(EXPOSED),
        max_age=f"{cors.max_age:.0f}",
    )


def _matcher(origin: str) -> StringMatcher:
    if "://*." not in origin:
        return StringMatcher(exact=origin)
    scheme, _, domain = origin.partition("://*.")
    return StringMatcher(
        safe_regex=RegexMatcher(regex=f"{scheme}://[A-Za-z0-9.-]+[.]{re.escape(domain)}")
    )
