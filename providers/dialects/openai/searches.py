"""Searches of the web in OpenAI's formats, and in those of vendors that speak them.

https://platform.openai.com/docs/guides/tools-web-search
https://openrouter.ai/docs/guides/features/server-tools/web-search
https://docs.perplexity.ai/api-reference/chat-completions-post
https://docs.x.ai/docs/guides/tools/search-tools (checked 2026-11)
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from providers.dialects.openai import live_search
from providers.neutral.chat import ChatRequest, NativeTool, ToolMode
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
from providers.wire.members import Json, dicts, optional, string

CHAT = "openai.chat"
RESPONSES = "openai.responses"

TYPE = re.compile(r"(?:openrouter:)?web_search(?:_preview)?(?:_[0-9_]+)?|google_search", re.ASCII)
CALL = "web_search_call"


def _place(value: Any) -> Any:
    """Chat has the place within the word for how near it is."""
    inner = value.get("approximate") if isinstance(value, dict) else None
    return location(inner if isinstance(inner, dict) else value)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


OPTIONS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(("allowed_domains", "include_domains"), ("allowed_domains", domains)),
    **dict.fromkeys(
        ("blocked_domains", "excluded_domains", "exclude_domains"), ("blocked_domains", domains)
    ),
    "user_location": ("user_location", _place),
    "search_context_size": ("context_size", _text),
    "max_uses": ("max_uses", uses),
}
"""What OpenAI, xAI and OpenRouter call an option → its neutral name, and how it is read."""
GROUPS = ("filters", "parameters")
KIND = frozenset({"type", "name", "id", *GROUPS})


def _said(said: Json, at: str) -> Iterator[tuple[str, str, Any]]:
    """(name, where it stands, value) of each option."""
    for name, value in said.items():
        if name in GROUPS and isinstance(value, dict):
            yield from _said(value, f"{at}{name}.")
        elif name not in KIND and value is not None:
            yield name, f"{at}{name}", value


def read(said: Json, at: str, most: int | None = None) -> WebSearch:
    """What an object asks for that stands at `at`; `most`: searches, as the request says them."""
    found: Json = {}
    names: dict[str, str] = {}
    others: list[str] = []
    for name, place, value in _said(said, at):
        option, parse = OPTIONS.get(name, ("", _text))
        if parsed := parse(value) if option else None:
            found[option], names[option] = parsed, place
        else:
            others.append(place)
    if most is not None:
        found["max_uses"], names["max_uses"] = most, "max_tool_calls"
    return WebSearch(**found, names=names, others=tuple(others))


def parse_tool(dialect: str, tool: Json, most: int | None = None) -> NativeTool:
    """A tool that is no function; what it means where it is a search."""
    if TYPE.fullmatch(string(tool.get("type"))) is None:
        return NativeTool(dialect=dialect, value=tool)
    return NativeTool(dialect=dialect, value=tool, search=read(tool, "tools.", most))


OPTION, DOMAINS, PLUGINS = "web_search_options", "search_domain_filter", "plugins"
ASKING = frozenset({OPTION, DOMAINS, PLUGINS, live_search.MEMBER})


def parse_options(body: Json) -> NativeTool | None:
    """The search that a chat asks for beside its tools, in the words of OpenAI, Perplexity,
    OpenRouter or xAI."""
    if body.keys().isdisjoint(ASKING):
        return None
    plugins = dicts(body.get(PLUGINS))
    web = [each for each in plugins if each.get("id") == "web" and each.get("enabled") is not False]
    asked = body.get(OPTION)
    named = {OPTION: isinstance(asked, dict), DOMAINS: isinstance(body.get(DOMAINS), list)}
    named[PLUGINS] = bool(web) and len(plugins) == len(web)
    named[live_search.MEMBER] = live_search.asks(body.get(live_search.MEMBER))
    members = {name: body[name] for name, is_there in named.items() if is_there}
    if not members:
        return None
    search = read(asked, f"{OPTION}.") if isinstance(asked, dict) else WebSearch()
    if named[live_search.MEMBER]:
        search = live_search.read(body[live_search.MEMBER])
    if named[PLUGINS]:
        search = read(web[0], f"{PLUGINS}.")
    if named[DOMAINS]:
        search = _filtered(search, body[DOMAINS])
    return NativeTool(dialect=CHAT, value=members, search=search, option=True)


def _filtered(search: WebSearch, filter: list[Any]) -> WebSearch:
    """Perplexity marks the domains that it shall not look at with a minus."""
    words = [each for each in filter if isinstance(each, str)]
    return WebSearch(
        allowed_domains=domains([each for each in words if not each.startswith("-")]),
        blocked_domains=domains([each[1:] for each in words if each.startswith("-")]),
        user_location=search.user_location,
        context_size=search.context_size,
        names={**search.names, "allowed_domains": DOMAINS, "blocked_domains": DOMAINS},
        others=search.others,
    )


Write = Callable[[WebSearch, list[str]], Json]
"""(search, dropped) → what the provider takes for it."""


def _options(search: WebSearch) -> Json:
    place = search.user_location
    return optional(
        user_location=None if place is None else approximate(place),
        search_context_size=search.context_size,
    )


def write_tool(search: WebSearch, dropped: list[str]) -> Json:
    """OpenAI's tool of the Responses API; how often it is used says the request."""
    dropped += lost(search, "allowed_domains", "user_location", "context_size", "max_uses")
    filters = optional(allowed_domains=list(search.allowed_domains))
    return {"type": "web_search", **optional(filters=filters), **_options(search)}


def _lists(search: WebSearch, dropped: list[str], *told: str) -> Json:
    """The domains for those who take one of two lists."""
    allowed, blocked = search.allowed_domains, search.blocked_domains
    dropped += lost(search, "allowed_domains" if allowed else "blocked_domains", *told)
    return (
        {"allowed_domains": list(allowed)} if allowed else optional(excluded_domains=list(blocked))
    )


def write_xai(search: WebSearch, dropped: list[str]) -> Json:
    """xAI's tool of the Responses API."""
    filters = _lists(search, dropped, "max_uses")
    return {"type": "web_search", **optional(filters=filters)}


def write_openrouter(search: WebSearch, dropped: list[str]) -> Json:
    """OpenRouter's tool, in both formats."""
    said = {**_lists(search, dropped, "user_location", "context_size"), **_options(search)}
    return {"type": "openrouter:web_search", **optional(parameters=said)}


def write_options(search: WebSearch, dropped: list[str]) -> Json:
    """The option of OpenAI's chat models that always search."""
    dropped += lost(search, "user_location", "context_size")
    said = _options(search)
    if (place := said.get("user_location")) is not None:
        inner = {name: each for name, each in place.items() if name != "type"}
        said["user_location"] = {"type": "approximate", "approximate": inner}
    return {OPTION: said}


def write_perplexity(search: WebSearch, dropped: list[str]) -> Json:
    """The options of Perplexity, which always searches."""
    dropped += lost(search, "allowed_domains", "blocked_domains", "user_location", "context_size")
    filter = [*search.allowed_domains, *(f"-{domain}" for domain in search.blocked_domains)]
    return {OPTION: _options(search), **optional(**{DOMAINS: filter})}


def in_tools(write: Write) -> Write:
    """For those who take in chat what they take as a tool elsewhere."""
    return lambda search, dropped: {"tools": [write(search, dropped)]}


def beside(request: ChatRequest, dropped: list[str]) -> tuple[ChatRequest, list[NativeTool]]:
    """(the request with the tools that a chat lists, the searches that it asks for elsewhere)."""
    asked = [tool for tool in request.tools if isinstance(tool, NativeTool) and _is_beside(tool)]
    if not asked:
        return request, []
    tools = tuple(tool for tool in request.tools if tool not in asked)
    choice = request.tool_choice
    if not tools and choice is not None:
        if choice.mode is ToolMode.REQUIRED:
            dropped.append("tool_choice")
        choice = None
    return msgspec.structs.replace(request, tools=tools, tool_choice=choice), asked


def _is_beside(tool: NativeTool) -> bool:
    return tool.option or (tool.search is not None and tool.dialect != CHAT)


def ask(body: Json, tool: NativeTool, write: Write, dropped: list[str]) -> None:
    """Adds to a chat's body what asks for the search."""
    own = tool.search is None or tool.dialect == CHAT
    members = tool.value if own or tool.search is None else write(tool.search, dropped)
    for name, value in members.items():
        body[name] = [*body.get(name, ()), *value] if name == "tools" else value


def most_calls(request: ChatRequest) -> int | None:
    """How many calls of tools that OpenAI runs itself the answer may have."""
    found = (tool.search for tool in request.tools if isinstance(tool, NativeTool))
    return next((each.max_uses for each in found if each is not None and each.max_uses), None)


def parse_searched(item: Json) -> Searched:
    """A search that an answer of the Responses API tells of."""
    action = item.get("action")
    said: Json = action if isinstance(action, dict) else {}
    queries = said.get("queries")
    words = queries if isinstance(queries, list) and queries else [said.get("query")]
    pages = (
        Page(url=url) for each in dicts(said.get("sources")) if (url := string(each.get("url")))
    )
    return Searched(
        queries=tuple(each for each in words if isinstance(each, str) and each),
        pages=tuple(pages),
        dialect=RESPONSES,
        value=item,
    )


def render_searched(part: Searched, id: str) -> Json | None:
    """A search as a client of the Responses API reads it; None where another part tells it."""
    if part.dialect == RESPONSES:
        return dict(part.value)
    if not part.queries:
        return None
    action: Json = {"type": "search", "query": part.queries[0], "queries": list(part.queries)}
    return {"id": f"ws_{id}", "type": CALL, "status": "completed", "action": action}


def made(items: list[Json]) -> int:
    """How many searches an answer's items tell of; pages that are opened cost nothing."""
    return sum(item.get("type") == CALL and _is_search(item.get("action")) for item in items)


def _is_search(action: Any) -> bool:
    return not isinstance(action, dict) or action.get("type") in ("search", None)
