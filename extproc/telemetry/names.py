"""What OpenTelemetry calls what a record says, and who says it."""

from opentelemetry.sdk.resources import Resource

import extproc
from extproc.usage.record import Record

RESOURCE = Resource.create({"service.name": "extproc", "service.version": extproc.__version__})

# https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/
OPERATIONS = {"completions": "text_completion"}
PROVIDERS = {
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "foundry": "azure.ai.inference",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "vertex": "gcp.vertex_ai",
    "watsonx": "ibm.watsonx.ai",
    "xai": "x_ai",
}
"""Our names → theirs; others are told as they are."""


def operation(record: Record) -> str:
    """`gen_ai.operation.name`."""
    return OPERATIONS.get(record.operation, record.operation)


def provider(record: Record) -> str:
    """`gen_ai.provider.name`."""
    return PROVIDERS.get(record.provider, record.provider)
