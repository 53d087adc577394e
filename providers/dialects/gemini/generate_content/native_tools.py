"""Tools that Google runs itself, by the names that clients of other dialects have for them.

https://ai.google.dev/gemini-api/docs/tools
"""

import re

from providers.dialects.gemini.names import NAME
from providers.errors import Unsupported
from providers.neutral.chat import NativeTool
from providers.wire.members import Json

OWN = {
    "google_search": "googleSearch",
    "google_maps": "googleMaps",
    "enterprise_search": "enterpriseWebSearch",
    "enterprise_web_search": "enterpriseWebSearch",
    "url_context": "urlContext",
    "code_execution": "codeExecution",
}
"""`type` of a tool in an OpenAI body, as gateways and Google's users write it → Google's name."""

SEARCH = re.compile(r"web_search(?:_preview)?(?:_[0-9_]+)?", re.ASCII)
"""OpenAI's and Anthropic's search of the web."""
BINDING = frozenset({"filters", "allowed_domains", "blocked_domains"})
"""Members of such a search that say where it may look; all others say how it is done."""
NAMING = frozenset({"type", "name"})


def knows(tool: NativeTool, model: str) -> bool:
    """Whether Google has a tool of that name."""
    kind = tool.value.get("type")
    return isinstance(kind, str) and (kind in OWN or SEARCH.fullmatch(kind) is not None)


def render_native(tool: NativeTool, dropped: list[str]) -> Json:
    """The tool in Google's words; raises Unsupported for one that Google does not have."""
    if tool.dialect == NAME:
        return dict(tool.value)
    kind = tool.value.get("type")
    if isinstance(kind, str) and kind in OWN:
        options = {name: value for name, value in tool.value.items() if name != "type"}
        inner = options.pop(kind, None)
        return {OWN[kind]: inner if isinstance(inner, dict) else options}
    if isinstance(kind, str) and SEARCH.fullmatch(kind):
        return _search(tool, dropped)
    raise Unsupported(f"a tool of {tool.dialect} cannot run at {NAME}", param="tools")


def _search(tool: NativeTool, dropped: list[str]) -> Json:
    said = {name for name, value in tool.value.items() if value is not None} - NAMING
    if meant := sorted(said & BINDING):
        name = f"tools.{meant[0]}"
        raise Unsupported(f"{name} cannot be expressed in {NAME}", param=name)
    dropped += [f"tools.{name}" for name in sorted(said)]
    return {"googleSearch": {}}
