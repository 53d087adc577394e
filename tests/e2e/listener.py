"""A listener that somebody else has written, with the gateway as one filter of it.

`GATEWAY_PLACEMENT=listener` puts every gateway of these tests there that says nothing else.
"""

from typing import Any

import yaml

from extproc.config import Gateway
from extproc.exchange.compile import limits
from extproc.lab.local import Local
from extproc.render.bootstrap import bootstrap
from extproc.render.parts import manager_of, parts
from extproc.render.pieces import piece

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

    def placed(self, gateway: Gateway, text: str) -> str:
        """Their bootstrap, into which somebody has pasted what `--part placed` prints."""
        ours = yaml.load(
            piece("placed", gateway, parts(gateway), limits(gateway), ["*"]), yaml.CSafeLoader
        )
        if not self._static:
            text = bootstrap(gateway, self.config_file, self._env)
        document = yaml.load(text, yaml.CSafeLoader)
        resources = document["static_resources"]
        listener = resources["listeners"][0]
        manager: dict[str, Any] = manager_of(listener)
        theirs = {name: manager[name] for name in THEIR_SETTINGS}
        cleaned, *others = ours["http_filters"]
        (host,) = ours["virtual_hosts"]
        host["routes"][:0] = [THEIR_ROUTE, CLOSED]
        listener["filter_chains"][0]["filters"][0]["typed_config"] = {
            **theirs,
            "http_filters": [cleaned, THEIRS, *others, ROUTER],
            "route_config": {"virtual_hosts": [host]},
        }
        resources["listeners"] = [listener, *ours.get("listeners", [])]
        resources["clusters"] = ours["clusters"]
        made: str = yaml.safe_dump(document)
        return made
