"""Google's Gemini: by the Gemini API, and on Vertex AI."""

from providers.operations import Operation
from providers.provider import Provider
from providers.sign import bearer, x_goog_api_key

DIALECTS = {Operation.CHAT: ("gemini.generate_content",)}
COUNT_TOKENS = "/models/{model}:countTokens"

PROVIDERS = (
    Provider(
        name="gemini",
        title="Google Gemini",
        docs="https://ai.google.dev/api/generate-content",
        base_url="https://generativelanguage.googleapis.com",
        prefix="/v1beta",
        paths={Operation.COUNT_TOKENS: COUNT_TOKENS, Operation.MODELS: "/models"},
        dialects=DIALECTS,
        signer=x_goog_api_key,
    ),
    Provider(
        name="vertex",
        title="Google Vertex AI",
        docs="https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference",
        base_url="https://{region}-aiplatform.googleapis.com",
        regions={"global": "https://aiplatform.googleapis.com"},
        prefix="/v1/projects/{project}/locations/{region}/publishers/google",
        paths={Operation.COUNT_TOKENS: COUNT_TOKENS},
        dialects=DIALECTS,
        options=frozenset({"project", "region"}),
        signer=bearer,
        # https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference: `store`
        # belongs to the Gemini API alone.
        drops=frozenset({"store"}),
    ),
)
