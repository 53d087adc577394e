"""What rows of OpenAI-compatible providers are made of: dialects, forms of them, quirks.

Parameters that a vendor ignores are left in; those that it answers with an error are listed, as
hints (`drops`) or as meaning (`refuses`); so are features of the dialect that it `lacks`.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Dialect
from providers.bridging.fidelity import Feature
from providers.dialects.openai import (
    chat,
    completions,
    embeddings,
    realtime,
    resources,
    responses,
    searches,
)
from providers.dialects.openai.chat.edits import SEED
from providers.dialects.openai.rules import (
    NO_THOUGHTS,
    Rule,
    at_most_stops,
    keeping,
    lost_thoughts,
)
from providers.neutral.chat import ChatRequest
from providers.neutral.schemas.subset import Schemas
from providers.neutral.schemas.subsets import OF_OPENAI
from providers.operations import Operation
from providers.vendors.provider import Provider

DIALECTS = {Operation.CHAT: ("openai.chat",)}
BOTH = {Operation.CHAT: ("openai.chat", "openai.responses")}
"""For those who serve OpenAI's Responses, too."""
CLAUDES_WAY = {Operation.CHAT: ("openai.chat", "anthropic.messages")}
"""For those who serve Anthropic's Messages, too."""
ALL_WAYS = {Operation.CHAT: (*BOTH[Operation.CHAT], "anthropic.messages")}
"""For those who serve both."""
COUNTS = {Operation.COUNT_TOKENS: ("anthropic.count_tokens",)}
"""For those who count tokens in Anthropic's format."""
FUNCTIONS_ONLY = frozenset({"openai.chat", "openai.responses"})
"""OpenAI's other tools that clients run (custom, shell, namespace, …) are known to OpenAI alone."""
TEXT = {Operation.COMPLETIONS: ("openai.completions",)}
"""For those who continue a text by themselves; at others a chat does it."""
VECTORS = {Operation.EMBEDDINGS: ("openai.embeddings",)}
"""For those who embed in OpenAI's format."""
SPEAKS = {Operation.SPEECH: ("openai.speech",)}
HEARS = {Operation.TRANSCRIPTION: ("openai.transcriptions",)}
TRANSLATES = {Operation.TRANSLATION: ("openai.translations",)}
SOUNDS = {**SPEAKS, **HEARS, **TRANSLATES}
"""For those who have OpenAI's audio: all of it, or a part."""
PICTURES = {Operation.IMAGES: ("openai.images",)}
"""For those who make pictures in OpenAI's format."""
RANKS = {Operation.RERANK: ("jina.rerank",)}
"""For those who rank texts as servers of open models do."""
EDITS = {Operation.IMAGE_EDITS: ("openai.image_edits", "openai.image_variations")}
FILMS = {Operation.VIDEO: ("openai.video",)}
FILMS_KEPT = frozenset({"openai.video"})
"""For those who make films in OpenAI's format."""

ALL_KEPT = frozenset(resource.name for resource in resources.RESOURCES)
ANSWERS_KEPT = frozenset({"openai.responses"})
BATCHED = frozenset({"openai.files", "openai.batches"})

TALKS = (realtime.REALTIME,)
"""For those who hold realtime sessions in OpenAI's format."""
XAIS_TALKS = (msgspec.structs.replace(realtime.REALTIME, provider_side=None),)
"""xAI's sessions are set up in words of their own: https://docs.x.ai/docs/guides/voice."""
SEARCHING = responses.searching(searches.write_tool)
"""OpenAI's own tool of the Responses API."""

# Parameters of servers of open models; OpenAI answers "Unrecognized request argument".
SAMPLERS = frozenset({"top_k", "min_p", "repetition_penalty"})

MISTRALS = frozenset({"safe_prompt", "prompt_mode", "document_image_limit", "document_page_limit"})
"""What clients of Mistral's SDK say and nobody else knows: https://docs.mistral.ai/api/endpoint/chat"""

GROQS_SEARCH = frozenset({"search_settings", "compound_custom"})
"""What Groq's systems are told of a search: https://console.groq.com/docs/compound."""
XAIS_SEARCH = frozenset({"search_parameters"})
SEARCHES = GROQS_SEARCH | XAIS_SEARCH
"""Those who check their input strictly answer with an error; a search is a hint where nobody
searches."""

# OpenAI's own; those who check their input strictly answer with an error.
OPENAI_ONLY = frozenset(
    {
        "logit_bias",
        "metadata",
        "prediction",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "store",
        "verbosity",
    }
)

SPOKEN = frozenset({"modalities", "audio"})

MAX_TOKENS = {"max_completion_tokens": "max_tokens"}
"""For those who do not know OpenAI's newer name."""

VIDEO = frozenset({Feature.VIDEO_DATA, Feature.VIDEO_URL})
PICTURE_LINKS = frozenset({Feature.IMAGE_URL})
PICTURED = PICTURE_LINKS | {Feature.IMAGE_DATA}
FORCED = frozenset({Feature.TOOL_CHOICE_REQUIRED, Feature.TOOL_CHOICE_NAMED})
"""That a tool must be called."""

SOUND = frozenset({Feature.AUDIO_DATA})
FILES = frozenset({Feature.DOCUMENT_DATA, Feature.DOCUMENT_FILE})
THOUGHTS = frozenset({Feature.THINKING})
"""`reasoning_content` in earlier turns."""
NONE: frozenset[Feature] = frozenset()


def form(
    host: str, lacks: frozenset[Feature], rules: tuple[Rule, ...] = (), **facts: Any
) -> Mapping[str, ChatDialect]:
    """OpenAI's chat format as a host takes it that does not know `lacks` and demands `rules`."""
    talk = chat.DIALECT
    known = talk.carries - lacks
    edits = keeping(talk.edits, *rules) if rules else talk.edits
    if NO_THOUGHTS in rules:
        facts["loses"] = lost_thoughts
    own = msgspec.structs.replace(talk, host=host, client=(), carries=known, edits=edits, **facts)
    return {talk.name: own}


def text_form(host: str, *rules: Rule) -> Mapping[str, ChatDialect]:
    """OpenAI's format of text completions as a host takes it that demands `rules`."""
    text = completions.DIALECT
    edits = keeping(text.edits, *rules)
    return {text.name: msgspec.structs.replace(text, host=host, client=(), edits=edits)}


def of_openai(request: ChatRequest) -> Schemas:
    """OpenAI's own models, wherever they are served."""
    return OF_OPENAI


def items_form(
    host: str, lacks: frozenset[Feature] = frozenset(), *rules: Rule, **facts: Any
) -> Mapping[str, ChatDialect]:
    """OpenAI's Responses as a host takes them that does not know `lacks` and demands `rules`."""
    talk = responses.DIALECT
    known = talk.carries - lacks
    edits = keeping(talk.edits, *rules) if rules else talk.edits
    if NO_THOUGHTS in rules:
        facts["loses"] = lost_thoughts
    own = msgspec.structs.replace(talk, host=host, client=(), carries=known, edits=edits, **facts)
    return {talk.name: own}


def vectors_form(host: str) -> Mapping[str, Dialect]:
    """OpenAI's embeddings as OpenAI and Azure serve them."""
    return {embeddings.NAME: embeddings.strict(host)}


FOUR_STOPS = at_most_stops(4)
"""https://platform.openai.com/docs/api-reference/chat/create#chat-create-stop"""


def row(name: str, title: str, host: str, docs: str, checked: str, **facts: Any) -> Provider:
    """A vendor in the internet, found by https."""
    facts.setdefault("dialects", DIALECTS)
    facts.setdefault("functions_only", FUNCTIONS_ONLY)
    if SEED not in facts.get("renames", {}).values():
        facts["drops"] = facts.get("drops", frozenset()) | MISTRALS
    lacks, rules = facts.pop("lacks", NONE), facts.pop("rules", ())
    own = {"schemas": facts.pop("schemas")} if "schemas" in facts else {}
    if lacks or rules:
        facts["forms"] = {**form(name, lacks, rules, **own), **facts.pop("forms", {})}
    return Provider(
        name=name, title=title, docs=docs, checked=checked, base_url=f"https://{host}", **facts
    )


def own(name: str, title: str, docs: str, checked: str, **facts: Any) -> Provider:
    """A server of one's own: the user says where it is, and it seldom wants a key."""
    rules = facts.pop("rules", ())
    if rules:
        facts["forms"] = form(name, NONE, rules)
    return Provider(
        name=name,
        title=title,
        docs=docs,
        checked=checked,
        dialects=facts.pop("dialects", DIALECTS),
        options=facts.pop("options", frozenset({"base_url"})),
        keyless=facts.pop("keyless", True),
        functions_only=FUNCTIONS_ONLY,
        **facts,
    )


SAY_WHAT_FOR = (
    "Models for search want `input_type`, of the client or of the route's `request.defaults`."
)
