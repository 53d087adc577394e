"""Text completions: whatever a client asks and a provider cannot be told is refused or named."""

import inspect
from typing import Any

import cohere
import pytest
from huggingface_hub import TextGenerationInputGenerateParameters
from mistralai.client.models import FIMCompletionRequest
from ollama._types import GenerateRequest
from openai.types.completion_create_params import CompletionCreateParamsBase

from tests.e2e.clients.backends import CHAT
from tests.providers.matrix.fates import fate
from tests.providers.matrix.fields import SCHEMA, with_field

BASE: dict[str, dict[str, Any]] = {
    "anthropic.complete": {
        "model": "shown",
        "prompt": "\n\nHuman: hi\n\nAssistant:",
        "max_tokens_to_sample": 4000,
    },
    "cohere.generate": {"model": "shown", "prompt": "hi"},
    "huggingface.generate": {"inputs": "hi", "parameters": {}},
    "mistral.fim": {"model": "shown", "prompt": "hi"},
    "ollama.generate": {"model": "shown", "prompt": "hi", "stream": False},
    "openai.completions": {"model": "shown", "prompt": "hi"},
}
"""A small request of each format."""
TARGETS = (*BASE, *CHAT, "llama.generate")

VALUES: dict[str, dict[str, Any]] = {
    "anthropic.complete": {
        "max_tokens_to_sample": 77,
        "temperature": 0.5,
        "top_p": 0.5,
        "top_k": 5,
        "stop_sequences": ["END"],
        "metadata": {"user_id": "u"},
        "betas": ["b"],
    },
    "cohere.generate": {
        "num_generations": 2,
        "max_tokens": 77,
        "truncate": "END",
        "temperature": 0.5,
        "seed": 5,
        "preset": "p",
        "end_sequences": ["END"],
        "stop_sequences": ["END"],
        "k": 5,
        "p": 0.5,
        "frequency_penalty": 0.5,
        "presence_penalty": 0.5,
        "return_likelihoods": "GENERATION",
        "raw_prompting": True,
    },
    "huggingface.generate": {
        "parameters.adapter_id": "a",
        "parameters.best_of": 2,
        "parameters.decoder_input_details": True,
        "parameters.do_sample": True,
        "parameters.frequency_penalty": 0.5,
        "parameters.grammar": {"type": "json", "value": SCHEMA},
        "parameters.max_new_tokens": 77,
        "parameters.repetition_penalty": 1.5,
        "parameters.seed": 5,
        "parameters.stop": ["END"],
        "parameters.temperature": 0.5,
        "parameters.top_k": 5,
        "parameters.top_n_tokens": 3,
        "parameters.top_p": 0.5,
        "parameters.truncate": 5,
        "parameters.typical_p": 0.5,
        "parameters.watermark": True,
    },
    "mistral.fim": {
        "max_tokens": 77,
        "metadata": {"a": "b"},
        "min_tokens": 5,
        "prompt_cache_key": "k",
        "random_seed": 5,
        "stop": ["END"],
        "suffix": "x",
        "temperature": 0.5,
        "top_p": 0.5,
    },
    "ollama.generate": {
        "suffix": "x",
        "system": "s",
        "template": "t",
        "context": [1],
        "raw": True,
        "images": ["iVBORw0KGgo="],
        "think": True,
        "logprobs": True,
        "top_logprobs": 2,
        "width": 5,
        "height": 5,
        "steps": 5,
        "format": SCHEMA,
        "keep_alive": "5m",
        "options.num_ctx": 4096,
        "options.num_predict": 77,
        "options.repeat_penalty": 1.5,
        "options.seed": 5,
        "options.stop": ["END"],
        "options.temperature": 0.5,
        "options.top_k": 5,
    },
    "openai.completions": {
        "best_of": 2,
        "echo": True,
        "frequency_penalty": 0.5,
        "logit_bias": {"5": 1},
        "logprobs": 3,
        "max_tokens": 77,
        "n": 2,
        "presence_penalty": 0.5,
        "seed": 5,
        "stop": ["END"],
        "suffix": "x",
        "temperature": 0.5,
        "top_p": 0.5,
        "user": "u",
    },
}
ANSWERS = {"stream", "parameters.details", "parameters.return_full_text", "stream_options"}
"""Fields that only say what the answer shall look like, which it does."""
CARRIERS = {"self", "model", "prompt", "request_options"}
ALIASES = {
    "parameters.do_sample": "temperature",
    "parameters.top_n_tokens": "logprobs",
    "metadata": "user",
}
"""Fields that are known by the name of what they ask for."""


def sdk_fields(client: str) -> set[str]:
    """The fields that the official SDK has for a request."""
    match client:
        case "openai.completions":
            return set(CompletionCreateParamsBase.__annotations__)
        case "cohere.generate":
            return set(inspect.signature(cohere.Client.generate).parameters)
        case "huggingface.generate":
            known = TextGenerationInputGenerateParameters.__dataclass_fields__
            return {f"parameters.{name}" for name in known}
        case "mistral.fim":
            return set(FIMCompletionRequest.model_fields)
        case "ollama.generate":
            return set(GenerateRequest.model_fields) - {"options"}
    return set()  # the SDK has lost its type


@pytest.mark.parametrize("client", BASE)
def test_every_field_of_the_sdk_is_tried(client: str):
    assert sdk_fields(client) - VALUES[client].keys() - CARRIERS - ANSWERS == set()


FIELDS = [(client, field) for client in BASE for field in VALUES[client]]


@pytest.mark.parametrize(("client", "field"), FIELDS)
def test_a_field_is_carried_refused_or_named(client: str, field: str):
    having = with_field(BASE[client], field, VALUES[client][field])
    fates = {
        target: fate(client, target, BASE[client], having) for target in TARGETS if target != client
    }
    assert {target for target, what in fates.items() if what == "silent"} == set()
    words = {field, field.rpartition(".")[2], ALIASES.get(field, field)}
    unnamed = {
        target: what
        for target, what in fates.items()
        if what.startswith(("refused: {", "nearest", "dropped"))
        and not any(word in what for word in words)
    }
    assert unnamed == {}
