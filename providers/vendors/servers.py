"""Servers of one's own that speak OpenAI's chat format, one row each."""

from providers.bridging.fidelity import Feature
from providers.dialects.openai import embedding_hosts as vectors
from providers.dialects.openai import transcript_hosts as transcripts
from providers.dialects.openai.rules import (
    remembered_thoughts,
)
from providers.models.switches import by_template
from providers.operations import Operation
from providers.vendors.forms import (
    BOTH,
    DIALECTS,
    EDITS,
    HEARS,
    MAX_TOKENS,
    NONE,
    PICTURE_LINKS,
    PICTURES,
    RANKS,
    SAY_WHAT_FOR,
    SOUNDS,
    TEXT,
    TRANSLATES,
    VECTORS,
    form,
    items_form,
    own,
)

OLLAMAS = ("ollama.chat", "ollama.generate", "ollama.embed", "ollama.embeddings")
LLAMA = ("llama.generate", "ollama.chat")
"""What else servers of Llama speak."""
# https://github.com/huggingface/text-generation-inference/blob/main/router/src/server.rs
TGI_COUNTS = ("x-prompt-tokens", "x-generated-tokens")

PROVIDERS = (
    own(
        "vllm",
        "vLLM",
        "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
        "2026-11",
        about="vLLM, on machines of one's own.",
        examples={
            "chat": "Qwen/Qwen3-8B",
            "completions": "Qwen/Qwen3-8B",
            "tokenize": "Qwen/Qwen3-8B",
            "detokenize": "Qwen/Qwen3-8B",
            "embeddings": "BAAI/bge-m3",
            "transcription": "openai/whisper-large-v3",
            "translation": "openai/whisper-large-v3",
            "rerank": "BAAI/bge-reranker-v2-m3",
        },
        forms={**form("vllm", NONE, tune=by_template), **transcripts.VLLM},
        dialects={
            **BOTH,
            **TEXT,
            **VECTORS,
            **HEARS,
            **TRANSLATES,
            **RANKS,
            Operation.TOKENIZE: ("vllm.tokenize",),
            Operation.DETOKENIZE: ("vllm.detokenize",),
        },
        prefixes=dict.fromkeys(("vllm.tokenize", "vllm.detokenize"), ""),
    ),
    own(
        "sglang",
        "SGLang",
        "https://docs.sglang.ai/basic_usage/openai_api_completions.html",
        "2026-11",
        about="SGLang, on machines of one's own.",
        examples={
            "chat": "Qwen/Qwen3-8B",
            "completions": "Qwen/Qwen3-8B",
            "embeddings": "Alibaba-NLP/gte-Qwen2-7B-instruct",
        },
        forms=form("sglang", NONE, tune=by_template),
        dialects=DIALECTS | TEXT | VECTORS,
    ),
    own(
        "nim",
        "NVIDIA NIM",
        "https://docs.nvidia.com/nim/large-language-models/latest/api-reference.html",
        "2026-11",
        about="NVIDIA's containers, on machines of one's own.",
        examples={
            "chat": "meta/llama-3.3-70b-instruct",
            "completions": "meta/llama-3.3-70b-instruct",
            "embeddings": "nvidia/nv-embedqa-e5-v5",
            "rerank": "nvidia/llama-nemotron-rerank-1b-v2",
        },
        notes={"embeddings": SAY_WHAT_FOR},
        forms={**form("nim", NONE, tune=by_template), **vectors.nvidia("nim")},
        dialects=DIALECTS | TEXT | VECTORS | {Operation.RERANK: ("nvidia.ranking",)},
    ),
    own(
        "ollama",
        "Ollama",
        "https://docs.ollama.com/api/openai-compatibility",
        "2026-11",
        about="Ollama, on machines of one's own.",
        examples={"chat": "qwen3", "completions": "qwen3", "embeddings": "nomic-embed-text"},
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
        "2026-11",
        about="llama.cpp's server, and whatever else serves Llama.",
        examples={"chat": "llama-3.3-70b", "completions": "llama-3.3-70b", "embeddings": "bge-m3"},
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
        "2026-11",
        about="Text Generation Inference, on machines of one's own.",
        examples={"chat": "tgi", "completions": "tgi"},
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
        "2026-11",
        about="Any server that speaks OpenAI's format.",
        keyless=False,
        rules=(remembered_thoughts,),
        dialects=DIALECTS | VECTORS | SOUNDS | PICTURES | EDITS,
    ),
)
