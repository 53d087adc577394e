"""Hosts of models that others made, in OpenAI's chat format, one row each."""

from providers.bridging.fidelity import Feature
from providers.dialects.openai.images import hosts as images
from providers.dialects.openai.rules import (
    NO_THOUGHTS,
    without,
)
from providers.operations import Operation
from providers.vendors.forms import (
    BOTH,
    DIALECTS,
    FILES,
    FOUR_STOPS,
    MAX_TOKENS,
    OPENAI_ONLY,
    PICTURES,
    SAMPLERS,
    SOUND,
    SOUNDS,
    SPOKEN,
    TEXT,
    THOUGHTS,
    VECTORS,
    VIDEO,
    row,
)

PROVIDERS = (
    # "will result in a 400 error": logprobs, logit_bias, top_logprobs, n > 1.
    row(
        "groq",
        "Groq",
        "api.groq.com",
        "https://console.groq.com/docs/openai",
        "2026-11",
        prefix="/openai/v1",
        drops=SAMPLERS | (OPENAI_ONLY - {"service_tier"}) | {"top_logprobs"},
        refuses=SPOKEN | {"logprobs", "n"},
        lacks=VIDEO | SOUND | FILES | THOUGHTS | {Feature.MESSAGE_NAME},
        rules=(FOUR_STOPS, NO_THOUGHTS),
        # https://console.groq.com/docs/responses-api, https://console.groq.com/docs/speech-to-text
        dialects=BOTH | SOUNDS,
    ),
    row(
        "together",
        "Together AI",
        "api.together.xyz",
        "https://docs.together.ai/reference/chat-completions-1",
        "2026-11",
        renames=MAX_TOKENS,
        # https://docs.together.ai/reference/completions-1
        dialects=DIALECTS | TEXT | VECTORS | SOUNDS | PICTURES,
        forms=images.TOGETHER,
    ),
    row(
        "deepinfra",
        "DeepInfra",
        "api.deepinfra.com",
        "https://deepinfra.com/docs/openai_api",
        "2026-11",
        prefix="/v1/openai",
        renames=MAX_TOKENS,
        dialects=DIALECTS | TEXT | VECTORS | SOUNDS | PICTURES,
        forms=images.DEEPINFRA,
    ),
    # "will result in a 400 error".
    row(
        "cerebras",
        "Cerebras",
        "api.cerebras.ai",
        "https://inference-docs.cerebras.ai/resources/openai",
        "2026-11",
        drops=SAMPLERS
        | {"frequency_penalty", "presence_penalty", "logit_bias", "service_tier"}
        | {"store", "verbosity", "prompt_cache_key", "safety_identifier"},
        refuses=SPOKEN,
        # Its own thoughts are in `reasoning`.
        rules=(without("reasoning_content", "reasoning_details", "thinking_blocks"),),
    ),
    row(
        "fireworks",
        "Fireworks AI",
        "api.fireworks.ai",
        "https://docs.fireworks.ai/api-reference/post-chatcompletions",
        "2026-11",
        prefix="/inference/v1",
        renames=MAX_TOKENS,
        # https://docs.fireworks.ai/guides/response-api
        dialects=BOTH | TEXT | VECTORS,  # https://docs.fireworks.ai/api-reference/post-completions
    ),
    row(
        "nebius",
        "Nebius Token Factory",
        "api.tokenfactory.nebius.com",
        "https://docs.tokenfactory.nebius.com/api-reference/introduction",
        "2026-11",
        dialects=DIALECTS | VECTORS | PICTURES,
        forms=images.NEBIUS,
    ),
    row(
        "openrouter",
        "OpenRouter",
        "openrouter.ai",
        "https://openrouter.ai/docs/api-reference/chat-completion",
        "2026-11",
        prefix="/api/v1",
        dialects=BOTH | TEXT | VECTORS,  # https://openrouter.ai/docs
    ),
    # https://docs.getbifrost.ai/providers/supported-providers/parasail lists the unsupported ones.
    row(
        "parasail",
        "Parasail",
        "api.parasail.io",
        "https://docs.parasail.io/parasail-docs/serverless/serverless",
        "2026-11",
        drops=frozenset({"prompt_cache_key", "verbosity", "store", "service_tier"}),
        dialects=DIALECTS | VECTORS,
    ),
    row(
        "sambanova",
        "SambaNova",
        "api.sambanova.ai",
        "https://docs.sambanova.ai/docs/en/features/openai-compatibility",
        "2026-11",
        drops=frozenset({"logit_bias", "presence_penalty", "frequency_penalty", "top_logprobs"}),
        renames=MAX_TOKENS,
        dialects=DIALECTS | VECTORS,
    ),
    row(
        "huggingface",
        "Hugging Face Inference Providers",
        "router.huggingface.co",
        "https://huggingface.co/docs/inference-providers/tasks/chat-completion",
        "2026-11",
        renames=MAX_TOKENS,
        dialects={
            **DIALECTS,
            Operation.EMBEDDINGS: ("huggingface.features",),
            Operation.IMAGES: ("huggingface.images",),
        },
        prefixes=dict.fromkeys(("huggingface.features", "huggingface.images"), "/hf-inference"),
    ),
)
