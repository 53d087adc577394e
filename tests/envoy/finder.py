"""The model finder by itself, under the LuaJIT that Envoy has."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from lupa.luajit21 import LuaRuntime

SCRIPT = (Path(__file__).parents[2] / "envoy" / "model.lua").read_text()
CHAT = "/v1/chat/completions"
NAMES = {b"named": b"first", b"first": b"first"}
"""Model -> route: what the virtual host says."""

# What the script uses of Envoy's API
# (https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/lua_filter).
ENVOY = """
return function(headers, content, route, names)
  local seen = { metadata = {}, reads = 0 }
  local handle = {}
  function handle:headers()
    return {
      get = function(_, name) return headers[name] end,
      replace = function(_, name, value) headers[name] = value end,
      remove = function(_, name) headers[name] = nil end,
    }
  end
  function handle:body(always)
    seen.reads = seen.reads + 1
    if not content and not always then return nil end
    return {
      setBytes = function(_, bytes) seen.given = bytes end,
      length = function() return #content end,
      getBytes = function(_, from, length) return content:sub(from + 1, from + length) end,
    }
  end
  function handle:streamInfo()
    return {
      dynamicMetadata = function()
        return {
          set = function(_, namespace, key, value)
            seen.metadata[namespace .. "/" .. key] = value
          end,
        }
      end,
    }
  end
  function handle:metadata()
    return { get = function(_, name) return route and route[name] end }
  end
  function handle:filterContext()
    return { get = function(_, model) return names[model] end }
  end
  function handle:respond(answer, text)
    seen.status, seen.type, seen.body = answer[":status"], answer["content-type"], text
  end
  function handle:clearRouteCache() seen.cleared = true end
  seen.handle, seen.headers = handle, headers
  return seen
end
"""

COUNT = """
return function(run, argument)
  local instructions = 0
  jit.off()
  jit.flush()
  debug.sethook(function() instructions = instructions + 1000 end, "", 1000)
  run(argument)
  debug.sethook()
  jit.on()
  return instructions
end
"""


class Found(msgspec.Struct):
    """What the finder did."""

    model: str | None
    route: str | None
    call: str | None
    cleared: bool
    reads: int
    status: str | None
    refused: bool
    message: str | None
    sticky: str | None


class Finder:
    def __init__(self, script: str = SCRIPT) -> None:
        # Bytes in, bytes out.
        self._lua = LuaRuntime(encoding=None)
        self._lua.execute(script.encode())
        self._new = self._lua.execute(ENVOY.encode())
        self._run = self._lua.globals()[b"envoy_on_request"]
        self._count = self._lua.execute(COUNT.encode())

    def request(
        self,
        body: bytes | None,
        places: Sequence[str] = (),
        known: Sequence[str] = (),
        **headers: str,
    ) -> Any:
        """`places`: where the route says that a key may be; `known`: whom it lets clients name."""
        pairs = {":method": "POST", ":path": CHAT}
        pairs |= {name.replace("_", "-"): value for name, value in headers.items()}
        table = self._lua.table_from(
            {name.encode(): value.encode("latin-1") for name, value in pairs.items()}
        )
        route = self._lua.table_from({})
        if places:
            route[b"sticky"] = self._lua.table_from([place.encode() for place in places])
        if known:
            route[b"order"] = self._lua.table_from([name.encode() for name in known])
            route[b"most"] = 3
        return self._new(table, body, route, self._lua.table_from(NAMES))

    def find(self, body: bytes | None, **headers: str) -> Found:
        return self.run(self.request(body, **headers))

    def run(self, seen: Any) -> Found:
        self._run(seen[b"handle"])
        return Found(
            model=_text(seen[b"headers"][b"x-ai-model"]),
            route=_text(seen[b"headers"][b"x-ai-route"]),
            call=_text(seen[b"metadata"][b"ai.finder/call"]),
            cleared=bool(seen[b"cleared"]),
            reads=seen[b"reads"],
            status=_text(seen[b"status"]),
            refused=bool(seen[b"metadata"][b"ai.finder/refused"]),
            message=_text(seen[b"body"]),
            sticky=_text(seen[b"metadata"][b"ai.finder/sticky"]),
        )

    def instructions(self, body: bytes, places: Sequence[str] = (), **headers: str) -> int:
        """How many the interpreter needs."""
        return int(self._count(self._run, self.request(body, places, **headers)[b"handle"]))


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="replace")


FINDER = Finder()


def find(body: bytes | None, **headers: str) -> Found:
    return FINDER.find(body, **headers)


def refusal(body: bytes | None, **headers: str) -> str:
    """The message of the 400 that `body` gets."""
    found = find(body, **headers)
    assert found.status == "400"
    assert found.refused
    assert found.call is None
    assert not found.cleared
    assert found.message is not None
    return found.message
