"""Backends of gateway.yaml: for each chat dialect, a simulated provider that speaks it."""

import os
from typing import Any

from providers.catalog import DIALECTS, PROVIDERS
from providers.operations import Operation

CHAT = sorted(
    name for name, each in DIALECTS.items() if each.operation is Operation.CHAT and each.client
)
MODELS = {
    "anthropic.messages": "claude-sonnet-4-5",
    "bedrock.converse": "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "cohere.chat": "command-a-reasoning-08-2025",
    "gemini.generate_content": "gemini-2.5-flash",
    "ollama.chat": "qwen3",
    "openai.chat": "gpt-5.1",
    "openai.responses": "gpt-5.1",
}
"""Where a provider's features depend on the model, one that has them."""
ENV = {
    **os.environ,
    "KEY": "key-of-provider",
    "AWS_ID": "AKID",
    "AWS_SECRET": "aws-secret",
}
AWS = {"aws": {"access_key_id": "env:AWS_ID", "secret_access_key": "env:AWS_SECRET"}}


def provider_of(dialect: str) -> str | None:
    """The first provider that speaks `dialect`, by its choice or ours."""
    for provider in PROVIDERS.values():
        if dialect in provider.dialects.get(Operation.CHAT, ()):
            return provider.name
    return None


SERVED = [dialect for dialect in CHAT if provider_of(dialect)]


def backend(dialect: str, url: str) -> dict[str, Any]:
    """A backend at `url` that is asked in `dialect`."""
    name = provider_of(dialect)
    assert name is not None
    provider = PROVIDERS[name]
    made: dict[str, Any] = {
        "provider": name,
        "base_url": url,
        "credential": {"api_key": "env:KEY"},
        "dialect": dialect,
        "forward_headers": ["x-sim", "x-sim-validate", "x-failure", "x-shared"],
    }
    if "region" in provider.options:
        made |= {"region": "eu-west-1", "credential": AWS}
    return made
