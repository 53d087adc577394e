"""Cohere, by its own API (https://docs.cohere.com/v2/reference/chat)."""

from providers.dialects.cohere import resources
from providers.operations import Operation
from providers.vendors.provider import Provider

OLDER = (
    "cohere.count_tokens",
    "cohere.tokenize",
    "cohere.detokenize",
    "cohere.generate",
    "cohere.embed_v1",
    "cohere.rerank_v1",
    resources.DATASETS.name,
    resources.EMBED_JOBS.name,
)

PROVIDERS = (
    Provider(
        name="cohere",
        title="Cohere",
        docs="https://docs.cohere.com/v2/reference/chat",
        checked="2026-11",
        about="Command, Embed and Rerank, by Cohere's own API.",
        examples={
            "chat": "command-a-03-2025",
            "completions": "command-light",
            "count_tokens": "command-a-03-2025",
            "tokenize": "command-a-03-2025",
            "detokenize": "command-a-03-2025",
            "embeddings": "embed-v4.0",
            "rerank": "rerank-v3.5",
        },
        base_url="https://api.cohere.com",
        prefix="/v2",
        prefixes=dict.fromkeys(OLDER, "/v1"),
        dialects={
            Operation.CHAT: ("cohere.chat",),
            Operation.COMPLETIONS: ("cohere.generate",),
            Operation.COUNT_TOKENS: ("cohere.count_tokens",),
            Operation.TOKENIZE: ("cohere.tokenize",),
            Operation.DETOKENIZE: ("cohere.detokenize",),
            Operation.EMBEDDINGS: ("cohere.embed", "cohere.embed_v1"),
            Operation.RERANK: ("cohere.rerank", "cohere.rerank_v1"),
        },
        keeps=frozenset(kept.name for kept in resources.RESOURCES),
        # https://docs.cohere.com/docs/deprecations: all newer models chat only.
        speaks={"cohere.generate": "^(?:command|base)(?:-light)?(?:-nightly)?$|-ft$"},
    ),
)
