"""An Envoy that somebody has run for years, into which the gateway is pasted."""

import base64
import json
from typing import Any

HCM = "envoy.filters.network.http_connection_manager"
TYPES = "type.googleapis.com/envoy.extensions.filters.http"
DOMAIN = "ai.test"

JWKS = {
    "keys": [
        {
            "kty": "oct",
            "kid": "theirs",
            "alg": "HS256",
            "k": base64.urlsafe_b64encode(b"a" * 32).decode().rstrip("="),
        }
    ]
}
LUA = 'function envoy_on_response(handle) handle:headers():add("x-theirs", "lua") end'


def bootstrap(port: int, access_log: str) -> dict[str, Any]:
    """Its own filters of the kinds that we have, too; its own routes to the server at `port`."""
    return {
        "admin": {"address": _socket(0)},
        "static_resources": {
            "listeners": [
                {
                    "name": "theirs",
                    "address": _socket(0),
                    "per_connection_buffer_limit_bytes": 50 * 1024 * 1024,
                    "filter_chains": [
                        {"filters": [{"name": HCM, "typed_config": _hcm(access_log)}]}
                    ],
                }
            ],
            "clusters": [
                {
                    "name": "theirs",
                    "type": "STATIC",
                    "load_assignment": {
                        "cluster_name": "theirs",
                        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _socket(port)}}]}],
                    },
                }
            ],
        },
    }


def manager(document: dict[str, Any]) -> dict[str, Any]:
    """The connection manager of its listener."""
    listener = document["static_resources"]["listeners"][0]
    found: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return found


def _hcm(access_log: str) -> dict[str, Any]:
    log = {"@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog"}
    line = {"path": "%REQ(:PATH)%", "tokens": "%DYNAMIC_METADATA(ai.extproc:total_tokens)%"}
    line["user_agent"] = "%REQ(USER-AGENT)%"
    return {
        "@type": f"type.googleapis.com/{HCM.replace('filters', 'extensions.filters', 1)}"
        ".v3.HttpConnectionManager",
        "stat_prefix": "theirs",
        "access_log": [
            {
                "name": "theirs",
                "typed_config": {
                    **log,
                    "path": access_log,
                    "log_format": {"json_format": line},
                },
            }
        ],
        "http_filters": [_jwt(), _lua(), _limits(), _router()],
        "route_config": {"name": "theirs", "virtual_hosts": [_host()]},
    }


def _jwt() -> dict[str, Any]:
    """It asks for a token below /private, whichever host that is."""
    provider = {"local_jwks": {"inline_string": json.dumps(JWKS)}}
    rules = [{"match": {"prefix": "/private"}, "requires": {"provider_name": "theirs"}}]
    config = {"providers": {"theirs": provider}, "rules": rules}
    return _filter("jwt_authn", "JwtAuthentication", **config)


def _lua() -> dict[str, Any]:
    return _filter("lua", "Lua", default_source_code={"inline_string": LUA})


def _limits() -> dict[str, Any]:
    bucket = {"max_tokens": 1000, "tokens_per_fill": 1000, "fill_interval": "1s"}
    return _filter("local_ratelimit", "LocalRateLimit", stat_prefix="theirs", token_bucket=bucket)


def _router() -> dict[str, Any]:
    return _filter("router", "Router")


def _filter(name: str, kind: str, **config: Any) -> dict[str, Any]:
    typed = {"@type": f"{TYPES}.{name}.v3.{kind}", **config}
    return {"name": f"envoy.filters.http.{name}", "typed_config": typed}


def _host() -> dict[str, Any]:
    hello = {"status": 200, "body": {"inline_string": "theirs\n"}}
    return {
        "name": "theirs",
        "domains": ["*"],
        "routes": [
            {"match": {"path": "/hello"}, "direct_response": hello},
            {"match": {"prefix": "/"}, "route": {"cluster": "theirs"}},
        ],
    }


def _socket(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}
