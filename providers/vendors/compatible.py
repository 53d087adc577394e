"""Providers that speak OpenAI's chat format, one row each.

A row says where its facts come from. Parameters that a vendor ignores are left in; those that it
answers with an error are listed, as hints (`drops`) or as meaning (`refuses`); so are features of
the dialect that it `lacks`.
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
)
from providers.dialects.openai.images import hosts as images
from providers.dialects.openai.rules import (
    NO_THOUGHTS,
    Rule,
    answered_tools,
    at_most_stops,
    keeping,
    nearest_efforts,
    newer_limit,
    remembered_thoughts,
    short_call_ids,
    system_for_developer,
    thoughtless,
    without,
)
from providers.models.switches import by_member, by_template
from providers.neutral.chat import ChatRequest
from providers.neutral.schemas.subset import Schemas
from providers.neutral.schemas.subsets import OF_OPENAI
from providers.operations import Operation
from providers.vendors.provider import Provider

DIALECTS = {Operation.CHAT: ("openai.chat",)}
BOTH = {Operation.CHAT: ("openai.chat", "openai.responses")}
"""For those who serve OpenAI's Responses, too."""
FUNCTIONS_ONLY = frozenset({"openai.chat", "openai.responses"})
"""OpenAI's other tools that clients run (custom, shell, namespace, …) are known to OpenAI alone."""
TEXT = {Operation.COMPLETIONS: ("openai.completions",)}
"""For those who continue a text by themselves; at others a chat does it."""
VECTORS = {Operation.EMBEDDINGS: ("openai.embeddings",)}
"""For those who embed in OpenAI's format."""
SPEAKS = {Operation.SPEECH: ("openai.speech",)}
HEARS = {Operation.TRANSCRIPTION: ("openai.transcriptions",)}
SOUNDS = {**SPEAKS, **HEARS, Operation.TRANSLATION: ("openai.translations",)}
"""For those who have OpenAI's audio: all of it, or a part."""
PICTURES = {Operation.IMAGES: ("openai.images",)}
"""For those who make pictures in OpenAI's format."""
EDITS = {Operation.IMAGE_EDITS: ("openai.image_edits",)}
OLLAMAS = ("ollama.chat", "ollama.generate", "ollama.embed", "ollama.embeddings")
LLAMA = ("llama.generate", "ollama.chat")
"""What else servers of Llama speak."""
# https://github.com/huggingface/text-generation-inference/blob/main/router/src/server.rs
TGI_COUNTS = ("x-prompt-tokens", "x-generated-tokens")

ALL_KEPT = frozenset(resource.name for resource in resources.RESOURCES)
ANSWERS_KEPT = frozenset({"openai.responses"})
BATCHED = frozenset({"openai.files", "openai.batches"})

TALKS = (realtime.REALTIME,)
"""For those who hold realtime sessions in OpenAI's format."""

# Parameters of servers of open models; OpenAI answers "Unrecognized request argument".
SAMPLERS = frozenset({"top_k", "min_p", "repetition_penalty"})

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
    host: str, lacks: frozenset[Feature] = frozenset(), **facts: Any
) -> Mapping[str, ChatDialect]:
    """OpenAI's Responses as a host takes them that does not know `lacks`."""
    talk = responses.DIALECT
    known = talk.carries - lacks
    own = msgspec.structs.replace(talk, host=host, client=(), carries=known, **facts)
    return {talk.name: own}


def vectors_form(host: str) -> Mapping[str, Dialect]:
    """OpenAI's embeddings as OpenAI and Azure serve them."""
    return {embeddings.NAME: embeddings.strict(host)}


FOUR_STOPS = at_most_stops(4)
"""https://platform.openai.com/docs/api-reference/chat/create#chat-create-stop"""


def row(name: str, title: str, host: str, docs: str, **facts: Any) -> Provider:
    """A vendor in the internet, found by https."""
    facts.setdefault("dialects", DIALECTS)
    facts.setdefault("functions_only", FUNCTIONS_ONLY)
    lacks, rules = facts.pop("lacks", NONE), facts.pop("rules", ())
    own = {"schemas": facts.pop("schemas")} if "schemas" in facts else {}
    if lacks or rules:
        facts["forms"] = {**form(name, lacks, rules, **own), **facts.pop("forms", {})}
    return Provider(name=name, title=title, docs=docs, base_url=f"https://{host}", **facts)


def own(name: str, title: str, docs: str, **facts: Any) -> Provider:
    """A server of one's own: the user says where it is, and it seldom wants a key."""
    rules = facts.pop("rules", ())
    if rules:
        facts["forms"] = form(name, NONE, rules)
    return Provider(
        name=name,
        title=title,
        docs=docs,
        dialects=facts.pop("dialects", DIALECTS),
        options=facts.pop("options", frozenset({"base_url"})),
        keyless=facts.pop("keyless", True),
        functions_only=FUNCTIONS_ONLY,
        **facts,
    )


PROVIDERS = (
    row(
        "openai",
        "OpenAI",
        "api.openai.com",
        "https://platform.openai.com/docs/api-reference/chat/create",
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
        keeps=ALL_KEPT,
        sessions=TALKS,
        # https://platform.openai.com/docs/models: the models of v1/completions.
        speaks={"openai.completions": "instruct|davinci|babbage"},
    ),
    # "will result in a 400 error": logprobs, logit_bias, top_logprobs, n > 1.
    row(
        "groq",
        "Groq",
        "api.groq.com",
        "https://console.groq.com/docs/openai",
        prefix="/openai/v1",
        drops=SAMPLERS | (OPENAI_ONLY - {"service_tier"}) | {"top_logprobs"},
        refuses=SPOKEN | {"logprobs", "n"},
        lacks=VIDEO | SOUND | FILES | THOUGHTS | {Feature.MESSAGE_NAME},
        rules=(FOUR_STOPS, NO_THOUGHTS),
        # https://console.groq.com/docs/responses-api, https://console.groq.com/docs/speech-to-text
        dialects=BOTH | SOUNDS,
        keeps=BATCHED,  # https://console.groq.com/docs/batch
    ),
    row(
        "xai",
        "xAI",
        "api.x.ai",
        "https://docs.x.ai/docs/api-reference",
        dialects=BOTH | PICTURES,
        forms=images.XAI,
        # https://docs.x.ai/docs/guides/responses-api, https://docs.x.ai/docs/guides/files
        keeps=ANSWERS_KEPT | {"openai.files"},
        sessions=TALKS,  # https://docs.x.ai/docs/guides/voice
    ),
    row(
        "together",
        "Together AI",
        "api.together.xyz",
        "https://docs.together.ai/reference/chat-completions-1",
        renames=MAX_TOKENS,
        # https://docs.together.ai/reference/completions-1
        dialects=DIALECTS | TEXT | VECTORS | SOUNDS | PICTURES,
        forms=images.TOGETHER,
        keeps=BATCHED,  # https://docs.together.ai/docs/batch-inference
    ),
    row(
        "deepinfra",
        "DeepInfra",
        "api.deepinfra.com",
        "https://deepinfra.com/docs/openai_api",
        prefix="/v1/openai",
        renames=MAX_TOKENS,
        dialects=DIALECTS | TEXT | VECTORS | SOUNDS | PICTURES,
        forms=images.DEEPINFRA,
    ),
    # Unknown parameters are ignored, max_completion_tokens and n with them; a schema is an error.
    # https://api-docs.deepseek.com/guides/thinking_mode
    row(
        "deepseek",
        "DeepSeek",
        "api.deepseek.com",
        "https://api-docs.deepseek.com/api/create-chat-completion",
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
        dialects={
            **DIALECTS,
            **VECTORS,
            **HEARS,
            Operation.MODERATIONS: ("mistral.moderations",),
            Operation.OCR: ("mistral.ocr",),
        },
        keeps=frozenset({"openai.files", "mistral.jobs"}),
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
    # "will result in a 400 error".
    row(
        "cerebras",
        "Cerebras",
        "api.cerebras.ai",
        "https://inference-docs.cerebras.ai/resources/openai",
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
        prefix="/inference/v1",
        renames=MAX_TOKENS,
        # https://docs.fireworks.ai/guides/response-api
        dialects=BOTH | TEXT | VECTORS,  # https://docs.fireworks.ai/api-reference/post-completions
        keeps=ANSWERS_KEPT,
    ),
    row(
        "nebius",
        "Nebius Token Factory",
        "api.tokenfactory.nebius.com",
        "https://docs.tokenfactory.nebius.com/api-reference/introduction",
        dialects=DIALECTS | VECTORS | PICTURES,
        forms=images.NEBIUS,
    ),
    row(
        "openrouter",
        "OpenRouter",
        "openrouter.ai",
        "https://openrouter.ai/docs/api-reference/chat-completion",
        prefix="/api/v1",
        dialects=BOTH | TEXT | VECTORS,  # https://openrouter.ai/docs
    ),
    # No version in the path. Function calls and the rest of `refuses` are silently ignored.
    row(
        "perplexity",
        "Perplexity",
        "api.perplexity.ai",
        "https://docs.perplexity.ai/docs/sonar/openai-compatibility",
        prefix="",
        drops=frozenset({"logit_bias", "top_logprobs", "seed", "service_tier"}),
        refuses=SPOKEN | {"tools", "stop", "logprobs", "n"},
        renames=MAX_TOKENS,
        rules=(system_for_developer,),
    ),
    # https://docs.getbifrost.ai/providers/supported-providers/parasail lists the unsupported ones.
    row(
        "parasail",
        "Parasail",
        "api.parasail.io",
        "https://docs.parasail.io/parasail-docs/serverless/serverless",
        drops=frozenset({"prompt_cache_key", "verbosity", "store", "service_tier"}),
        dialects=DIALECTS | VECTORS,
    ),
    row(
        "sambanova",
        "SambaNova",
        "api.sambanova.ai",
        "https://docs.sambanova.ai/docs/en/features/openai-compatibility",
        drops=frozenset({"logit_bias", "presence_penalty", "frequency_penalty", "top_logprobs"}),
        renames=MAX_TOKENS,
        dialects=DIALECTS | VECTORS,
    ),
    row(
        "hunyuan",
        "Tencent Hunyuan",
        "api.hunyuan.cloud.tencent.com",
        "https://cloud.tencent.com/document/product/1729/111007",
        renames=MAX_TOKENS,
        dialects=DIALECTS | VECTORS,
    ),
    row(
        "tencent-lke",
        "Tencent Cloud LKE",
        "api.lkeap.cloud.tencent.com",
        "https://cloud.tencent.com/document/product/1772/115969",
        renames=MAX_TOKENS,
    ),
    row(
        "tencent-lke-intl",
        "Tencent Cloud LKE (international)",
        "api.lkeap.tencentcloud.com",
        "https://www.tencentcloud.com/document/product/1255/70381",
        renames=MAX_TOKENS,
    ),
    row(
        "dashscope",
        "Alibaba Cloud Model Studio (international)",
        "dashscope-intl.aliyuncs.com",
        "https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope",
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
        prefix="/compatible-mode/v1",
        forms=form("dashscope-cn", NONE, tune=by_member),
        renames=MAX_TOKENS,
        dialects=DIALECTS | VECTORS,
    ),
    row(
        "huggingface",
        "Hugging Face Inference Providers",
        "router.huggingface.co",
        "https://huggingface.co/docs/inference-providers/tasks/chat-completion",
        renames=MAX_TOKENS,
        dialects={
            **DIALECTS,
            Operation.EMBEDDINGS: ("huggingface.features",),
            Operation.IMAGES: ("huggingface.images",),
        },
        prefixes=dict.fromkeys(("huggingface.features", "huggingface.images"), "/hf-inference"),
    ),
    # Every unknown member is "Unknown name … Cannot find field".
    row(
        "gemini-openai",
        "Gemini, OpenAI format",
        "generativelanguage.googleapis.com",
        "https://ai.google.dev/gemini-api/docs/openai",
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
        prefix="/compatibility/v1",
        drops=OPENAI_ONLY | SAMPLERS | {"top_logprobs", "stream_options"},
        refuses=SPOKEN | {"n", "parallel_tool_calls"},
        renames=MAX_TOKENS,
        stream_usage=False,
        dialects=DIALECTS | VECTORS,
    ),
    own(
        "vllm",
        "vLLM",
        "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
        forms=form("vllm", NONE, tune=by_template),
        dialects=BOTH | TEXT | VECTORS | HEARS | {Operation.RERANK: ("jina.rerank",)},
    ),
    own(
        "sglang",
        "SGLang",
        "https://docs.sglang.ai/basic_usage/openai_api_completions.html",
        forms=form("sglang", NONE, tune=by_template),
        dialects=DIALECTS | TEXT | VECTORS,
    ),
    own(
        "ollama",
        "Ollama",
        "https://docs.ollama.com/api/openai-compatibility",
        base_url="http://127.0.0.1:11434",
        options=frozenset(),
        renames=MAX_TOKENS,
        # It takes pictures as base64 only, and answers "invalid image input" to a URL.
        forms={
            **form("ollama", PICTURE_LINKS),
            **items_form("ollama", PICTURE_LINKS | frozenset({Feature.DOCUMENT_URL})),
        },
        # https://docs.ollama.com/api/openai-compatibility, since 0.13.3
        # Who asks in Ollama's own format is answered in it.
        dialects={
            Operation.CHAT: (*BOTH[Operation.CHAT], "ollama.chat"),
            Operation.COMPLETIONS: (*TEXT[Operation.COMPLETIONS], "ollama.generate"),
            Operation.EMBEDDINGS: ("openai.embeddings", "ollama.embed", "ollama.embeddings"),
        },
        prefixes=dict.fromkeys(OLLAMAS, "/api"),
    ),
    # llama.cpp's server, and whatever else serves Llama behind the OpenAI format.
    own(
        "llama",
        "Llama, self-hosted",
        "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
        renames=MAX_TOKENS,
        # https://github.com/ggml-org/llama.cpp/tree/master/tools/server; others are asked with
        # the raw prompt, or as Ollama is, where the configuration says so.
        dialects={Operation.CHAT: (*BOTH[Operation.CHAT], *LLAMA), **TEXT, **VECTORS},
        asked_for=frozenset(LLAMA),
        prefixes={"llama.generate": "", "ollama.chat": "/api"},
        counts=TGI_COUNTS,
    ),
    # Its own format has no version in the path.
    own(
        "tgi",
        "Text Generation Inference",
        "https://huggingface.co/docs/text-generation-inference/reference/api_reference",
        renames=MAX_TOKENS,
        dialects={
            **DIALECTS,
            Operation.COMPLETIONS: ("huggingface.generate", *TEXT[Operation.COMPLETIONS]),
        },
        prefixes={"huggingface.generate": ""},
        counts=TGI_COUNTS,
    ),
    own(
        "openai-compatible",
        "Any other server with OpenAI's format",
        "https://platform.openai.com/docs/api-reference/chat/create",
        keyless=False,
        rules=(remembered_thoughts,),
        dialects=DIALECTS | VECTORS | SOUNDS | PICTURES | EDITS,
    ),
)
