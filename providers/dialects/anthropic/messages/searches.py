"""The web search that Anthropic runs, and what its answers say of it.

https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool
"""

import re
from collections.abc import Iterator
from typing import Any

from providers.dialects.anthropic.names import NAME
from providers.models.claude.models import family
from providers.neutral.chat import Native, NativeTool, Part
from providers.neutral.web_search import (
    Page,
    Searched,
    WebSearch,
    approximate,
    domains,
    location,
    lost,
    uses,
)
from providers.wire.members import Json, dicts, string

TYPE = re.compile(r"web_search_[0-9]+", re.ASCII)
TOOL = "web_search"
PLAIN = "web_search_20250305"
CALL, RESULT = "server_tool_use", "web_search_tool_result"
ALIEN = re.compile(r"\W", re.ASCII)
READ = frozenset(
    {"type", "name", "allowed_domains", "blocked_domains", "user_location", "max_uses"}
)
MADE = "srvtoolu_made_"
"""Begins the ids of searches that other providers made; Anthropic's own are longer words."""
TOLD = ("allowed_domains", "blocked_domains", "user_location", "max_uses")


def is_search(tool: Json) -> bool:
    """Whether a tool is a search of the web."""
    return TYPE.fullmatch(string(tool.get("type"))) is not None


def plain(tools: Any) -> list[Any] | None:
    """The tools with the plain search for newer ones, which Vertex AI does not have; None where
    there are none."""
    newer = [tool for tool in dicts(tools) if is_search(tool) and tool.get("type") != PLAIN]
    if not newer:
        return None
    return [_plain(tool) if tool in newer else tool for tool in tools]


def _plain(tool: Json) -> Json:
    return {name: value for name, value in tool.items() if name in READ} | {"type": PLAIN}


def parse_tool(tool: Json) -> NativeTool:
    """A tool that is no function; what it means where it is a search."""
    if not is_search(tool):
        return NativeTool(dialect=NAME, value=tool)
    others = (name for name, value in tool.items() if name not in READ and value is not None)
    search = WebSearch(
        allowed_domains=domains(tool.get("allowed_domains")),
        blocked_domains=domains(tool.get("blocked_domains")),
        user_location=location(tool.get("user_location")),
        max_uses=uses(tool.get("max_uses")),
        others=tuple(f"tools.{name}" for name in others),
    )
    return NativeTool(dialect=NAME, value=tool, search=search)


def knows(tool: NativeTool, model: str) -> bool:
    """Whether a model can run another dialect's tool: a search, which not all can make."""
    return tool.search is not None and bool(family(model).search)


def render_tool(search: WebSearch, model: str, dropped: list[str]) -> Json:
    """The search in the form that the model takes; one of the two lists of domains is refused."""
    told = [name for name in TOLD if name != "blocked_domains" or not search.allowed_domains]
    dropped += lost(search, *told)
    said: Json = {"type": family(model).search, "name": TOOL}
    if search.allowed_domains:
        said["allowed_domains"] = list(search.allowed_domains)
    elif search.blocked_domains:
        said["blocked_domains"] = list(search.blocked_domains)
    if search.user_location is not None:
        said["user_location"] = approximate(search.user_location)
    if search.max_uses is not None:
        said["max_uses"] = search.max_uses
    return said


def parse_block(block: Json) -> Part:
    """A block that is neither words nor a function: a search, or what only Anthropic knows."""
    kind, inner = block.get("type"), block.get("input")
    if kind == CALL and block.get("name") == TOOL:
        query = string(inner.get("query")) if isinstance(inner, dict) else ""
        return _searched(block, queries=(query,) if query else ())
    if kind == RESULT:
        found = dicts(block.get("content"))
        pages = (
            Page(url=url, title=string(each.get("title")) or None)
            for each in found
            if (url := string(each.get("url")))
        )
        return _searched(block, pages=tuple(pages))
    return Native(dialect=NAME, value=block)


def _searched(block: Json, **said: Any) -> Searched:
    return Searched(**said, dialect="" if is_made(block) else NAME, value=block)


def is_made(block: Json) -> bool:
    """Whether a block tells of a search that another family's provider made."""
    name = {CALL: "id", RESULT: "tool_use_id"}.get(string(block.get("type")))
    return name is not None and string(block.get(name)).startswith(MADE)


def render_searched(part: Searched, id: str) -> Iterator[Json]:
    """A search as Anthropic's clients read it; `id` is unique in the answer."""
    if part.dialect == NAME:
        yield dict(part.value)
        return
    pages = list(part.pages)
    for number, query in enumerate(part.queries or ("",) * bool(pages)):
        name = f"{MADE}{ALIEN.sub('_', id)}_{number}"
        yield {"type": CALL, "id": name, "name": TOOL, "input": {"query": query}}
        yield {"type": RESULT, "tool_use_id": name, "content": [_page(page) for page in pages]}
        pages = []


def _page(page: Page) -> Json:
    return {
        "type": "web_search_result",
        "url": page.url,
        "title": page.title or page.url,
        "encrypted_content": "",
        "page_age": None,
    }
