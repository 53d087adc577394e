"""Microsoft's clouds: OpenAI's models on Azure, and Foundry, which hosts Claude, too.

Azure OpenAI has two URL schemes. With a dated `api_version` the deployment stands in the path
(https://learn.microsoft.com/azure/ai-services/openai/reference); without one, or with `preview`,
it is the body's model (https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle).
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

from providers.dialects.anthropic.messages import hosted
from providers.dialects.openai import realtime
from providers.dialects.openai.compaction import COMPACTS
from providers.dialects.openai.images import hosts as images
from providers.dialects.openai.rules import NO_THOUGHTS, newer_limit, said_thoughts
from providers.operations import Operation
from providers.signing.sign import Call, Secret, api_key
from providers.vendors.forms import (
    FILMS,
    FOUR_STOPS,
    MISTRALS,
    NONE,
    SEARCHES,
    SEARCHING,
    SOUNDS,
    TALKS,
    THOUGHTS,
    VIDEO,
    form,
    items_form,
    of_openai,
    text_form,
    vectors_form,
)
from providers.vendors.provider import Provider

DATED = re.compile(r"\d{4}-\d{2}-\d{2}")
WITH_DEPLOYMENT = frozenset({"openai.chat", "openai.completions", "openai.embeddings"})
WITH_DEPLOYMENT |= {"openai.images", "openai.speech", "openai.transcriptions"}
WITH_DEPLOYMENT |= {"openai.image_edits", "openai.translations"}
"""Dialects whose dated paths name the deployment."""
# https://learn.microsoft.com/azure/ai-foundry/openai/concepts/video-generation,
# https://learn.microsoft.com/azure/foundry/reference/rest/realtime-create-realtime-call: v1 alone.
WITHOUT_DATES = frozenset({"openai.video", "openai.realtime_direct"})


def locate(dialect: str, path: str, options: Mapping[str, str]) -> tuple[str, str]:
    """(prefix, path with the query) of `dialect`, as the backend's `api_version` has it."""
    version = options.get("api_version") or ""
    if dialect.startswith("anthropic."):
        return "/anthropic/v1", path
    query = f"?api-version={quote(version, safe='')}" if version else ""
    if dialect in WITHOUT_DATES and DATED.match(version):
        return "/openai/v1", path
    if not DATED.match(version):
        return "/openai/v1", path + query.replace("?", "&" if "?" in path else "?")
    if dialect == realtime.NAME:
        return "/openai", f"/realtime{query}&deployment={{model}}"
    deployment = "/deployments/{model}" if dialect in WITH_DEPLOYMENT else ""
    return "/openai", deployment + path + query


def both_keys(call: Call, secret: Secret, now: float) -> dict[str, str]:
    """Foundry reads the key of Claude's API in `x-api-key`, that of OpenAI's in `api-key`."""
    return {"api-key": secret["key"], "x-api-key": secret["key"]}


OPENAI = {
    Operation.CHAT: ("openai.chat", "openai.responses"),
    Operation.COMPLETIONS: ("openai.completions",),
    Operation.COUNT_TOKENS: ("openai.input_tokens",),
    **COMPACTS,
    Operation.EMBEDDINGS: ("openai.embeddings",),
    **SOUNDS,
    Operation.IMAGES: ("openai.images",),
    Operation.IMAGE_EDITS: ("openai.image_edits",),
    **FILMS,
}
SAMPLERS = frozenset({"top_k", "min_p", "repetition_penalty", "cache_control"})
FORMS = {
    **form(
        "azure",
        VIDEO | THOUGHTS,
        (FOUR_STOPS, newer_limit, NO_THOUGHTS),
        drops=SAMPLERS | SEARCHES | MISTRALS,
        schemas=of_openai,
    ),
    **text_form("azure", FOUR_STOPS),
    **items_form("azure", NONE, said_thoughts, schemas=of_openai, **SEARCHING),
    **vectors_form("azure"),
    **images.of_openai("azure"),
}
# https://learn.microsoft.com/azure/ai-foundry/openai/latest
KEPT = frozenset(
    f"openai.{operation.value}"
    for operation in (
        Operation.RESPONSES,
        Operation.FILES,
        Operation.UPLOADS,
        Operation.BATCHES,
        Operation.VECTOR_STORES,
        Operation.CONTAINERS,
        Operation.ASSISTANTS,
        Operation.THREADS,
        Operation.FINE_TUNING,
        Operation.EVALS,
        Operation.CONVERSATIONS,
        Operation.STORED_CHATS,
        Operation.VIDEO,
        Operation.REALTIME_DIRECT,
    )
)
CLAUDE = "claude"
OTHERS = f"^(?!.*{CLAUDE})"

PROVIDERS = (
    Provider(
        name="azure",
        title="Azure OpenAI",
        docs="https://learn.microsoft.com/azure/ai-services/openai/reference",
        checked="2026-11",
        about="OpenAI's models in Azure; a model is the name of a deployment.",
        examples={
            "chat": "gpt-5.1",
            "completions": "gpt-35-turbo-instruct",
            "count_tokens": "gpt-5.1",
            "embeddings": "text-embedding-3-small",
            "images": "gpt-image-1",
            "image_edits": "gpt-image-1",
            "speech": "gpt-4o-mini-tts",
            "transcription": "gpt-4o-transcribe",
            "translation": "whisper",
            "video": "sora-2",
        },
        notes={"embeddings": "`dimensions` is for text-embedding-3-small and -large."},
        base_url="https://{instance}.openai.azure.com",
        prefix="/openai/v1",
        locate=locate,
        dialects=OPENAI,
        forms=FORMS,
        options=frozenset({"instance"}),
        keeps=KEPT,
        sessions=TALKS,
        signer=api_key,
        identities=frozenset({"entra"}),
    ),
    Provider(
        name="foundry",
        title="Microsoft Foundry",
        docs="https://learn.microsoft.com/azure/ai-foundry/foundry-models/concepts/endpoints",
        checked="2026-11",
        about="OpenAI's models, Claude and others in Microsoft Foundry.",
        examples={
            "chat": "gpt-5.1",
            "completions": "gpt-35-turbo-instruct",
            "count_tokens": "claude-sonnet-4-5",
            "embeddings": "text-embedding-3-small",
            "images": "gpt-image-1",
            "image_edits": "gpt-image-1",
            "speech": "gpt-4o-mini-tts",
            "transcription": "gpt-4o-transcribe",
            "translation": "whisper",
            "video": "sora-2",
        },
        base_url="https://{instance}.services.ai.azure.com",
        prefix="/openai/v1",
        locate=locate,
        dialects={
            Operation.CHAT: (*OPENAI[Operation.CHAT], "anthropic.messages"),
            Operation.COMPLETIONS: OPENAI[Operation.COMPLETIONS],
            Operation.COUNT_TOKENS: (*OPENAI[Operation.COUNT_TOKENS], "anthropic.count_tokens"),
            Operation.EMBEDDINGS: OPENAI[Operation.EMBEDDINGS],
            **SOUNDS,
            Operation.IMAGES: OPENAI[Operation.IMAGES],
            Operation.IMAGE_EDITS: OPENAI[Operation.IMAGE_EDITS],
            **FILMS,
        },
        speaks={
            **{name: OTHERS for names in OPENAI.values() for name in names},
            "anthropic.messages": CLAUDE,
            "anthropic.count_tokens": CLAUDE,
        },
        forms={**FORMS, "anthropic.messages": hosted.FOUNDRY},
        options=frozenset({"instance"}),
        keeps=KEPT,
        sessions=TALKS,
        signer=both_keys,
        identities=frozenset({"entra"}),
    ),
)
