"""Amazon Bedrock."""

from providers.dialects.anthropic.messages import hosted
from providers.dialects.bedrock import films, knowledge, resources
from providers.dialects.cohere import rerank
from providers.operations import Operation
from providers.signing.aws_sigv4 import aws_sigv4
from providers.vendors.forms import FUNCTIONS_ONLY, MISTRALS
from providers.vendors.provider import Provider

OPENAI = ("openai.chat", "openai.responses")
CLAUDE = ("anthropic.messages", "anthropic.count_tokens")

BEDROCK = Provider(
    name="bedrock",
    title="Amazon Bedrock",
    docs="https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html",
    checked="2026-11",
    about="Claude, Nova, Titan, Llama, Cohere, Stability and others in AWS.",
    examples={
        "chat": "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "count_tokens": "anthropic.claude-sonnet-4-5-20250929-v1:0",
        "embeddings": "amazon.titan-embed-text-v2:0",
        "images": "amazon.nova-canvas-v1:0",
        "image_edits": "amazon.nova-canvas-v1:0",
        "rerank": "cohere.rerank-v3-5:0",
        "video": "amazon.nova-reel-v1:1",
    },
    notes={
        "embeddings": "Titan, Nova and Cohere have formats of their own; the model's name decides.",
        "rerank": "Cohere's models by InvokeModel; Amazon's by the provider `bedrock-agents`.",
        "video": "Nova Reel puts films into S3: the backend names a `bucket`.",
    },
    base_url="https://bedrock-runtime.{region}.amazonaws.com",
    prefix="",
    dialects={
        Operation.CHAT: (
            "bedrock.converse",
            "anthropic.messages",
            "openai.chat",
            "openai.responses",
        ),
        Operation.COUNT_TOKENS: ("bedrock.count_tokens",),
        Operation.EMBEDDINGS: ("bedrock.titan_embed", "bedrock.nova_embed", "bedrock.cohere_embed"),
        Operation.IMAGES: ("bedrock.images", "bedrock.stability"),
        Operation.IMAGE_EDITS: ("bedrock.image_edits", "bedrock.stability_edits"),
        Operation.RERANK: ("cohere.rerank",),
        Operation.VIDEO: (films.NAME,),
    },
    # Of embedding and image models, each maker's have a format of their own.
    speaks={
        "bedrock.titan_embed": "titan",
        "bedrock.nova_embed": "nova",
        "bedrock.cohere_embed": "cohere",
        "bedrock.images": "titan|nova",
        "bedrock.image_edits": "titan|nova",
        "bedrock.stability": "stability(?!.*inpaint)",
        "bedrock.stability_edits": "stability.*inpaint",
        films.NAME: "nova-reel",
    },
    # Converse is for all models, InvokeModel takes each model's own format.
    # https://docs.aws.amazon.com/bedrock/latest/userguide/inference-responses-api.html
    asked_for=frozenset({"anthropic.messages", *OPENAI}),
    keeps=frozenset({films.JOBS.name, resources.ASYNC_INVOKES.name}),
    prefixes=dict.fromkeys(OPENAI, "/openai/v1"),
    functions_only=FUNCTIONS_ONLY,
    forms={"anthropic.messages": hosted.BEDROCK, "cohere.rerank": rerank.BEDROCK},
    counts=("x-amzn-bedrock-input-token-count", "x-amzn-bedrock-output-token-count"),
    options=frozenset({"region"}),
    signer=aws_sigv4,
)

AGENTS = Provider(
    name="bedrock-agents",
    title="Amazon Bedrock, agent runtime",
    docs="https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Agents_for_Amazon_Bedrock_Runtime.html",
    checked="2026-11",
    about="Reranking, and answers out of knowledge bases, by Bedrock's agent runtime.",
    examples={
        "rerank": "arn:aws:bedrock:eu-central-1::foundation-model/cohere.rerank-v3-5:0",
        "retrieve_and_generate": "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
    },
    notes={
        "rerank": "A model is named by its ARN.",
        "retrieve_and_generate": "A model is named by its ARN, its id or that of a profile.",
    },
    base_url="https://bedrock-agent-runtime.{region}.amazonaws.com",
    prefix="",
    dialects={
        Operation.RERANK: ("bedrock.rerank",),
        Operation.RETRIEVE_AND_GENERATE: (knowledge.NAME,),
    },
    keeps=frozenset({knowledge.KEPT.name}),
    options=frozenset({"region"}),
    signer=aws_sigv4,
)

JOBS = Provider(
    name="bedrock-jobs",
    title="Amazon Bedrock, jobs",
    docs="https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelInvocationJob.html",
    checked="2026-11",
    about="Batches of Amazon Bedrock, which read and write S3.",
    notes={"batches": "A route leads a model's name here, and nowhere else."},
    base_url="https://bedrock.{region}.amazonaws.com",
    prefix="",
    keeps=frozenset({resources.JOBS.name}),
    options=frozenset({"region"}),
    signer=aws_sigv4,
)

MANTLE = Provider(
    name="bedrock-mantle",
    title="Amazon Bedrock, Mantle",
    docs="https://docs.aws.amazon.com/bedrock/latest/userguide/bedrock-mantle.html",
    checked="2026-11",
    about="Models of many makers in AWS, by OpenAI's and Anthropic's formats.",
    examples={"chat": "openai.gpt-oss-120b", "count_tokens": "anthropic.claude-haiku-4-5"},
    base_url="https://bedrock-mantle.{region}.api.aws",
    # Some models are under /openai/v1 alone: the `base_url` says so.
    prefixes=dict.fromkeys(CLAUDE, "/anthropic/v1"),
    dialects={
        Operation.CHAT: (*OPENAI, "anthropic.messages"),
        Operation.COUNT_TOKENS: ("anthropic.count_tokens",),
    },
    speaks={
        **dict.fromkeys(OPENAI, r"^(?!anthropic\.)"),
        **dict.fromkeys(CLAUDE, r"^anthropic\."),
    },
    functions_only=FUNCTIONS_ONLY,
    drops=MISTRALS,
    options=frozenset({"region"}),
)
"""Its key is one of Bedrock's API keys."""

PROVIDERS = (BEDROCK, AGENTS, JOBS, MANTLE)
