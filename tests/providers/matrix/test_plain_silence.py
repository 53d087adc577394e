"""Whatever a client asks beside conversations, and a provider cannot be told, is named."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson
import pytest

from providers.catalog import DIALECTS, PROVIDERS
from providers.wire import multipart
from tests.providers.matrix.asked import CLIENTS, GOOGLE, PIXEL, Client, Target, targets
from tests.providers.matrix.fields import with_field
from tests.providers.matrix.world import World

JSON = "application/json"
HOSTED = frozenset({"openai.embeddings", "jina.rerank"})
"""Formats of which hosts have words of their own that the simulator does not know."""
EVERYWHERE = frozenset(DIALECTS)
IMPLIED = {
    # It is the client's own dialect that writes its vectors, its pictures, its transcripts.
    ("openai.embeddings", "encoding_format"): EVERYWHERE,
    ("mistral.embeddings", "encoding_format"): EVERYWHERE,
    ("huggingface.features", "encoding_format"): EVERYWHERE,
    ("cohere.embed", "embedding_types"): EVERYWHERE,
    ("cohere.embed_v1", "embedding_types"): EVERYWHERE,
    ("bedrock.cohere_embed", "embedding_types"): EVERYWHERE,
    ("openai.images", "response_format"): EVERYWHERE,
    ("openai.image_edits", "response_format"): EVERYWHERE,
    ("openai.image_variations", "response_format"): EVERYWHERE,
    ("openai.transcriptions", "response_format"): EVERYWHERE,
    ("openai.translations", "response_format"): EVERYWHERE,
    ("cohere.rerank_v1", "return_documents"): EVERYWHERE,
    # What it asks for is so unasked.
    ("gemini.embed_content", "autoTruncate"): {"bedrock.nova_embed"},
    ("vertex.embed_content", "embedContentConfig.autoTruncate"): {"bedrock.nova_embed"},
    ("gemini.predict", "parameters.autoTruncate"): {"bedrock.nova_embed"},
    ("ollama.embed", "truncate"): {"bedrock.nova_embed"},
    ("huggingface.features", "truncate"): {"gemini.predict"},
    ("vllm.tokenize", "return_token_strs"): {"cohere.tokenize"},
    ("openai.transcriptions", "timestamp_granularities"): {"elevenlabs.transcripts"},
    ("mistral.transcripts", "timestamp_granularities"): {"elevenlabs.transcripts"},
    ("bedrock.stability", "mode"): EVERYWHERE,
    # Of an order that names all, the best are told.
    ("cohere.rerank", "top_n"): {"nvidia.ranking"},
    ("cohere.rerank_v1", "top_n"): {"nvidia.ranking"},
    ("bedrock.invoke_rerank", "top_n"): {"nvidia.ranking"},
}


class Outcome:
    """What became of a request."""

    def __init__(self, client: Client, target: Target, body: dict[str, Any], valid: bool) -> None:
        provider = PROVIDERS[target.provider]
        world = World(target.dialect, provider=provider, model=target.model, validate=valid)
        data, kind = multipart.render(body) if client.form else (orjson.dumps(body), JSON)
        self.answer = world.ask(client.path, [("content-type", kind)], data)
        self.sent = _sent(world)
        named = dict(self.answer.headers).get("x-ai-dropped-params", "")
        self.dropped = {name for name in named.split(", ") if name}


def _sent(world: World) -> Any:
    """(path and query, body) that the provider got, or None."""
    if not world.sent:
        return None
    record = world.sent[-1]
    kind = dict(record.headers).get("content-type", "")
    if multipart.is_form(kind):
        return record.target, multipart.parse(record.body, kind).members()
    return record.target, orjson.loads(record.body)


def base_of(client: Client, field: str) -> dict[str, Any]:
    """A request without the member."""
    body = client.base
    for path, value in client.needs.get(field, {}).items():
        body = with_field(body, path, value)
    return body


@cache
def without(name: str, target: Target, field: str) -> Outcome:
    """What becomes of it without what `field` asks; `field` is empty where it needs nothing."""
    client = CLIENTS[name]
    return Outcome(client, target, base_of(client, field), is_told_apart(name, target))


def is_told_apart(name: str, target: Target) -> bool:
    """Whether the simulator knows what that provider takes, and the gateway writes it."""
    spoken = CLIENTS[name].dialect or name
    return target.dialect not in (spoken, *HOSTED) or target.provider == "openai"


def fate(name: str, target: Target, field: str) -> tuple[str, Outcome]:
    """`carried`, `refused: …`, `nearest: names`, `dropped: names`, `invalid: …`, `silent`, or
    `never` where the provider can make nothing of such a request anyway."""
    client = CLIENTS[name]
    before = without(name, target, field if field in client.needs else "")
    having = with_field(base_of(client, field), field, client.values[field])
    after = Outcome(client, target, having, is_told_apart(name, target))
    said = after.answer.body.decode(errors="replace")
    if after.sent is None:
        assert after.answer.status == 400, after.answer
        return f"refused: {said}" if before.sent else "never", after
    if after.answer.status != 200 and target.dialect != (client.dialect or name):
        return f"invalid: {said}", after
    words = (field, field.rpartition(".")[2], client.aliases.get(field, field))
    if before.sent is None:
        return "carried", after
    lost = after.dropped - before.dropped or after.dropped.intersection(words)
    if lost:
        what = "dropped" if after.sent == before.sent else "nearest"
        return f"{what}: {', '.join(sorted(lost))}", after
    return "carried" if after.sent != before.sent else "silent", after


def is_said(client: Client, field: str, name: str) -> bool:
    """Whether the client knows what is meant by a name."""
    body = with_field(base_of(client, field), field, client.values[field])
    own = client.aliases.get(field, field)
    return name in (own, *_names(body)) or name in {own.rpartition(".")[2]}


def _names(body: dict[str, Any], at: str = "") -> Iterator[str]:
    """The members of an object, each by its own name and by its path."""
    for name, value in body.items():
        yield from (name, at + name)
        if isinstance(value, dict):
            yield from _names(value, f"{at}{name}.")


@pytest.mark.parametrize("name", CLIENTS)
def test_every_member_of_the_sdk_is_tried(name: str):
    assert set(CLIENTS[name].known) - CLIENTS[name].values.keys() == set()


FIELDS = [(name, field) for name, client in CLIENTS.items() for field in client.values]


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_a_member_is_carried_refused_or_named(name: str, field: str):
    client = CLIENTS[name]
    words = {field, field.rpartition(".")[2], client.aliases.get(field, field)}
    wrong = {}
    for shown, target in targets(client.operation).items():
        what, outcome = fate(name, target, field)
        kind, _, told = what.partition(": ")
        if kind == "silent" and target.dialect in IMPLIED.get((name, field), ()):
            continue
        strange = {each for each in outcome.dropped if not is_said(client, field, each)}
        assert strange == set(), shown
        unnamed = kind in ("refused", "nearest", "dropped") and not any(
            word.lower() in told.lower() for word in words
        )
        if unnamed or kind in ("silent", "invalid"):
            wrong[shown] = what
    assert wrong == {}


PICTURE = {"url": f"data:image/png;base64,{PIXEL}"}
DEEP: dict[str, tuple[str, str, dict[str, Any], set[str]]] = {
    "cohere.embed": (
        "gemini.embed_content@vertex",
        "/v2/embed",
        {
            "model": "shown",
            "inputs": [
                {
                    "content": [
                        {"type": "text", "text": "red", "odd": 1},
                        {"type": "image_url", "image_url": {**PICTURE, "detail": "high", "odd": 1}},
                    ],
                    "other": 1,
                }
            ],
        },
        {
            "inputs.content.odd",
            "inputs.content.image_url.odd",
            "inputs.content.image_url.detail",
            "inputs.other",
        },
    ),
    "gemini.embed_content": (
        "openai.embeddings@openai",
        f"{GOOGLE}:embedContent",
        {
            "content": {"parts": [{"text": "red", "videoMetadata": {"fps": 2}}]},
            "embed_content_config": {"mime_type": "text/plain"},
        },
        {"content.parts.videoMetadata", "embed_content_config.mime_type"},
    ),
    "gemini.batch_embed_contents": (
        "openai.embeddings@openai",
        f"{GOOGLE}:batchEmbedContents",
        {
            "requests": [
                {"content": {"parts": [{"text": "red"}]}},
                {"content": {"parts": [{"text": "red", "thought": True}], "odd": 1}},
            ]
        },
        {"requests.content.parts.thought", "requests.content.odd"},
    ),
    "openai.video": (
        "gemini.video@gemini",
        "/v1/videos",
        {
            "model": "shown",
            "prompt": "a cat",
            "input_reference": {"image_url": PICTURE["url"], "odd": 1},
        },
        {"input_reference.odd"},
    ),
}


@pytest.mark.parametrize("name", DEEP)
def test_what_stands_deeper_is_named_by_its_path(name: str):
    shown, path, body, lost = DEEP[name]
    operation = DIALECTS[name].operation.value
    client = Client(operation, path, body, {})
    outcome = Outcome(client, targets(operation)[shown], body, True)
    assert outcome.answer.status == 200, outcome.answer
    assert outcome.dropped == lost
