"""Makers of models that serve them in OpenAI's formats, one row each.

A row says where its facts come from, and when they were last looked up.
"""

from providers.bridging.fidelity import Feature
from providers.dialects.cohere import rerank
from providers.dialects.openai import embedding_hosts as vectors
from providers.dialects.openai import embeddings
from providers.dialects.openai.images import hosts as images
from providers.dialects.openai.limits import at_most
from providers.dialects.openai.rules import (
    NO_THOUGHTS,
    at_most_stops,
    newer_limit,
    only_automatic,
    remembered_thoughts,
    system_for_developer,
    thoughtless,
)
from providers.models import kimi
from providers.models.switches import by_member
from providers.operations import Operation
from providers.vendors import mistral
from providers.vendors.forms import (
    BOTH,
    CLAUDES_WAY,
    DIALECTS,
    EDITS,
    FILES,
    FORCED,
    FOUR_STOPS,
    HEARS,
    MAX_TOKENS,
    NONE,
    OPENAI_ONLY,
    PICTURED,
    PICTURES,
    RANKS,
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
        # https://api-docs.deepseek.com/guides/fim_completion, /guides/anthropic_api
        dialects=CLAUDES_WAY | TEXT,
        asked_for=frozenset({"anthropic.messages"}),
        prefixes={"openai.completions": "/beta", "anthropic.messages": "/anthropic/v1"},
    ),
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
        drops=mistral.DROPS,
        refuses=mistral.REFUSES,
        renames=mistral.RENAMES,
        forms={embeddings.NAME: embeddings.MISTRAL},
        stream_usage=False,
        lacks=mistral.LACKS,
        rules=mistral.RULES,
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
        # https://www.alibabacloud.com/help/en/model-studio/rerank
        dialects=DIALECTS | VECTORS | RANKS,
        prefixes={"jina.rerank": "/compatible-api/v1"},
        paths={Operation.RERANK: "/reranks"},
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
        # https://www.alibabacloud.com/help/en/model-studio/rerank
        dialects=DIALECTS | VECTORS | RANKS,
        prefixes={"jina.rerank": "/compatible-api/v1"},
        paths={Operation.RERANK: "/reranks"},
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
    *(
        row(
            name,
            title,
            host,
            "https://platform.moonshot.ai/docs/api/chat",
            "2026-11",
            forms=form(name, NONE, (remembered_thoughts, system_for_developer), tune=kimi.fitted),
            # https://platform.moonshot.ai/docs/guide/agent-support
            dialects=CLAUDES_WAY,
            asked_for=frozenset({"anthropic.messages"}),
            prefixes={"anthropic.messages": "/anthropic/v1"},
        )
        for name, title, host in (
            ("moonshot", "Moonshot AI (international)", "api.moonshot.ai"),
            ("moonshot-cn", "Moonshot AI (China)", "api.moonshot.cn"),
        )
    ),
    # "Only auto is supported" of tool_choice; one stop word; temperature is at most 1.
    *(
        row(
            name,
            title,
            host,
            "https://docs.z.ai/api-reference/llm/chat-completion",
            "2026-11",
            prefix="/api/paas/v4",
            drops=frozenset({"frequency_penalty", "presence_penalty", "logit_bias"}),
            refuses=SPOKEN | {"n", "logprobs"},
            renames=MAX_TOKENS,
            stream_usage=False,
            forms=form(
                name,
                frozenset({Feature.JSON_SCHEMA, Feature.MESSAGE_NAME, Feature.TOOL_STRICT})
                | FORCED,
                (thoughtless, system_for_developer, only_automatic, at_most_stops(1)),
                tune=at_most(temperature=1.0),
            ),
            # https://docs.z.ai/scenario-example/develop-tools/claude
            dialects=CLAUDES_WAY | more,
            asked_for=frozenset({"anthropic.messages"}),
            prefixes={"anthropic.messages": "/api/anthropic/v1"},
        )
        for name, title, host, more in (
            ("zai", "Z.ai (international)", "api.z.ai", {}),
            ("zhipu", "Zhipu AI (China)", "open.bigmodel.cn", VECTORS),
        )
    ),
    # `n` can be 1 only, and a temperature is at most 1; other unknown parameters are ignored.
    *(
        row(
            name,
            title,
            host,
            "https://platform.minimax.io/docs/api-reference/text-openai-api",
            "2026-11",
            refuses=SPOKEN | {"n"},
            forms=form(name, NONE, (system_for_developer,), tune=at_most(temperature=1.0)),
            # https://platform.minimax.io/docs/api-reference/text-anthropic-api
            dialects=CLAUDES_WAY,
            asked_for=frozenset({"anthropic.messages"}),
            prefixes={"anthropic.messages": "/anthropic/v1"},
        )
        for name, title, host in (
            ("minimax", "MiniMax (international)", "api.minimax.io"),
            ("minimax-cn", "MiniMax (China)", "api.minimaxi.com"),
        )
    ),
    *(
        row(
            name,
            title,
            host,
            "https://www.volcengine.com/docs/82379/1298454",
            "2026-11",
            prefix="/api/v3",
            dialects=BOTH | VECTORS,
        )
        for name, title, host in (
            ("volcengine", "Volcengine Ark", "ark.cn-beijing.volces.com"),
            ("byteplus", "BytePlus ModelArk", "ark.ap-southeast.bytepluses.com"),
        )
    ),
    # Texts alone, and JSON without a schema.
    row(
        "ai21",
        "AI21 Labs",
        "api.ai21.com",
        "https://docs.ai21.com/reference/jamba-1-6-api-ref",
        "2026-11",
        prefix="/studio/v1",
        refuses=SPOKEN | {"logprobs"},
        renames=MAX_TOKENS,
        lacks=PICTURED | VIDEO | SOUND | FILES | THOUGHTS | {Feature.JSON_SCHEMA},
        rules=(system_for_developer, NO_THOUGHTS),
    ),
    row(
        "sarvam",
        "Sarvam AI",
        "api.sarvam.ai",
        "https://docs.sarvam.ai/api-reference-docs/chat/chat-completions",
        "2026-11",
        renames=MAX_TOKENS,
    ),
    row(
        "voyage",
        "Voyage AI",
        "api.voyageai.com",
        "https://docs.voyageai.com/reference/embeddings-api",
        "2026-11",
        dialects=VECTORS | RANKS,
        forms={**vectors.VOYAGE, "jina.rerank": rerank.VOYAGE},
    ),
    row(
        "jina",
        "Jina AI",
        "api.jina.ai",
        "https://api.jina.ai/redoc",
        "2026-11",
        dialects=VECTORS | RANKS,
        forms=vectors.JINA,
    ),
)
