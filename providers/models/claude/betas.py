"""Flags of features in beta, in the words of the cloud that hosts Claude.

Bedrock refuses a whole request for a flag that it does not know ("invalid beta flag"), such as
those that agents send for features of Anthropic's own platform.
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
"""

HEADER = "anthropic-beta"

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


def for_bedrock(header: str) -> list[str]:
    """The flags that Bedrock takes for those in a client's header."""
    found = (flag for name in header.split(",") for flag in BEDROCK.get(name.strip(), ()))
    return list(dict.fromkeys(found))
