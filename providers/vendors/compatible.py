"""Makers of models that serve them in OpenAI's chat format, one row each.

A row says where its facts come from, and when they were last looked up.
"""

from providers.bridging.fidelity import Feature
from providers.dialects.openai import embeddings
from providers.dialects.openai.images import hosts as images
from providers.dialects.openai.rules import (
    NO_THOUGHTS,
    answered_tools,
    nearest_efforts,
    newer_limit,
    remembered_thoughts,
    short_call_ids,
    system_for_developer,
    thoughtless,
)
from providers.models.switches import by_member
from providers.operations import Operation
from providers.vendors.forms import (
    BOTH,
    DIALECTS,
    EDITS,
    FILES,
    FOUR_STOPS,
    HEARS,
    MAX_TOKENS,
    NONE,
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
    form,
    items_form,
    of_openai,
    row,
    text_form,
    vectors_form,
)

PROVIDERS = (
    row(
        "openai",
        "OpenAI",
        "api.openai.com",
        "https://platform.openai.com/docs/api-reference/chat/create",
        "2026-11",
        functions_only=frozenset(),
        drops=SAMPLERS | {"cache_control"},
        lacks=VIDEO | THOUGHTS,
        rules=(FOUR_STOPS, newer_limit, NO_THOUGHTS),
        schemas=of_openai,
        forms={
            **text_form("openai", FOUR_STOPS),
            **items_form("openai", schemas=of_openai),
            **vectors_form("openai"),
            **images.of_openai("openai"),
        },
        # https://platform.openai.com/docs/api-reference/responses
        dialects={
            **BOTH,
            **TEXT,
            Operation.COUNT_TOKENS: ("openai.input_tokens",),
            **VECTORS,
            **SOUNDS,
            **PICTURES,
            **EDITS,
            Operation.MODERATIONS: ("openai.moderations",),
        },
        # https://platform.openai.com/docs/models: the models of v1/completions.
        speaks={"openai.completions": "instruct|davinci|babbage"},
    ),
    row(
        "xai",
        "xAI",
        "api.x.ai",
        "https://docs.x.ai/docs/api-reference",
        "2026-11",
        dialects=BOTH | PICTURES,
        forms=images.XAI,
    ),
    # Unknown parameters are ignored, max_completion_tokens and n with them; a schema is an error.
    # https://api-docs.deepseek.com/guides/thinking_mode
    row(
        "deepseek",
        "DeepSeek",
        "api.deepseek.com",
        "https://api-docs.deepseek.com/api/create-chat-completion",
        "2026-11",
        refuses=frozenset({"n"}),
        renames=MAX_TOKENS,
        lacks=frozenset({Feature.JSON_SCHEMA}),
        rules=(thoughtless, system_for_developer, remembered_thoughts),
    ),
    # Every unknown member is "extra_forbidden", stream_options.include_usage too; the usage comes
    # with the last chunk by itself. The official SDK's ChatCompletionRequest has the known ones.
    row(
        "mistral",
        "Mistral AI",
        "api.mistral.ai",
        "https://docs.mistral.ai/api/",
        "2026-11",
        dialects={
            **DIALECTS,
            **VECTORS,
            **HEARS,
            Operation.MODERATIONS: ("mistral.moderations",),
            Operation.OCR: ("mistral.ocr",),
        },
        drops=(OPENAI_ONLY - {"metadata", "prediction", "prompt_cache_key", "service_tier"})
        | SAMPLERS
        | {"user", "thinking", "cache_control", "stream_options"},
        refuses=SPOKEN | {"web_search_options"},
        renames={**MAX_TOKENS, "seed": "random_seed"},
        forms={embeddings.NAME: embeddings.MISTRAL},
        stream_usage=False,
        # Sound, files and thoughts have chunks of Mistral's own.
        lacks=VIDEO | SOUND | FILES | THOUGHTS | {Feature.MESSAGE_NAME},
        # https://docs.mistral.ai/capabilities/reasoning: `none` or `high`.
        rules=(
            short_call_ids,
            system_for_developer,
            answered_tools,
            NO_THOUGHTS,
            nearest_efforts(minimal="high", low="high", medium="high", xhigh="high", max="high"),
        ),
    ),
    # No version in the path. Function calls and the rest of `refuses` are silently ignored.
    row(
        "perplexity",
        "Perplexity",
        "api.perplexity.ai",
        "https://docs.perplexity.ai/docs/sonar/openai-compatibility",
        "2026-11",
        prefix="",
        drops=frozenset({"logit_bias", "top_logprobs", "seed", "service_tier"}),
        refuses=SPOKEN | {"tools", "stop", "logprobs", "n"},
        renames=MAX_TOKENS,
        rules=(system_for_developer,),
    ),
    row(
        "hunyuan",
        "Tencent Hunyuan",
        "api.hunyuan.cloud.tencent.com",
        "https://cloud.tencent.com/document/product/1729/111007",
        "2026-11",
        renames=MAX_TOKENS,
        dialects=DIALECTS | VECTORS,
    ),
    row(
        "tencent-lke",
        "Tencent Cloud LKE",
        "api.lkeap.cloud.tencent.com",
        "https://cloud.tencent.com/document/product/1772/115969",
        "2026-11",
        renames=MAX_TOKENS,
    ),
    row(
        "tencent-lke-intl",
        "Tencent Cloud LKE (international)",
        "api.lkeap.tencentcloud.com",
        "https://www.tencentcloud.com/document/product/1255/70381",
        "2026-11",
        renames=MAX_TOKENS,
    ),
    row(
        "dashscope",
        "Alibaba Cloud Model Studio (international)",
        "dashscope-intl.aliyuncs.com",
        "https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope",
        "2026-11",
        prefix="/compatible-mode/v1",
        forms=form("dashscope", NONE, tune=by_member),
        renames=MAX_TOKENS,
        dialects=DIALECTS | VECTORS,
    ),
    row(
        "dashscope-cn",
        "Alibaba Cloud Model Studio (China)",
        "dashscope.aliyuncs.com",
        "https://help.aliyun.com/zh/model-studio/compatibility-of-openai-with-dashscope",
        "2026-11",
        prefix="/compatible-mode/v1",
        forms=form("dashscope-cn", NONE, tune=by_member),
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
        prefix="/v1beta/openai",
        drops=SAMPLERS
        | OPENAI_ONLY
        | {"frequency_penalty", "presence_penalty", "seed", "user", "cache_control", "thinking"},
        refuses=frozenset({"logprobs", "web_search_options"}),
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
        prefix="/compatibility/v1",
        drops=OPENAI_ONLY | SAMPLERS | {"top_logprobs", "stream_options"},
        refuses=SPOKEN | {"n", "parallel_tool_calls"},
        renames=MAX_TOKENS,
        stream_usage=False,
        dialects=DIALECTS | VECTORS,
    ),
)
