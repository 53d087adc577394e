"""Google's Gemini: by the Gemini API, and on Vertex AI, which hosts Claude, too."""

from providers.dialects.anthropic.messages import hosted
from providers.dialects.gemini import (
    embed,
    generate_content,
    imagen,
    images,
    interactions,
    live,
    resources,
    vertex_resources,
)
from providers.dialects.gemini.video import DIALECT as FILMS
from providers.dialects.gemini.video import VERTEX as FILMS_THERE
from providers.dialects.gemini.video import jobs as films
from providers.dialects.gemini.video import vertex as films_there
from providers.operations import Operation
from providers.signing.sign import bearer, x_goog_api_key
from providers.vendors import mistral
from providers.vendors.forms import DIALECTS, FUNCTIONS_ONLY, MAX_TOKENS, MISTRALS
from providers.vendors.provider import Provider

CHAT = "gemini.generate_content"
COUNT = "gemini.count_tokens"

SOUNDS = {
    Operation.SPEECH: ("gemini.speech",),
    Operation.TRANSCRIPTION: ("gemini.transcripts",),
    Operation.TRANSLATION: ("gemini.translations",),
}

LOCATION = "/v1/projects/{project}/locations/{region}"
CLAUDE = "claude"
MISTRAL = "(?:mi|magi|code|dev|mini)stral|mixtral|pixtral"
GEMINI = f"^(?!.*(?:{CLAUDE}|{MISTRAL}))"
PAINTERS = (images.GEMINI, imagen.NAME)
PAINTED = {images.GEMINI: "^(?!.*imagen)", imagen.NAME: "imagen"}

KEPT = frozenset(
    kept.name for kept in (*resources.RESOURCES, films.OPERATIONS, *interactions.RESOURCES)
)
"""What the Gemini API keeps."""
KEPT_THERE = frozenset(kept.name for kept in (*vertex_resources.RESOURCES, films_there.OPERATIONS))
"""What Vertex AI keeps."""

PROVIDERS = (
    Provider(
        name="gemini",
        title="Google Gemini",
        docs="https://ai.google.dev/api/generate-content",
        checked="2026-11",
        about="Gemini, Imagen and Veo, by the Gemini API.",
        examples={
            "chat": "gemini-2.5-flash",
            "count_tokens": "gemini-2.5-flash",
            "embeddings": "gemini-embedding-001",
            "images": "gemini-2.5-flash-image",
            "image_edits": "gemini-2.5-flash-image",
            "interactions": "gemini-2.5-flash",
            "speech": "gemini-2.5-flash-preview-tts",
            "transcription": "gemini-2.5-flash",
            "translation": "gemini-2.5-flash",
            "video": "veo-3.1-generate-preview",
        },
        base_url="https://generativelanguage.googleapis.com",
        prefix="/v1beta",
        paths={Operation.MODELS: "/models"},
        dialects={
            Operation.CHAT: (CHAT,),
            Operation.COUNT_TOKENS: (COUNT,),
            Operation.EMBEDDINGS: ("gemini.batch_embed_contents", "gemini.embed_content"),
            **SOUNDS,
            Operation.IMAGES: PAINTERS,
            Operation.IMAGE_EDITS: (images.EDITS.name,),
            Operation.VIDEO: ("gemini.video",),
            Operation.INTERACTIONS: (interactions.NAME,),
        },
        speaks=PAINTED,
        keeps=KEPT,
        sessions=(live.LIVE,),
        prefixes={live.NAME: ""},
        signer=x_goog_api_key,
    ),
    Provider(
        name="vertex",
        title="Google Vertex AI",
        docs="https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference",
        checked="2026-11",
        about="Gemini, Imagen, Veo, Claude and Mistral in Google Cloud.",
        examples={
            "chat": "gemini-2.5-flash",
            "count_tokens": "gemini-2.5-flash",
            "embeddings": "text-embedding-005",
            "images": "imagen-4.0-generate-001",
            "image_edits": "gemini-2.5-flash-image",
            "speech": "gemini-2.5-flash-preview-tts",
            "transcription": "gemini-2.5-flash",
            "translation": "gemini-2.5-flash",
            "video": "veo-3.1-generate-001",
        },
        notes={"embeddings": "Gemini's models are asked by embedContent, older ones by predict."},
        base_url="https://{region}-aiplatform.googleapis.com",
        regions={"global": "https://aiplatform.googleapis.com"},
        prefix=f"{LOCATION}/publishers/google",
        prefixes={
            **dict.fromkeys(("anthropic.messages", "anthropic.count_tokens"), LOCATION),
            "openai.chat": LOCATION,
            live.NAME: "",
            **dict.fromkeys(KEPT_THERE, LOCATION),
        },
        sessions=(live.VERTEX,),
        keeps=KEPT_THERE,
        dialects={
            Operation.CHAT: (CHAT, "anthropic.messages", "openai.chat"),
            Operation.COUNT_TOKENS: (COUNT, "anthropic.count_tokens"),
            Operation.EMBEDDINGS: (
                "gemini.batch_embed_contents",
                "gemini.embed_content",
                "gemini.predict",
            ),
            **SOUNDS,
            Operation.IMAGES: PAINTERS,
            Operation.IMAGE_EDITS: (images.EDITS.name,),
            Operation.VIDEO: (FILMS.name,),
        },
        speaks={
            CHAT: GEMINI,
            COUNT: GEMINI,
            "anthropic.messages": CLAUDE,
            "anthropic.count_tokens": CLAUDE,
            "openai.chat": MISTRAL,
            # https://cloud.google.com/vertex-ai/generative-ai/docs/embeddings/get-text-embeddings
            "gemini.predict": "^(?!gemini-)",
            "gemini.embed_content": "^gemini-",
            "gemini.batch_embed_contents": "^gemini-",
            **PAINTED,
        },
        forms={
            CHAT: generate_content.ON_VERTEX,
            COUNT: generate_content.VERTEX_COUNT,
            images.GEMINI: images.VERTEX,
            images.EDITS.name: images.VERTEX_EDITS,
            FILMS.name: FILMS_THERE,
            "anthropic.messages": hosted.VERTEX,
            "anthropic.count_tokens": hosted.VERTEX_COUNT,
            "gemini.embed_content": embed.VERTEX,
            "gemini.batch_embed_contents": embed.VERTEX_MANY,
            **mistral.ON_VERTEX,
        },
        functions_only=FUNCTIONS_ONLY,
        options=frozenset({"project", "region"}),
        signer=bearer,
        identities=frozenset({"gcp"}),
        # https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference: `store`
        # belongs to the Gemini API alone.
        drops=frozenset({"store"}),
    ),
    # Models are named with their makers (meta/llama-4-…, google/gemini-2.5-pro), or are the ids of
    # endpoints of one's own.
    Provider(
        name="vertex-openai",
        title="Google Vertex AI, OpenAI format",
        docs="https://cloud.google.com/vertex-ai/generative-ai/docs/migrate/openai/overview",
        checked="2026-11",
        about="Llama, Qwen, gpt-oss and others of Google Cloud's Model Garden.",
        examples={"chat": "meta/llama-4-maverick-17b-128e-instruct-maas"},
        base_url="https://{region}-aiplatform.googleapis.com",
        regions={"global": "https://aiplatform.googleapis.com"},
        prefix=f"{LOCATION}/endpoints/openapi",
        dialects=DIALECTS,
        functions_only=FUNCTIONS_ONLY,
        drops=MISTRALS,
        renames=MAX_TOKENS,
        options=frozenset({"project", "region"}),
        signer=bearer,
        identities=frozenset({"gcp"}),
    ),
    Provider(
        name="vertex-ranking",
        title="Google Vertex AI Search, ranking",
        docs="https://cloud.google.com/generative-ai-app-builder/docs/ranking",
        checked="2026-11",
        about="Google Cloud's ranking of texts.",
        examples={"rerank": "semantic-ranker-default-004"},
        base_url="https://discoveryengine.googleapis.com",
        prefix="/v1/projects/{project}/locations/global",
        dialects={Operation.RERANK: ("gemini.rank",)},
        options=frozenset({"project"}),
        signer=bearer,
        identities=frozenset({"gcp"}),
    ),
)
