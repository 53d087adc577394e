"""Hosts of models that others made, in OpenAI's formats, one row each."""

from providers.bridging.fidelity import Feature
from providers.dialects.openai import embedding_hosts as vectors
from providers.dialects.openai.images import hosts as images
from providers.dialects.openai.rules import (
    NO_THOUGHTS,
    newer_limit,
    without,
)
from providers.models.switches import by_member, by_template
from providers.operations import Operation
from providers.vendors.forms import (
    BOTH,
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
    SOUND,
    SOUNDS,
    SPEAKS,
    SPOKEN,
    TEXT,
    THOUGHTS,
    TRANSLATES,
    VECTORS,
    VIDEO,
    form,
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
        # https://docs.together.ai/reference/rerank-1
        dialects=DIALECTS | TEXT | VECTORS | RANKS | SOUNDS | PICTURES,
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
        # https://docs.fireworks.ai/guides/querying-embeddings-models
        dialects=BOTH | TEXT | VECTORS | RANKS,
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
        # https://openrouter.ai/docs/api/api-reference/rerank/create-rerank
        dialects=BOTH | TEXT | VECTORS | RANKS,
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
        # https://docs.sambanova.ai/docs/en/api-reference/overview
        dialects=DIALECTS | TEXT | VECTORS | HEARS | TRANSLATES,
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
    # The models are named with their makers, as in openai/gpt-4.1.
    row(
        "github-models",
        "GitHub Models",
        "models.github.ai",
        "https://docs.github.com/en/rest/models/inference",
        "2026-11",
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
        renames=MAX_TOKENS,
    ),
    row(
        "novita",
        "Novita AI",
        "api.novita.ai",
        "https://novita.ai/docs/api-reference/model-apis-llm-create-chat-completion",
        "2026-11",
        prefix="/openai/v1",
        renames=MAX_TOKENS,
        # https://novita.ai/docs/api-reference/model-apis-llm-create-rerank
        dialects=DIALECTS | TEXT | VECTORS | RANKS,
    ),
    row(
        "siliconflow",
        "SiliconFlow (international)",
        "api.siliconflow.com",
        "https://docs.siliconflow.com/en/api-reference/chat-completions/chat-completions",
        "2026-11",
        renames=MAX_TOKENS,
        forms=form("siliconflow", NONE, tune=by_member),
        dialects=DIALECTS | VECTORS | RANKS | SPEAKS | HEARS,
    ),
    row(
        "siliconflow-cn",
        "SiliconFlow (China)",
        "api.siliconflow.cn",
        "https://docs.siliconflow.cn/cn/api-reference/chat-completions/chat-completions",
        "2026-11",
        renames=MAX_TOKENS,
        forms=form("siliconflow-cn", NONE, tune=by_member),
        dialects=DIALECTS | VECTORS | RANKS | SPEAKS | HEARS,
    ),
    # The account's identifier is the `instance`; the key is a programmatic access token.
    row(
        "snowflake",
        "Snowflake Cortex",
        "{instance}.snowflakecomputing.com",
        "https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-rest-api",
        "2026-11",
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
        prefix="/openai/v1",
        options=frozenset({"region"}),
        dialects=BOTH,
    ),
)
