"""A listener that somebody else has written, with the gateway as one filter of it.

`GATEWAY_PLACEMENT=listener` puts every gateway of these tests there that says nothing else. What
cannot be there is marked by one of the reasons below, and left out.
"""

import os
from typing import Any

import pytest
import yaml

from extproc.config import Gateway
from extproc.lab.local import Local
from extproc.render.bootstrap import bootstrap, part
from extproc.render.parts import manager_of

IN_LISTENER = os.environ.get("GATEWAY_PLACEMENT") == "listener"

needs_retry_elsewhere = pytest.mark.at_clusters("another backend or key is asked after a failure")
needs_backend_first = pytest.mark.at_clusters("a refusal tells the backend that Envoy had chosen")
needs_balance = pytest.mark.at_clusters("Envoy chooses the backend: balance, health, order, copies")
needs_translated_sessions = pytest.mark.at_clusters("sessions between two dialects")
needs_own_timeouts = pytest.mark.at_clusters("routes of gateway.yaml with timeouts of their own")
needs_own_listener = pytest.mark.at_clusters("the listener itself is rendered, or told over ADS")

FILTERS = "type.googleapis.com/envoy.extensions.filters.http"
OWN = """
function envoy_on_request(handle)
  local headers = handle:headers()
  headers:add("x-seen-by", "somebody")
  if headers:get("x-key") == "right" then headers:replace("x-ai-client", "someone") end
end
"""
THEIRS = {
    "name": "envoy.filters.http.lua",
    "typed_config": {
        "@type": f"{FILTERS}.lua.v3.Lua",
        "default_source_code": {"inline_string": OWN},
    },
}
ROUTER = {
    "name": "envoy.filters.http.router",
    "typed_config": {"@type": f"{FILTERS}.router.v3.Router"},
}
THEIR_SETTINGS = ("@type", "stat_prefix", "access_log", "normalize_path", "merge_slashes")
"""What our own listener says of its manager and theirs does, too: their log, and what Envoy's
documentation asks of every edge."""
THEIR_ROUTE = {
    "match": {"prefix": "/app"},
    "direct_response": {"status": 200, "body": {"inline_string": "the app"}},
}
CLOSED = {**THEIR_ROUTE, "match": {"prefix": "/closed"}, "direct_response": {"status": 403}}


class Placed(Local):
    """A gateway there."""

    left_out = ()
    """Filters that they do without, for they have their own."""

    def placed(self, gateway: Gateway, text: str) -> str:
        """Their bootstrap, into which somebody has pasted what `--part placed` prints."""
        ours = yaml.load(
            part("placed", gateway, self.config_file, ["*"], self._env), yaml.CSafeLoader
        )
        if not self._static:
            text = bootstrap(gateway, self.config_file, self._env)
        document = yaml.load(text, yaml.CSafeLoader)
        resources = document["static_resources"]
        listener = resources["listeners"][0]
        manager: dict[str, Any] = manager_of(listener)
        theirs = {name: manager[name] for name in THEIR_SETTINGS}
        left_out = getattr(self, "left_out", ())
        cleaned, *others = [one for one in ours["http_filters"] if one["name"] not in left_out]
        (host,) = ours["virtual_hosts"]
        host["routes"][:0] = [THEIR_ROUTE, CLOSED]
        listener["filter_chains"][0]["filters"][0]["typed_config"] = {
            **theirs,
            "http_filters": [cleaned, THEIRS, *others, ROUTER],
            "route_config": {"virtual_hosts": [host]},
            "local_reply_config": ours["local_reply_config"],
        }
        resources["listeners"] = [listener, *ours.get("listeners", [])]
        resources["clusters"] = ours["clusters"]
        made: str = yaml.safe_dump(document)
        return made


class Authenticating(Placed):
    """The same, where they ask for keys of their own."""

    left_out = ("ai.api_key_auth",)
