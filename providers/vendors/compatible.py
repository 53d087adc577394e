"""Makers of models that serve them in OpenAI's formats, one row each.

A row says where its facts come from, and when they were last looked up.
"""

from providers.bridging.fidelity import Feature
from providers.dialects.cohere import rerank
from providers.dialects.openai import chat, embeddings, live_search, responses, searches
from providers.dialects.openai import embedding_hosts as vectors
from providers.dialects.openai.compaction import COMPACTS
from providers.dialects.openai.images import hosts as images
from providers.dialects.openai.rules import (
    NO_THOUGHTS,
    newer_limit,
    remembered_thoughts,
    system_for_developer,
    thoughtless,
)
from providers.operations import Operation
from providers.vendors import mistral
from providers.vendors.forms import (
    ALL_KEPT,
    ALL_WAYS,
    ANSWERS_KEPT,
    BOTH,
    DIALECTS,
    EDITS,
    FILES,
    FILMS,
    FILMS_KEPT,
    FOUR_STOPS,
    MAX_TOKENS,
    NONE,
    OPENAI_ONLY,
    PICTURED,
    PICTURES,
    RANKS,
    SAMPLERS,
    SEARCHES,
    SEARCHING,
    SOUND,
    SOUNDS,
    SPOKEN,
    TALKS,
    TEXT,
    THOUGHTS,
    VECTORS,
    VIDEO,
    XAIS_TALKS,
    form,
    items_form,
    of_openai,
    row,
    text_form,
    vectors_form,
)

# https://platform.openai.com/docs/assistants/migration; SDKs send it by themselves.
ASSISTED = "A client says `OpenAI-Beta: assistants=v2`, which goes along."

PROVIDERS = (
    row(
        "openai",
        "OpenAI",
        "api.openai.com",
        "https://platform.openai.com/docs/api-reference/chat/create",
        "2026-11",
        about="GPT, GPT Image, Sora, Whisper and text embeddings, by OpenAI's own API.",
        examples={
            "chat": "gpt-5.1",
            "completions": "gpt-3.5-turbo-instruct",
            "count_tokens": "gpt-5.1",
            "embeddings": "text-embedding-3-small",
            "images": "gpt-image-1",
            "image_edits": "gpt-image-1",
            "moderations": "omni-moderation-latest",
            "speech": "gpt-4o-mini-tts",
            "transcription": "gpt-4o-transcribe",
            "translation": "whisper-1",
            "video": "sora-2",
        },
        notes={
            "embeddings": "`dimensions` is for text-embedding-3-small and -large.",
            **dict.fromkeys(("assistants", "threads"), ASSISTED),
            "realtime": "`OpenAI-Beta: realtime=v1` is for the beta's form of it alone.",
        },
        functions_only=frozenset(),
        drops=SAMPLERS | SEARCHES | {"cache_control"},
        lacks=VIDEO | THOUGHTS,
        rules=(FOUR_STOPS, newer_limit, NO_THOUGHTS),
        schemas=of_openai,
        forms={
            **text_form("openai", FOUR_STOPS),
            **items_form("openai", schemas=of_openai, **SEARCHING),
            **vectors_form("openai"),
            **images.of_openai("openai"),
        },
        # https://platform.openai.com/docs/api-reference/responses
        dialects={
            **BOTH,
            **TEXT,
            Operation.COUNT_TOKENS: ("openai.input_tokens",),
            **COMPACTS,
            **VECTORS,
            **SOUNDS,
            **PICTURES,
            **EDITS,
            Operation.MODERATIONS: ("openai.moderations",),
            **FILMS,
        },
        keeps=ALL_KEPT | FILMS_KEPT,
        sessions=TALKS,
        # https://platform.openai.com/docs/models: the models of v1/completions.
        # "Only dall-e-2 is supported": api-reference/images/createVariation.
        speaks={
            "openai.completions": "instruct|davinci|babbage",
            "openai.image_variations": "dall-e-2",
        },
    ),
    row(
        "xai",
        "xAI",
        "api.x.ai",
        "https://docs.x.ai/docs/api-reference",
        "2026-11",
        about="Grok: chats, tools, pictures and films.",
        examples={"chat": "grok-4", "images": "grok-2-image", "video": "grok-imagine-video"},
        dialects=BOTH | PICTURES | {Operation.VIDEO: ("xai.video",)},
        rules=(live_search.is_gone,),
        forms={**images.XAI, **items_form("xai", **responses.searching(searches.write_xai))},
        # https://docs.x.ai/docs/guides/responses-api, https://docs.x.ai/docs/guides/files
        keeps=ANSWERS_KEPT | {"openai.files", "xai.video", "openai.realtime_direct"},
        sessions=XAIS_TALKS,
    ),
    # Unknown parameters are ignored, max_completion_tokens and n (which the reference has not) with
    # them; a schema is an error.
    # https://api-docs.deepseek.com/guides/thinking_mode
    row(
        "deepseek",
        "DeepSeek",
        "api.deepseek.com",
        "https://api-docs.deepseek.com/api/create-chat-completion",
        "2026-11",
        about="DeepSeek's models, by its own API.",
        examples={"chat": "deepseek-chat", "completions": "deepseek-chat"},
        notes={"completions": "A beta of the vendor's, which fills in the middle."},
        refuses=frozenset({"n"}),
        renames=MAX_TOKENS,
        lacks=frozenset({Feature.JSON_SCHEMA}),
        rules=(thoughtless, system_for_developer, remembered_thoughts),
        # https://api-docs.deepseek.com/guides/fim_completion, /guides/anthropic_api, /guides/safety
        dialects=ALL_WAYS | TEXT,
        asked_for=frozenset({"anthropic.messages", "openai.responses"}),
        prefixes={
            "openai.completions": "/beta",
            "openai.responses": "",
            "anthropic.messages": "/anthropic/v1",
        },
    ),
    row(
        "mistral",
        "Mistral AI",
        "api.mistral.ai",
        "https://docs.mistral.ai/api/",
        "2026-11",
        about="Mistral's models, by its own API.",
        examples={
            "chat": "mistral-large-latest",
            "completions": "codestral-latest",
            "embeddings": "mistral-embed",
            "speech": "voxtral-mini-tts-latest",
            "transcription": "voxtral-mini-latest",
            "moderations": "mistral-moderation-latest",
            "ocr": "mistral-ocr-latest",
            "agents": "ag:8e2706f0:20241030:writer:e3d2f9b5",
            "classification": "ft:classifier:ministral-3b-latest",
        },
        dialects={
            **DIALECTS,
            **VECTORS,
            Operation.COMPLETIONS: ("mistral.fim",),
            Operation.SPEECH: ("mistral.speech",),
            Operation.TRANSCRIPTION: ("mistral.transcripts",),
            Operation.MODERATIONS: ("mistral.moderations",),
            Operation.OCR: ("mistral.ocr",),
            Operation.AGENTS: ("mistral.agents",),
            Operation.CLASSIFICATION: mistral.JUDGES,
        },
        # https://docs.mistral.ai/capabilities/code_generation: the others only talk.
        speaks={"mistral.fim": "codestral"},
        keeps=frozenset({"openai.files", "mistral.jobs"}),
        drops=mistral.DROPS,
        refuses=mistral.REFUSES,
        renames=mistral.RENAMES,
        forms={embeddings.NAME: embeddings.MISTRAL},
        stream_usage=False,
        lacks=mistral.LACKS,
        rules=mistral.RULES,
    ),
    # No version in the path. Function calls and the rest of `refuses` are silently ignored: they
    # are no part of the reference of Sonar, though the vendor's SDK has names for them.
    row(
        "perplexity",
        "Perplexity",
        "api.perplexity.ai",
        "https://docs.perplexity.ai/docs/sonar/openai-compatibility",
        "2026-11",
        about="Sonar: answers from the web.",
        examples={"chat": "sonar-pro"},
        prefix="",
        drops=frozenset({"logit_bias", "top_logprobs", "seed", "service_tier"}),
        refuses=SPOKEN | {"tools", "stop", "logprobs", "n"},
        renames=MAX_TOKENS,
        forms=form(
            "perplexity",
            NONE,
            (system_for_developer,),
            **chat.searching(searches.write_perplexity),
        ),
    ),
    row(
        "hunyuan",
        "Tencent Hunyuan",
        "api.hunyuan.cloud.tencent.com",
        "https://cloud.tencent.com/document/product/1729/111007",
        "2026-11",
        about="Tencent's Hunyuan.",
        examples={"chat": "hunyuan-turbos-latest", "embeddings": "hunyuan-embedding"},
        renames=MAX_TOKENS,
        dialects=DIALECTS | VECTORS,
    ),
    # Every unknown member is "Unknown name … Cannot find field".
    row(
        "gemini-openai",
        "Gemini, OpenAI format",
        "generativelanguage.googleapis.com",
        "https://ai.google.dev/gemini-api/docs/openai",
        "2026-11",
        about="Gemini, by Google's own OpenAI format.",
        examples={
            "chat": "gemini-2.5-flash",
            "embeddings": "gemini-embedding-001",
            "images": "imagen-4.0-generate-001",
        },
        prefix="/v1beta/openai",
        drops=SAMPLERS
        | OPENAI_ONLY
        | SEARCHES
        | {"frequency_penalty", "presence_penalty", "seed", "user", "cache_control", "thinking"}
        | {"web_search_options"},
        refuses=frozenset({"logprobs"}),
        dialects=DIALECTS | VECTORS | PICTURES,
        forms=images.GEMINI,
    ),
    # The page lists what is not supported; the usage comes with the last chunk by itself.
    row(
        "cohere-compat",
        "Cohere, OpenAI format",
        "api.cohere.ai",
        "https://docs.cohere.com/docs/compatibility-api",
        "2026-11",
        about="Command and Embed, by Cohere's own OpenAI format.",
        examples={"chat": "command-a-03-2025", "embeddings": "embed-v4.0"},
        prefix="/compatibility/v1",
        drops=OPENAI_ONLY | SAMPLERS | {"top_logprobs", "stream_options"},
        refuses=SPOKEN | {"n", "parallel_tool_calls"},
        renames=MAX_TOKENS,
        stream_usage=False,
        dialects=DIALECTS | VECTORS,
    ),
    # Texts alone, and JSON without a schema.
    row(
        "ai21",
        "AI21 Labs",
        "api.ai21.com",
        "https://docs.ai21.com/reference/jamba-1-6-api-ref",
        "2026-11",
        about="Jamba.",
        examples={"chat": "jamba-large"},
        prefix="/studio/v1",
        refuses=SPOKEN | {"logprobs"},
        renames=MAX_TOKENS,
        lacks=PICTURED | VIDEO | SOUND | FILES | THOUGHTS | {Feature.JSON_SCHEMA},
        rules=(system_for_developer, NO_THOUGHTS),
    ),
    # Parameters and chunks are those of the vendor's own SDK, sarvamai 0.1.39; /v2 is a beta.
    row(
        "sarvam",
        "Sarvam AI",
        "api.sarvam.ai",
        "https://docs.sarvam.ai/api-reference/chat/chat-completions-v1",
        "2026-11",
        about="Models for the languages of India.",
        examples={"chat": "sarvam-105b"},
        drops=OPENAI_ONLY | SAMPLERS | {"user", "top_logprobs", "stream_options"},
        refuses=SPOKEN | {"logprobs"},
        renames=MAX_TOKENS,
        stream_usage=False,
        lacks=VIDEO | SOUND | FILES | {Feature.MESSAGE_NAME},
        rules=(system_for_developer,),
    ),
    row(
        "voyage",
        "Voyage AI",
        "api.voyageai.com",
        "https://docs.voyageai.com/reference/embeddings-api",
        "2026-11",
        about="Embeddings and reranking.",
        examples={"embeddings": "voyage-3.5", "rerank": "rerank-2.5"},
        dialects=VECTORS | RANKS,
        forms={**vectors.VOYAGE, "jina.rerank": rerank.VOYAGE},
    ),
    row(
        "jina",
        "Jina AI",
        "api.jina.ai",
        "https://api.jina.ai/redoc",
        "2026-11",
        about="Embeddings and reranking.",
        examples={
            "embeddings": "jina-embeddings-v3",
            "rerank": "jina-reranker-v2-base-multilingual",
        },
        dialects=VECTORS | RANKS,
        forms=vectors.JINA,
    ),
)
