"""Google's Gemini: by the Gemini API, and on Vertex AI, which hosts Claude, too."""

from providers.dialects.anthropic.messages import hosted
from providers.dialects.gemini import embed, generate_content, images, live
from providers.operations import Operation
from providers.signing.sign import bearer, x_goog_api_key
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
GEMINI = f"^(?!.*{CLAUDE})"
PAINTERS = (images.GEMINI, images.IMAGEN)
PAINTED = {images.GEMINI: "^(?!.*imagen)", images.IMAGEN: "imagen"}

PROVIDERS = (
    Provider(
        name="gemini",
        title="Google Gemini",
        docs="https://ai.google.dev/api/generate-content",
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
        },
        speaks=PAINTED,
        sessions=(live.LIVE,),
        prefixes={live.NAME: ""},
        signer=x_goog_api_key,
    ),
    Provider(
        name="vertex",
        title="Google Vertex AI",
        docs="https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference",
        base_url="https://{region}-aiplatform.googleapis.com",
        regions={"global": "https://aiplatform.googleapis.com"},
        prefix=f"{LOCATION}/publishers/google",
        prefixes={
            "anthropic.messages": LOCATION,
            "anthropic.count_tokens": LOCATION,
            live.NAME: "",
        },
        sessions=(live.VERTEX,),
        dialects={
            Operation.CHAT: (CHAT, "anthropic.messages"),
            Operation.COUNT_TOKENS: (COUNT, "anthropic.count_tokens"),
            Operation.EMBEDDINGS: (
                "gemini.batch_embed_contents",
                "gemini.embed_content",
                "gemini.predict",
            ),
            **SOUNDS,
            Operation.IMAGES: PAINTERS,
            Operation.IMAGE_EDITS: (images.EDITS.name,),
        },
        speaks={
            CHAT: GEMINI,
            COUNT: GEMINI,
            "anthropic.messages": CLAUDE,
            "anthropic.count_tokens": CLAUDE,
            # https://cloud.google.com/vertex-ai/generative-ai/docs/embeddings/get-text-embeddings
            "gemini.predict": "^(?!gemini-)",
            "gemini.embed_content": "^gemini-",
            "gemini.batch_embed_contents": "^gemini-",
            **PAINTED,
        },
        forms={
            COUNT: generate_content.VERTEX_COUNT,
            images.GEMINI: images.VERTEX,
            images.EDITS.name: images.VERTEX_EDITS,
            "anthropic.messages": hosted.VERTEX,
            "anthropic.count_tokens": hosted.VERTEX_COUNT,
            "gemini.embed_content": embed.VERTEX,
            "gemini.batch_embed_contents": embed.VERTEX_MANY,
        },
        options=frozenset({"project", "region"}),
        signer=bearer,
        identities=frozenset({"gcp"}),
        # https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference: `store`
        # belongs to the Gemini API alone.
        drops=frozenset({"store"}),
    ),
    Provider(
        name="vertex-ranking",
        title="Google Vertex AI Search, ranking",
        docs="https://cloud.google.com/generative-ai-app-builder/docs/ranking",
        base_url="https://discoveryengine.googleapis.com",
        prefix="/v1/projects/{project}/locations/global",
        dialects={Operation.RERANK: ("gemini.rank",)},
        options=frozenset({"project"}),
        signer=bearer,
        identities=frozenset({"gcp"}),
    ),
)
