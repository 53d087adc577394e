"""Makers and hosts with one service for China and another for the world, in OpenAI's formats."""

from collections.abc import Iterator
from typing import Any

from providers.bridging.fidelity import Feature
from providers.dialects.openai import embedding_hosts as vectors
from providers.dialects.openai import transcript_hosts as transcripts
from providers.dialects.openai.limits import between
from providers.dialects.openai.rules import (
    at_most_stops,
    only_automatic,
    remembered_thoughts,
    system_for_developer,
    thoughtless,
)
from providers.models import kimi
from providers.models.switches import by_member
from providers.operations import Operation
from providers.vendors.forms import (
    BOTH,
    CLAUDES_WAY,
    DIALECTS,
    FORCED,
    HEARS,
    MAX_TOKENS,
    NONE,
    RANKS,
    SPEAKS,
    SPOKEN,
    VECTORS,
    form,
    row,
)
from providers.vendors.provider import Provider

Place = tuple[str, str, str, str]
"""(name, title, host, where the facts come from)"""


def twins(*places: Place, **facts: Any) -> Iterator[Provider]:
    """The same service at each of `places`; `own` makes its form of chat for a name."""
    own = facts.pop("own", None)
    for name, title, host, docs in places:
        forms = {"forms": own(name)} if own else {}
        yield row(name, title, host, docs, "2026-11", **forms, **facts)


DASHSCOPE = twins(
    (
        "dashscope",
        "Alibaba Cloud Model Studio (international)",
        "dashscope-intl.aliyuncs.com",
        "https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope",
    ),
    (
        "dashscope-cn",
        "Alibaba Cloud Model Studio (China)",
        "dashscope.aliyuncs.com",
        "https://help.aliyun.com/zh/model-studio/compatibility-of-openai-with-dashscope",
    ),
    about="Qwen and others: texts, vectors, ranking and pictures.",
    examples={
        "chat": "qwen-plus",
        "embeddings": "text-embedding-v4",
        "rerank": "qwen3-rerank",
        "images": "qwen-image-2.0",
        "image_edits": "qwen-image-2.0",
    },
    prefix="/compatible-mode/v1",
    own=lambda name: {**form(name, NONE, tune=by_member), **vectors.dashscope(name)},
    renames=MAX_TOKENS,
    # https://www.alibabacloud.com/help/en/model-studio/rerank
    dialects={
        **DIALECTS,
        **VECTORS,
        **RANKS,
        Operation.IMAGES: ("dashscope.images",),
        Operation.IMAGE_EDITS: ("dashscope.image_edits",),
    },
    prefixes={
        "jina.rerank": "/compatible-api/v1",
        **dict.fromkeys(("dashscope.images", "dashscope.image_edits"), "/api/v1"),
    },
    paths={Operation.RERANK: "/reranks"},
)

TENCENT = twins(
    (
        "tencent-lke",
        "Tencent Cloud LKE",
        "api.lkeap.cloud.tencent.com",
        "https://cloud.tencent.com/document/product/1772/115969",
    ),
    (
        "tencent-lke-intl",
        "Tencent Cloud LKE (international)",
        "api.lkeap.tencentcloud.com",
        "https://www.tencentcloud.com/document/product/1255/70381",
    ),
    about="DeepSeek's models at Tencent.",
    examples={"chat": "deepseek-v3"},
    renames=MAX_TOKENS,
)

MOONSHOT = twins(
    (
        "moonshot",
        "Moonshot AI (international)",
        "api.moonshot.ai",
        "https://platform.moonshot.ai/docs/api/chat",
    ),
    (
        "moonshot-cn",
        "Moonshot AI (China)",
        "api.moonshot.cn",
        "https://platform.moonshot.cn/docs/api/chat",
    ),
    about="Kimi.",
    examples={"chat": "kimi-k2.6"},
    own=lambda name: form(
        name, NONE, (remembered_thoughts, system_for_developer), tune=kimi.fitted
    ),
    # https://platform.moonshot.ai/docs/guide/agent-support
    dialects=CLAUDES_WAY,
    asked_for=frozenset({"anthropic.messages"}),
    prefixes={"anthropic.messages": "/anthropic/v1"},
)

UNFORCED = frozenset({Feature.JSON_SCHEMA, Feature.MESSAGE_NAME, Feature.TOOL_STRICT}) | FORCED

# "Only auto is supported" of tool_choice; one stop word; a temperature is at most 1.
GLM = {
    "about": "GLM.",
    "prefix": "/api/paas/v4",
    "drops": frozenset({"frequency_penalty", "presence_penalty", "logit_bias"}),
    "refuses": SPOKEN | {"n", "logprobs"},
    "renames": MAX_TOKENS,
    "stream_usage": False,
    "own": lambda name: form(
        name,
        UNFORCED,
        (thoughtless, system_for_developer, only_automatic, at_most_stops(1)),
        tune=between(temperature=(0.0, 1.0)),
    ),
    # https://docs.z.ai/scenario-example/develop-tools/claude
    "asked_for": frozenset({"anthropic.messages"}),
    "prefixes": {"anthropic.messages": "/api/anthropic/v1"},
}

ZAI = twins(
    (
        "zai",
        "Z.ai (international)",
        "api.z.ai",
        "https://docs.z.ai/api-reference/llm/chat-completion",
    ),
    examples={"chat": "glm-5"},
    dialects=CLAUDES_WAY,
    **GLM,
)
ZHIPU = twins(
    (
        "zhipu",
        "Zhipu AI (China)",
        "open.bigmodel.cn",
        "https://docs.bigmodel.cn/api-reference",
    ),
    examples={"chat": "glm-5", "embeddings": "embedding-3"},
    dialects=CLAUDES_WAY | VECTORS,
    **GLM,
)

# `n` can be 1 only, and a temperature is above 0 and at most 1, else an error; other unknown
# parameters are ignored.
MINIMAX = twins(
    (
        "minimax",
        "MiniMax (international)",
        "api.minimax.io",
        "https://platform.minimax.io/docs/api-reference/text-chat-openai",
    ),
    (
        "minimax-cn",
        "MiniMax (China)",
        "api.minimaxi.com",
        "https://platform.minimaxi.com/docs/api-reference/text-chat-openai",
    ),
    about="MiniMax's models.",
    examples={"chat": "MiniMax-M2.1"},
    refuses=SPOKEN | {"n"},
    own=lambda name: form(
        name, NONE, (system_for_developer,), tune=between(temperature=(0.01, 1.0))
    ),
    # https://platform.minimax.io/docs/api-reference/text-chat-anthropic
    dialects=CLAUDES_WAY,
    asked_for=frozenset({"anthropic.messages"}),
    prefixes={"anthropic.messages": "/anthropic/v1"},
)

ARK = twins(
    (
        "volcengine",
        "Volcengine Ark",
        "ark.cn-beijing.volces.com",
        "https://www.volcengine.com/docs/82379/1298454",
    ),
    (
        "byteplus",
        "BytePlus ModelArk",
        "ark.ap-southeast.bytepluses.com",
        "https://docs.byteplus.com/en/docs/ModelArk/1298459",
    ),
    about="Doubao and others.",
    examples={
        "chat": "doubao-seed-1-8-251228",
        "embeddings": "doubao-embedding-large-text-240915",
    },
    prefix="/api/v3",
    dialects=BOTH | VECTORS,
)

SILICONFLOW = twins(
    (
        "siliconflow",
        "SiliconFlow (international)",
        "api.siliconflow.com",
        "https://docs.siliconflow.com/en/api-reference/chat-completions/chat-completions",
    ),
    (
        "siliconflow-cn",
        "SiliconFlow (China)",
        "api.siliconflow.cn",
        "https://docs.siliconflow.cn/cn/api-reference/chat-completions/chat-completions",
    ),
    about="Open models: texts, vectors, ranking and sound.",
    examples={
        "chat": "Qwen/Qwen3-8B",
        "embeddings": "BAAI/bge-m3",
        "rerank": "BAAI/bge-reranker-v2-m3",
        "speech": "FunAudioLLM/CosyVoice2-0.5B",
        "transcription": "FunAudioLLM/SenseVoiceSmall",
    },
    renames=MAX_TOKENS,
    own=lambda name: {**form(name, NONE, tune=by_member), **transcripts.siliconflow(name)},
    dialects=DIALECTS | VECTORS | RANKS | SPEAKS | HEARS,
)

PROVIDERS = (
    *DASHSCOPE,
    *TENCENT,
    *MOONSHOT,
    *ZAI,
    *ZHIPU,
    *MINIMAX,
    *ARK,
    *SILICONFLOW,
)
