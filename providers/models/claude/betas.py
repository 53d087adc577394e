"""Flags of features in beta, as far as each cloud that hosts Claude knows them.

Clouds refuse a whole request for a flag that they do not know ("invalid beta flag", "Unexpected
value(s) … for the `anthropic-beta` header"), such as those that agents send for features of
Anthropic's own platform.
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
https://github.com/anthropics/claude-code/issues/21625 (Vertex AI, checked 2026-11)
"""

from collections.abc import Mapping, Set

HEADER = "anthropic-beta"
SEARCH = "web-search-2025-03-05"

BEDROCK = {
    name: (name,)
    for name in (
        "compact-2026-01-12",
        "computer-use-2024-10-22",
        "computer-use-2025-01-24",
        "computer-use-2025-11-24",
        "context-1m-2025-08-07",
        "context-management-2025-06-27",
        "dev-full-thinking-2025-05-14",
        "effort-2025-11-24",
        "fine-grained-tool-streaming-2025-05-14",
        "interleaved-thinking-2025-05-14",
        "output-128k-2025-02-19",
        "token-efficient-tools-2025-02-19",
        "tool-examples-2025-10-29",
        "tool-search-tool-2025-10-19",
    )
} | {"advanced-tool-use-2025-11-20": ("tool-search-tool-2025-10-19", "tool-examples-2025-10-29")}
"""Flag of Anthropic's own API → what Bedrock calls it. Others go no further: they stand for what
a body says in members of its own, or for nothing at all, as `claude-code-20250219`."""

VERTEX = {
    name: (name,)
    for name in (
        "claude-code-20250219",
        "computer-use-2024-10-22",
        "computer-use-2025-01-24",
        "computer-use-2025-11-24",
        "context-1m-2025-08-07",
        "context-management-2025-06-27",
        "fine-grained-tool-streaming-2025-05-14",
        "interleaved-thinking-2025-05-14",
        "output-128k-2025-02-19",
        "token-efficient-tools-2025-02-19",
        "tool-search-tool-2025-10-19",
        SEARCH,
    )
} | {"advanced-tool-use-2025-11-20": ("tool-search-tool-2025-10-19",)}
"""The same for Vertex AI, which refuses among others `prompt-caching-scope-2026-01-05`,
`effort-2025-11-24` and `adaptive-thinking-2026-01-28`."""

VERTEX_COUNT = {name: flags for name, flags in VERTEX.items() if name != SEARCH}
"""https://github.com/anthropics/claude-code/issues/12429"""

MEMBERS = {
    "code-execution-": "container",
    "context-management-": "context_management",
    "effort-": "output_config",
    "fast-mode-": "speed",
    "mcp-client-": "mcp_servers",
    "structured-outputs-": "output_format",
}
"""How a flag begins → the member of a body that it is for."""

Flags = Mapping[str, tuple[str, ...]]


def kept(header: str, known: Flags | None, gone: Set[str] = frozenset()) -> list[str]:
    """The flags that a host takes for those in a client's header; `known`: None for all, `gone`:
    members that the body no longer has."""
    found: list[str] = []
    for name in _names(header):
        if _member(name) not in gone:
            found += (name,) if known is None else known.get(name, ())
    return list(dict.fromkeys(found))


def lost(header: str, known: Flags | None, gone: Set[str] = frozenset()) -> list[str]:
    """The client's names of the flags that go no further."""
    return [
        f"{HEADER}.{name}"
        for name in _names(header)
        if (known is not None and name not in known) or _member(name) in gone
    ]


def _names(header: str) -> list[str]:
    return [name for each in header.split(",") if (name := each.strip())]


def _member(flag: str) -> str | None:
    return next((member for start, member in MEMBERS.items() if flag.startswith(start)), None)


def for_bedrock(header: str) -> list[str]:
    """The flags that Bedrock takes for those in a client's header."""
    return kept(header, BEDROCK)
