"""The list of models, as the SDKs of each dialect ask for it and read it.

https://platform.openai.com/docs/api-reference/models
https://platform.claude.com/docs/en/api/models-list
https://ai.google.dev/api/models
https://docs.cloud.google.com/vertex-ai/docs/reference/rest/v1beta1/publishers.models
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html
https://docs.cohere.com/reference/list-models
https://docs.mistral.ai/api/endpoint/models
https://elevenlabs.io/docs/api-reference/models/list
https://docs.ollama.com/api/tags, /ps, /api-reference/show-model-details, /get-version
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256

import msgspec

from providers.wire.members import Json


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a model."""

    id: str
    created: int
    """Seconds since the epoch."""
    owner: str

    @property
    def date(self) -> str:
        """When it was created, as RFC 3339 has it."""
        return datetime.fromtimestamp(self.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """Where clients of a dialect find the list, and what it looks like."""

    paths: tuple[str, ...]
    shared: tuple[tuple[str, str], ...] = ()
    """(path, header): paths of others, too, where this header tells a client of this dialect;
    `name: value` is the header with that value."""
    one: Callable[[Model], Json]
    """A model by itself, at the path and its name."""
    many: Callable[[Sequence[Model]], Json | list[Json]]
    pages: Mapping[str, Callable[[Sequence[Model]], Json]] = {}
    """Path → what else is told there."""
    asked: str = ""
    """Where a POST names a model that is to be shown by itself; empty: nowhere."""


# Mistral's SDK asks for OpenAI's list, and takes no model without these two; OpenAI's takes all.
# https://docs.mistral.ai/api/endpoint/models
MISTRALS = {"type": "base", "capabilities": {"completion_chat": True, "function_calling": True}}


def openai_model(model: Model) -> Json:
    """As OpenAI shows a model."""
    return {
        "id": model.id,
        "object": "model",
        "created": model.created,
        "owned_by": model.owner,
        **MISTRALS,
    }


OPENAI = Listing(
    paths=("/v1/models", "/openai/v1/models", "/openai/models"),
    one=openai_model,
    many=lambda models: {"object": "list", "data": [openai_model(model) for model in models]},
)


def anthropic_model(model: Model) -> Json:
    """As Anthropic shows a model."""
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.id,
        "created_at": model.date,
        "lifecycle": "active",
    }


def anthropic_models(models: Sequence[Model]) -> Json:
    """One page that has them all."""
    return {
        "data": [anthropic_model(model) for model in models],
        "has_more": False,
        "first_id": models[0].id if models else None,
        "last_id": models[-1].id if models else None,
    }


ANTHROPIC = Listing(
    paths=("/anthropic/v1/models",),
    shared=(("/v1/models", "anthropic-version"),),
    one=anthropic_model,
    many=anthropic_models,
)


def gemini_model(model: Model) -> Json:
    """As the Gemini API shows a model."""
    return {
        "name": f"models/{model.id}",
        "displayName": model.id,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }


GEMINI = Listing(
    paths=("/v1beta/models", "/v1alpha/models"),
    shared=(("/v1/models", "x-goog-api-client"), ("/v1/models", "x-goog-api-key")),
    one=gemini_model,
    many=lambda models: {"models": [gemini_model(model) for model in models]},
)


def vertex_model(model: Model) -> Json:
    """As Vertex AI shows a model of a publisher."""
    return {"name": f"publishers/google/models/{model.id}", "launchStage": "GA"}


VERTEX = Listing(
    paths=("/v1beta1/publishers/google/models", "/v1/publishers/google/models"),
    one=vertex_model,
    many=lambda models: {"publisherModels": [vertex_model(model) for model in models]},
)


def bedrock_model(model: Model) -> Json:
    """As Bedrock shows a model that is asked for as it is needed."""
    return {
        "modelArn": f"arn:aws:bedrock:::foundation-model/{model.id}",
        "modelId": model.id,
        "modelName": model.id,
        "providerName": model.owner,
        "inputModalities": ["TEXT"],
        "outputModalities": ["TEXT"],
        "responseStreamingSupported": True,
        "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": {"status": "ACTIVE"},
    }


BEDROCK = Listing(
    paths=("/foundation-models",),
    one=lambda model: {"modelDetails": bedrock_model(model)},
    many=lambda models: {"modelSummaries": [bedrock_model(model) for model in models]},
)


def cohere_model(model: Model) -> Json:
    """As Cohere shows a model."""
    return {"name": model.id, "endpoints": ["chat"], "finetuned": False}


COHERE = Listing(
    paths=(),
    shared=(("/v1/models", "x-fern-sdk-name"), ("/v1/models", "x-client-name")),
    one=cohere_model,
    many=lambda models: {"models": [cohere_model(model) for model in models]},
)


def elevenlabs_model(model: Model) -> Json:
    """As ElevenLabs shows a model."""
    return {"model_id": model.id, "name": model.id, "can_do_text_to_speech": True}


ELEVENLABS = Listing(
    paths=(),
    shared=(("/v1/models", "x-fern-sdk-name: elevenlabs"), ("/v1/models", "xi-api-key")),
    one=elevenlabs_model,
    many=lambda models: [elevenlabs_model(model) for model in models],
)


def ollama_model(model: Model) -> Json:
    """As Ollama shows a model that it has on its disk."""
    return {
        "name": model.id,
        "model": model.id,
        "modified_at": model.date,
        "size": 0,
        # The command line shows the first twelve digits, and ends where there are fewer.
        "digest": sha256(model.id.encode()).hexdigest(),
        "details": {"family": model.owner},
    }


def ollama_shown(model: Model) -> Json:
    """As Ollama shows all about a model; what it can do is what a translation can carry."""
    return {
        "modified_at": model.date,
        "license": "",
        "modelfile": "",
        "parameters": "",
        "template": "{{ .Prompt }}",
        "details": {"family": model.owner},
        "model_info": {"general.architecture": model.owner, "general.basename": model.id},
        "capabilities": ["completion", "tools", "vision"],
    }


NEVER = "9999-12-31T23:59:59Z"


def ollama_running(models: Sequence[Model]) -> Json:
    """As Ollama shows the models in its memory: they are all ready, and stay so."""
    return {
        "models": [{**ollama_model(model), "expires_at": NEVER, "size_vram": 0} for model in models]
    }


OLLAMA_VERSION = "0.13.3"
"""Clients refuse servers that are too old; of this version's API nothing is missing here."""

OLLAMA = Listing(
    paths=("/api/tags",),
    one=ollama_shown,
    many=lambda models: {"models": [ollama_model(model) for model in models]},
    pages={
        "/api/ps": ollama_running,
        "/api/version": lambda models: {"version": OLLAMA_VERSION},
    },
    asked="/api/show",
)
