"""Those who ask for vectors and those who give them, as tests put one before the other."""

import base64
from array import array
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import orjson

from extproc.lab.simulator import vectors
from providers.catalog import DIALECTS, PROVIDERS
from tests.providers.matrix.world import MODEL, Answered, World

Json = dict[str, Any]
Vectors = list[list[float]]


class Target(NamedTuple):
    """A provider's format, and a model that is asked in it."""

    dialect: str
    provider: str
    model: str
    batch: bool = True
    """Whether it takes several inputs at once."""
    lengths: bool = True
    """Whether it can be told how long vectors are to be."""


TARGETS = {
    "openai": Target("openai.embeddings", "openai", "text-embedding-3-small"),
    "mistral": Target("openai.embeddings", "mistral", "mistral-embed"),
    "cohere": Target("cohere.embed", "cohere", "embed-v4.0"),
    "cohere-v3": Target("cohere.embed", "cohere", "embed-english-v3.0", lengths=False),
    "cohere-v1": Target("cohere.embed_v1", "cohere", "embed-english-v3.0", lengths=False),
    "gemini": Target("gemini.batch_embed_contents", "gemini", "gemini-embedding-001"),
    "gemini-one": Target("gemini.embed_content", "gemini", "gemini-embedding-001", batch=False),
    "vertex": Target("gemini.batch_embed_contents", "vertex", "gemini-embedding-2"),
    "vertex-one": Target("gemini.embed_content", "vertex", "gemini-embedding-2", batch=False),
    "predict": Target("gemini.predict", "vertex", "text-embedding-005"),
    "predict-one": Target("gemini.predict", "vertex", "gemini-embedding-001", batch=False),
    "ollama": Target("ollama.embed", "ollama", "all-minilm"),
    "ollama-older": Target("ollama.embeddings", "ollama", "all-minilm", batch=False, lengths=False),
    "huggingface": Target("huggingface.features", "huggingface", "intfloat/e5", lengths=False),
    "titan": Target("bedrock.titan_embed", "bedrock", "amazon.titan-embed-text-v2:0", batch=False),
    "titan-first": Target(
        "bedrock.titan_embed", "bedrock", "amazon.titan-embed-text-v1", batch=False, lengths=False
    ),
    "titan-image": Target(
        "bedrock.titan_embed", "bedrock", "amazon.titan-embed-image-v1", batch=False
    ),
    "nova": Target(
        "bedrock.nova_embed", "bedrock", "amazon.nova-2-multimodal-embeddings-v1:0", batch=False
    ),
    "bedrock-cohere": Target("bedrock.cohere_embed", "bedrock", "cohere.embed-v4:0"),
    "bedrock-cohere-v3": Target(
        "bedrock.cohere_embed", "bedrock", "cohere.embed-english-v3", lengths=False
    ),
}


def _contents(texts: Sequence[str], **wishes: Any) -> Json:
    return {"requests": [{"content": {"parts": [{"text": text}]}, **wishes} for text in texts]}


def _unpacked(text: str) -> list[float]:
    return array("f", base64.b64decode(text)).tolist()


class Client(NamedTuple):
    """A client's format: where it asks, what, and what it understands."""

    path: str
    body: Callable[[Sequence[str]], Json]
    read: Callable[[Any], Vectors]
    sized: Callable[[int], Json] | None
    """What asks for vectors of a length; None: the format has nothing for it."""
    batch: bool = True


GOOGLE = "/v1beta/models/shown"
VERTEX = "/v1beta1/projects/p/locations/r/publishers/google/models/shown"
PIPELINE = "/models/shown/pipeline/feature-extraction"
CLIENTS = {
    "openai": Client(
        "/v1/embeddings",
        lambda texts: {"model": MODEL, "input": texts},
        lambda answer: [each["embedding"] for each in answer["data"]],
        lambda length: {"dimensions": length},
    ),
    "openai-base64": Client(
        "/v1/embeddings",
        lambda texts: {"model": MODEL, "input": texts, "encoding_format": "base64"},
        lambda answer: [_unpacked(each["embedding"]) for each in answer["data"]],
        lambda length: {"dimensions": length},
    ),
    "mistral": Client(
        "/v1/embeddings",
        lambda texts: {"model": MODEL, "input": texts, "output_dtype": "float"},
        lambda answer: [each["embedding"] for each in answer["data"]],
        lambda length: {"output_dimension": length},
    ),
    "cohere": Client(
        "/v2/embed",
        lambda texts: {"model": MODEL, "texts": texts, "input_type": "search_document"},
        lambda answer: answer["embeddings"]["float"],
        lambda length: {"output_dimension": length},
    ),
    "cohere-inputs": Client(
        "/v2/embed",
        lambda texts: {
            "model": MODEL,
            "inputs": [{"content": [{"type": "text", "text": text}]} for text in texts],
            "input_type": "search_document",
            "embedding_types": ["base64"],
        },
        lambda answer: [_unpacked(each) for each in answer["embeddings"]["base64"]],
        lambda length: {"output_dimension": length},
    ),
    "cohere-v1": Client(
        "/v1/embed",
        lambda texts: {"model": MODEL, "texts": texts, "input_type": "search_document"},
        lambda answer: answer["embeddings"],
        None,
    ),
    "gemini": Client(
        f"{GOOGLE}:batchEmbedContents",
        lambda texts: _contents(texts, model="models/shown"),
        lambda answer: [each["values"] for each in answer["embeddings"]],
        None,
    ),
    "gemini-one": Client(
        f"{GOOGLE}:embedContent",
        lambda texts: {"content": {"parts": [{"text": texts[0]}]}},
        lambda answer: [answer["embedding"]["values"]],
        lambda length: {"outputDimensionality": length},
        batch=False,
    ),
    "vertex": Client(
        f"{VERTEX}:batchEmbedContents",
        lambda texts: _contents(texts, embedContentConfig={"autoTruncate": True}),
        lambda answer: [each["values"] for each in answer["embeddings"]],
        None,
    ),
    "vertex-one": Client(
        f"{VERTEX}:embedContent",
        lambda texts: {"content": {"parts": [{"text": texts[0]}]}},
        lambda answer: [answer["embedding"]["values"]],
        lambda length: {"embed_content_config": {"output_dimensionality": length}},
        batch=False,
    ),
    "predict": Client(
        f"{VERTEX}:predict",
        lambda texts: {"instances": [{"content": text} for text in texts]},
        lambda answer: [each["embeddings"]["values"] for each in answer["predictions"]],
        lambda length: {"parameters": {"outputDimensionality": length}},
    ),
    "ollama": Client(
        "/api/embed",
        lambda texts: {"model": MODEL, "input": texts},
        lambda answer: answer["embeddings"],
        lambda length: {"dimensions": length},
    ),
    "ollama-older": Client(
        "/api/embeddings",
        lambda texts: {"model": MODEL, "prompt": texts[0]},
        lambda answer: [answer["embedding"]],
        None,
        batch=False,
    ),
    "huggingface": Client(
        PIPELINE,
        lambda texts: {"inputs": texts},
        lambda answer: answer,
        lambda length: {"dimensions": length},
    ),
    "huggingface-one": Client(
        PIPELINE,
        lambda texts: {"inputs": texts[0]},
        lambda answer: [answer],
        None,
        batch=False,
    ),
}


def world(target: str) -> World:
    """A gateway before one provider."""
    dialect, provider, model, *_ = TARGETS[target]
    return World(dialect, provider=PROVIDERS[provider], model=model)


def asked(before: World, client: str, body: Json) -> Answered:
    """What the client gets."""
    sent = orjson.dumps(body)
    return before.ask(CLIENTS[client].path, [("content-type", "application/json")], sent)


def passes(client: str, target: str) -> bool:
    """Whether the client speaks the provider's format."""
    path = CLIENTS[client].path.partition("shown")
    places = [each.path for each in DIALECTS[TARGETS[target].dialect].client]
    return any(each.endswith(path[2] or path[0]) for each in places)


def wanted(texts: Sequence[str], length: int | None = None) -> Vectors:
    """The vectors that the simulator has for them."""
    return [vectors.floats(text, length) for text in texts]
