"""Hosts of models that others made, in OpenAI's formats, one row each."""

from providers.bridging.fidelity import Feature
from providers.dialects.openai import chat, responses, searches
from providers.dialects.openai import embedding_hosts as vectors
from providers.dialects.openai import transcript_hosts as transcripts
from providers.dialects.openai.images import hosts as images
from providers.dialects.openai.rules import (
    NO_THOUGHTS,
    counted_logprobs,
    newer_limit,
    system_for_developer,
    without,
)
from providers.models.switches import by_template
from providers.operations import Operation
from providers.vendors.forms import (
    ALL_WAYS,
    ANSWERS_KEPT,
    BATCHED,
    BOTH,
    COUNTS,
    DIALECTS,
    FILES,
    FOUR_STOPS,
    HEARS,
    MAX_TOKENS,
    NONE,
    OPENAI_ONLY,
    PICTURES,
    RANKS,
    SAMPLERS,
    SAY_WHAT_FOR,
    SOUND,
    SOUNDS,
    SPOKEN,
    TEXT,
    THOUGHTS,
    TRANSLATES,
    VECTORS,
    VIDEO,
    XAIS_SEARCH,
    form,
    items_form,
    row,
)

SEARCHES = searches.write_openrouter

PROVIDERS = (
    # "will result in a 400 error": logprobs, logit_bias, top_logprobs, n > 1. Penalties are "not
    # yet supported by any of our models" (the vendor's SDK, groq 1.7.0).
    row(
        "groq",
        "Groq",
        "api.groq.com",
        "https://console.groq.com/docs/openai",
        "2026-11",
        about="Fast open models, voices and transcripts.",
        examples={
            "chat": "llama-3.3-70b-versatile",
            "speech": "canopylabs/orpheus-v1-english",
            "transcription": "whisper-large-v3",
            "translation": "whisper-large-v3",
        },
        prefix="/openai/v1",
        drops=SAMPLERS
        | XAIS_SEARCH
        | (OPENAI_ONLY - {"service_tier"})
        | {"top_logprobs", "frequency_penalty", "presence_penalty"},
        refuses=SPOKEN | {"logprobs", "n"},
        lacks=VIDEO | SOUND | FILES | THOUGHTS | {Feature.MESSAGE_NAME},
        rules=(FOUR_STOPS, NO_THOUGHTS),
        # https://console.groq.com/docs/responses-api, https://console.groq.com/docs/speech-to-text
        dialects=BOTH | SOUNDS,
        forms=transcripts.GROQ,
        keeps=BATCHED,  # https://console.groq.com/docs/batch
    ),
    # Host, paths and parameters are those of the vendor's own SDK, together 3.1.1, too.
    row(
        "together",
        "Together AI",
        "api.together.ai",
        "https://docs.together.ai/reference/chat-completions-1",
        "2026-11",
        about="Open models: texts, vectors, ranking, sound and pictures.",
        examples={
            "chat": "meta-llama/Llama-3.3-70B-Instruct-Turbo",
            "completions": "meta-llama/Llama-3.3-70B-Instruct-Turbo",
            "embeddings": "BAAI/bge-base-en-v1.5",
            "rerank": "Salesforce/Llama-Rank-V1",
            "images": "black-forest-labs/FLUX.1-schnell",
            "speech": "cartesia/sonic",
            "transcription": "openai/whisper-large-v3",
            "translation": "openai/whisper-large-v3",
        },
        notes={"chat": "`logprobs` come as lists of `tokens` and of `token_logprobs`."},
        renames=MAX_TOKENS,
        rules=(counted_logprobs,),
        # https://docs.together.ai/reference/completions-1
        # https://docs.together.ai/reference/rerank-1
        dialects=DIALECTS | TEXT | VECTORS | RANKS | SOUNDS | PICTURES,
        forms={**images.TOGETHER, **transcripts.TOGETHER},
        keeps=BATCHED,  # https://docs.together.ai/docs/batch-inference
    ),
    row(
        "deepinfra",
        "DeepInfra",
        "api.deepinfra.com",
        "https://deepinfra.com/docs/openai_api",
        "2026-11",
        about="Open models: texts, vectors, sound and pictures.",
        examples={
            "chat": "meta-llama/Llama-3.3-70B-Instruct",
            "completions": "meta-llama/Llama-3.3-70B-Instruct",
            "embeddings": "BAAI/bge-m3",
            "images": "black-forest-labs/FLUX-1-schnell",
            "speech": "hexgrad/Kokoro-82M",
            "transcription": "openai/whisper-large-v3",
            "translation": "openai/whisper-large-v3",
        },
        prefix="/v1/openai",
        renames=MAX_TOKENS,
        dialects=DIALECTS | TEXT | VECTORS | SOUNDS | PICTURES,
        forms={**images.DEEPINFRA, **transcripts.DEEPINFRA},
    ),
    # Penalties, logit_bias and service_tier "will result in a 400 error"; the vendor's own SDK,
    # cerebras_cloud_sdk 1.91.0, knows nothing of the others, and texts and pictures alone.
    row(
        "cerebras",
        "Cerebras",
        "api.cerebras.ai",
        "https://inference-docs.cerebras.ai/resources/openai",
        "2026-11",
        about="Fast open models.",
        examples={"chat": "gpt-oss-120b", "completions": "gpt-oss-120b"},
        drops=SAMPLERS
        | {"frequency_penalty", "presence_penalty", "logit_bias", "service_tier"}
        | (OPENAI_ONLY - {"prediction", "prompt_cache_key"}),
        refuses=SPOKEN,
        lacks=VIDEO | SOUND | FILES,
        dialects=DIALECTS | TEXT,
        # Its own thoughts are in `reasoning`.
        rules=(without("reasoning_content", "reasoning_details", "thinking_blocks"),),
    ),
    row(
        "fireworks",
        "Fireworks AI",
        "api.fireworks.ai",
        "https://docs.fireworks.ai/api-reference/post-chatcompletions",
        "2026-11",
        about="Open models: texts, vectors and ranking.",
        examples={
            "chat": "accounts/fireworks/models/llama-v3p3-70b-instruct",
            "completions": "accounts/fireworks/models/llama-v3p3-70b-instruct",
            "embeddings": "fireworks/qwen3-embedding-8b",
            "rerank": "fireworks/qwen3-reranker-8b",
        },
        prefix="/inference/v1",
        renames=MAX_TOKENS,
        # https://docs.fireworks.ai/guides/response-api
        # https://docs.fireworks.ai/tools-sdks/anthropic-compatibility
        # https://docs.fireworks.ai/guides/querying-embeddings-models
        dialects=ALL_WAYS | TEXT | VECTORS | RANKS,
        asked_for=frozenset({"anthropic.messages"}),
        keeps=ANSWERS_KEPT,
    ),
    row(
        "nebius",
        "Nebius Token Factory",
        "api.tokenfactory.nebius.com",
        "https://docs.tokenfactory.nebius.com/api-reference/introduction",
        "2026-11",
        about="Open models: texts, vectors and pictures.",
        examples={
            "chat": "meta-llama/Llama-3.3-70B-Instruct",
            "embeddings": "BAAI/bge-en-icl",
            "images": "black-forest-labs/flux-schnell",
        },
        dialects=DIALECTS | VECTORS | PICTURES,
        forms=images.NEBIUS,
    ),
    row(
        "openrouter",
        "OpenRouter",
        "openrouter.ai",
        "https://openrouter.ai/docs/api-reference/chat-completion",
        "2026-11",
        about="Models of many makers behind one key.",
        examples={
            "chat": "openai/gpt-5.1",
            "completions": "openai/gpt-3.5-turbo-instruct",
            "embeddings": "openai/text-embedding-3-small",
            "rerank": "cohere/rerank-v3.5",
        },
        prefix="/api/v1",
        # https://openrouter.ai/docs/api/api-reference/rerank/create-rerank
        dialects=BOTH | TEXT | VECTORS | RANKS,
        forms={
            **form("openrouter", NONE, **chat.searching(searches.in_tools(SEARCHES))),
            **items_form("openrouter", **responses.searching(SEARCHES)),
        },
    ),
    # "fully OpenAI-compatible", by open models, to which what is dropped here means nothing.
    row(
        "parasail",
        "Parasail",
        "api.parasail.io",
        "https://docs.parasail.io/parasail-docs/llms-full.txt",
        "2026-11",
        about="Open models.",
        examples={"chat": "parasail-llama-33-70b-fp8", "embeddings": "parasail-bge-m3"},
        drops=frozenset({"prompt_cache_key", "verbosity", "store", "service_tier"}),
        dialects=DIALECTS | VECTORS,
        keeps=BATCHED,  # "OpenAI-compatible batch API"
    ),
    # Penalties are "not currently implemented; accepted for API compatibility"; roles, chunks and
    # parameters are those of the vendor's own SDK, sambanova 1.13.0.
    row(
        "sambanova",
        "SambaNova",
        "api.sambanova.ai",
        "https://docs.sambanova.ai/docs/en/features/openai-compatibility",
        "2026-11",
        about="Fast open models.",
        examples={
            "chat": "Meta-Llama-3.3-70B-Instruct",
            "completions": "Meta-Llama-3.3-70B-Instruct",
            "count_tokens": "gpt-oss-120b",
            "embeddings": "E5-Mistral-7B-Instruct",
            "transcription": "Whisper-Large-v3",
            "translation": "Whisper-Large-v3",
        },
        notes={"chat": "By Anthropic's format: pictures as bytes; no documents, no such tools."},
        drops=frozenset({"presence_penalty", "frequency_penalty", "min_p"})
        | (OPENAI_ONLY - {"logit_bias"}),
        lacks=SOUND | FILES,
        rules=(system_for_developer,),
        # https://docs.sambanova.ai/docs/en/features/anthropic-compatibility
        dialects=ALL_WAYS | TEXT | VECTORS | HEARS | TRANSLATES | COUNTS,
        asked_for=frozenset({"anthropic.messages"}),
        forms=transcripts.SAMBANOVA,
    ),
    row(
        "huggingface",
        "Hugging Face Inference Providers",
        "router.huggingface.co",
        "https://huggingface.co/docs/inference-providers/tasks/chat-completion",
        "2026-11",
        about="Open models at Hugging Face's inference providers.",
        examples={
            "chat": "meta-llama/Llama-3.3-70B-Instruct",
            "embeddings": "BAAI/bge-m3",
            "images": "black-forest-labs/FLUX.1-schnell",
        },
        renames=MAX_TOKENS,
        dialects={
            **DIALECTS,
            Operation.EMBEDDINGS: ("huggingface.features",),
            Operation.IMAGES: ("huggingface.images",),
        },
        prefixes=dict.fromkeys(("huggingface.features", "huggingface.images"), "/hf-inference"),
    ),
    # The models are named with their makers, as in openai/gpt-4.1.
    row(
        "github-models",
        "GitHub Models",
        "models.github.ai",
        "https://docs.github.com/en/rest/models/inference",
        "2026-11",
        about="Models of many makers for holders of a GitHub token.",
        examples={"chat": "openai/gpt-4.1", "embeddings": "openai/text-embedding-3-small"},
        prefix="/inference",
        rules=(newer_limit, NO_THOUGHTS),
        dialects=DIALECTS | VECTORS,
    ),
    # The account's id is the backend's `project`.
    row(
        "cloudflare",
        "Cloudflare Workers AI",
        "api.cloudflare.com",
        "https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility",
        "2026-11",
        about="Open models at Cloudflare's edge.",
        examples={"chat": "@cf/openai/gpt-oss-120b", "embeddings": "@cf/baai/bge-m3"},
        prefix="/client/v4/accounts/{project}/ai/v1",
        options=frozenset({"project"}),
        renames=MAX_TOKENS,
        dialects=BOTH | VECTORS,
    ),
    # On Azure and Google Cloud a workspace has another host: `base_url`, with /serving-endpoints.
    row(
        "databricks",
        "Databricks",
        "{instance}.cloud.databricks.com",
        "https://docs.databricks.com/aws/en/machine-learning/model-serving/score-foundation-models",
        "2026-11",
        about="Models served by a Databricks workspace.",
        examples={
            "chat": "databricks-gpt-oss-20b",
            "completions": "databricks-gpt-oss-20b",
            "embeddings": "databricks-gte-large-en",
        },
        prefix="/serving-endpoints",
        options=frozenset({"instance"}),
        renames=MAX_TOKENS,
        dialects=BOTH | TEXT | VECTORS,
    ),
    # An embedding or ranking model wants to know whether a text is a query (`input_type`).
    row(
        "nvidia",
        "NVIDIA API Catalog",
        "integrate.api.nvidia.com",
        "https://docs.api.nvidia.com/nim/reference/llm-apis",
        "2026-11",
        about="NVIDIA's hosted models.",
        examples={
            "chat": "nvidia/llama-3.3-nemotron-super-49b-v1",
            "completions": "nvidia/llama-3.3-nemotron-super-49b-v1",
            "embeddings": "nvidia/llama-3.2-nv-embedqa-1b-v2",
        },
        notes={"embeddings": SAY_WHAT_FOR},
        renames=MAX_TOKENS,
        forms={**form("nvidia", NONE, tune=by_template), **vectors.nvidia("nvidia")},
        dialects=DIALECTS | TEXT | VECTORS,
    ),
    row(
        "baseten",
        "Baseten",
        "inference.baseten.co",
        "https://docs.baseten.co/inference/model-apis/overview",
        "2026-11",
        about="Open models by Baseten's Model APIs.",
        examples={"chat": "zai-org/GLM-4.7"},
        renames=MAX_TOKENS,
    ),
    row(
        "novita",
        "Novita AI",
        "api.novita.ai",
        "https://novita.ai/docs/api-reference/model-apis-llm-create-chat-completion",
        "2026-11",
        about="Open models: texts, vectors and ranking.",
        examples={
            "chat": "deepseek/deepseek-r1",
            "completions": "deepseek/deepseek-r1",
            "embeddings": "baai/bge-m3",
            "rerank": "baai/bge-reranker-v2-m3",
        },
        prefix="/openai/v1",
        renames=MAX_TOKENS,
        # https://novita.ai/docs/api-reference/model-apis-llm-create-rerank
        dialects=DIALECTS | TEXT | VECTORS | RANKS,
    ),
    # The account's identifier is the `instance`; the key is a programmatic access token.
    row(
        "snowflake",
        "Snowflake Cortex",
        "{instance}.snowflakecomputing.com",
        "https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api",
        "2026-11",
        about="Models of many makers inside a Snowflake account.",
        examples={"chat": "claude-sonnet-4-5"},
        prefix="/api/v2/cortex/v1",
        options=frozenset({"instance"}),
        dialects={Operation.CHAT: ("openai.chat", "anthropic.messages")},
        speaks={"anthropic.messages": "claude"},
    ),
    # The key is a bearer token of IBM Cloud's IAM, which lasts an hour: `file:` is read again.
    row(
        "watsonx",
        "IBM watsonx.ai, model gateway",
        "{region}.ml.cloud.ibm.com",
        "https://www.ibm.com/docs/en/watsonx/saas?topic=generation-inferencing-gateway-models",
        "2026-11",
        about="Models behind IBM's model gateway.",
        examples={
            "chat": "azure/gpt-4o",
            "completions": "openai/gpt-3.5-turbo-instruct",
            "embeddings": "openai/text-embedding-3-small",
        },
        prefix="/ml/gateway/v1",
        options=frozenset({"region"}),
        dialects=DIALECTS | TEXT | VECTORS,
    ),
    row(
        "oci",
        "OCI Generative AI",
        "inference.generativeai.{region}.oci.oraclecloud.com",
        "https://docs.oracle.com/en-us/iaas/Content/generative-ai/openai-compatible-api.htm",
        "2026-11",
        about="Models of many makers in Oracle's cloud.",
        examples={"chat": "xai.grok-4"},
        prefix="/openai/v1",
        options=frozenset({"region"}),
        dialects=BOTH,
    ),
)
