"""What a client asks of a provider for each capability, and gateway.yaml for all of them."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import yaml

from extproc.config.resources import is_stored
from extproc.lab.simulator.pictures import BYTES
from extproc.reference import backends
from extproc.reference.cells import Cell, cells
from providers.catalog import DIALECTS, PROVIDERS, kept_by
from providers.vendors.provider import Provider

HELLO = [{"role": "user", "content": "say hello"}]
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
MODEL = "{model}"
"""In the place of a model that stands deep in a request."""
REQUESTS: Mapping[str, Mapping[str, Any]] = {
    "agents": {"messages": HELLO, "max_tokens": 64},
    "interactions": {"input": "Hello"},
    "chat": {"messages": HELLO, "max_tokens": 64, "temperature": 0.5},
    "completions": {"prompt": "once upon", "max_tokens": 16},
    "embeddings": {"input": "red"},
    "function_calling": {"messages": HELLO, "tools": [TOOL]},
    "responses": {"input": "say hello"},
    "retrieve_and_generate": {
        "input": {"text": "say hello"},
        "retrieveAndGenerateConfiguration": {
            "type": "KNOWLEDGE_BASE",
            "knowledgeBaseConfiguration": {"knowledgeBaseId": "KB12345678", "modelArn": MODEL},
        },
    },
    "count_tokens": {"input": "say hello"},
    "tokenize": {"text": "say hello"},
    "detokenize": {"tokens": [3, 5]},
    "rerank": {"query": "blue moon", "documents": ["a moon", "a blue moon"], "top_n": 1},
    "moderations": {"input": "say hello"},
    "classification": {"input": "say hello"},
    "ocr": {"document": {"type": "document_url", "document_url": "https://a.test/b.pdf"}},
    "audio.speech": {"input": "say hello", "voice": "alloy"},
    "image.generations": {"prompt": "a fox"},
    "image.edits": {"prompt": "bluer"},
    "video.generations": {"prompt": "a fox in the snow", "seconds": "8", "size": "1280x720"},
}
OWN: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("bedrock", "video.generations"): {"seconds": "6"},
}
"""(provider, key of a capability) → what it is asked instead, for it does not make the usual."""
RECORDING = ("fox.wav", b"RIFF\x00\x01the quick brown fox", "audio/wav")
FILES = {
    "audio.transcriptions": {"file": RECORDING},
    "audio.translations": {"file": RECORDING},
    "image.edits": {"image": ("a.png", BYTES, "image/png")},
}
"""Key of a capability → files of its form."""
BOUNDARY = "multipart/form-data; boundary=between"
HOST = "{name}.internal.test"
"""Where a server of one's own is."""


def shown(provider: Provider, cell: Cell) -> str:
    """The client's name for the model."""
    return f"{provider.name}:{cell.capability.operation}"


def asked(provider: Provider, cell: Cell, *, stream: bool = False) -> httpx.Request:
    """The request of a client, whose URL lacks a host."""
    client = DIALECTS[cell.capability.client]
    place = next(one for one in client.client if one.stream in (None, stream))
    path = place.path
    own = OWN.get((provider.name, cell.capability.key), {})
    said = REQUESTS.get(cell.capability.key, {})
    body = {client.member: shown(provider, cell), **said, **own}
    if client.model_in is not None:
        body = json.loads(json.dumps(said).replace(MODEL, shown(provider, cell)))
    if stream and place.stream is None:
        body["stream"] = True
    files = FILES.get(cell.capability.key)
    if files is None:
        return httpx.Request("POST", f"http://gateway.test{path}", json=body)
    headers = {"content-type": BOUNDARY}
    url = f"http://gateway.test{path}"
    request = httpx.Request("POST", url, data=body, files=files, headers=headers)
    request.read()
    return request


def backend(provider: Provider) -> dict[str, Any]:
    """The backend of the provider's own page."""
    made: dict[str, Any] = yaml.safe_load(backends.minimal(provider))["backends"][provider.name]
    if "base_url" in made or provider.base_url.startswith("http:"):
        made["base_url"] = f"https://{HOST.format(name=provider.name)}"
    if any(map(is_stored, kept_by(provider).values())):
        made["bucket"] = backends.BUCKET
    return made


def configuration(**more: Any) -> dict[str, Any]:
    """gateway.yaml with every provider, and a route for each operation of each."""
    routes: dict[str, dict[str, Any]] = {}
    for provider in PROVIDERS.values():
        for cell in cells(provider):
            name = shown(provider, cell)
            model = cell.example or backends.ANY_MODEL
            routes[name] = {
                "models": [name],
                "backends": [{"backend": provider.name, "model": model}],
            }
    made = {name: {**backend(provider), **more} for name, provider in PROVIDERS.items()}
    return {"backends": made, "routes": list(routes.values())}
