"""Tools that Google runs itself, by the names that clients of other dialects have for them.

https://ai.google.dev/gemini-api/docs/tools
"""

from typing import Any

from providers.dialects.gemini.generate_content import fields
from providers.dialects.gemini.names import NAME
from providers.errors import Unsupported
from providers.neutral.chat import NativeTool
from providers.neutral.web_search import WebSearch, domains, lost
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

SEARCHES = fields.spellings(("googleSearch", "googleSearchRetrieval")).keys()
"""The search of the web, and its older name."""
EXCLUDED = fields.spellings(("excludeDomains",)).keys()


def parse_native(name: str, value: Any) -> NativeTool:
    """A tool that Google runs; what it means where it is a search."""
    tool = {name: value}
    if name not in SEARCHES:
        return NativeTool(dialect=NAME, value=tool)
    said = value if isinstance(value, dict) else {}
    others = (each for each, option in said.items() if each not in EXCLUDED and option)
    search = WebSearch(
        blocked_domains=domains(fields.find(said, "excludeDomains")),
        names={"blocked_domains": f"tools.{name}.excludeDomains"},
        others=tuple(f"tools.{name}.{each}" for each in others),
    )
    return NativeTool(dialect=NAME, value=tool, search=search)


def knows(tool: NativeTool, model: str) -> bool:
    """Whether Google has a tool of that meaning or name."""
    kind = tool.value.get("type")
    return tool.search is not None or (isinstance(kind, str) and kind in OWN)


def render_native(tool: NativeTool, vertex: bool, dropped: list[str]) -> Json:
    """The tool in Google's words; raises Unsupported for one that Google does not have."""
    if tool.dialect == NAME:
        return dict(tool.value)
    kind = tool.value.get("type")
    if isinstance(kind, str) and kind in OWN:
        options = {name: value for name, value in tool.value.items() if name != "type"}
        inner = options.pop(kind, None)
        return {OWN[kind]: inner if isinstance(inner, dict) else options}
    if tool.search is not None:
        return {"googleSearch": _search(tool.search, vertex, dropped)}
    raise Unsupported(f"a tool of {tool.dialect} cannot run at {NAME}", param="tools")


def _search(search: WebSearch, vertex: bool, dropped: list[str]) -> Json:
    """Only Vertex AI can be told where not to look."""
    if not vertex or not search.blocked_domains:
        dropped += lost(search)
        return {}
    dropped += lost(search, "blocked_domains")
    return {"excludeDomains": list(search.blocked_domains)}
