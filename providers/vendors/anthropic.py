"""Anthropic: Claude by its own API (https://platform.claude.com/docs/en/api/overview)."""

from providers.operations import Operation
from providers.signing.sign import x_api_key
from providers.vendors.provider import Provider

# `anthropic-version` comes with the dialect: a client's own is kept, as it says how its body is
# to be read.
PROVIDERS = (
    Provider(
        name="anthropic",
        title="Anthropic",
        docs="https://platform.claude.com/docs/en/api/overview",
        checked="2026-11",
        about="Claude, by Anthropic's own API.",
        examples={
            "chat": "claude-sonnet-4-5",
            "completions": "claude-2.1",
            "count_tokens": "claude-sonnet-4-5",
        },
        notes={"completions": "All models after Claude 2 are asked with a conversation."},
        base_url="https://api.anthropic.com",
        prefix="/v1",
        paths={Operation.MODELS: "/models"},
        dialects={
            Operation.CHAT: ("anthropic.messages",),
            Operation.COMPLETIONS: ("anthropic.complete",),
            Operation.COUNT_TOKENS: ("anthropic.count_tokens",),
        },
        keeps=frozenset({"anthropic.files", "anthropic.batches", "anthropic.skills"}),
        # https://platform.claude.com/docs/en/api/complete: all newer models chat only.
        speaks={"anthropic.complete": r"^claude-(?:v?[12](?:\.|$)|instant)"},
        signer=x_api_key,
    ),
)
