"""InvokeModel, at which clients of every model on Bedrock come in, each with its own body.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
"""

from providers.bridging.dialect import Place
from providers.dialects.bedrock.embeddings import NOVA, TITAN
from providers.dialects.bedrock.images import AMAZON, AMAZONS_EDITS, STABILITY
from providers.dialects.bedrock.invoke_images import MODES, STABILITYS
from providers.dialects.bedrock.invoke_rerank import NAME as RERANK
from providers.wire.members import Json

COHERE = "bedrock.cohere_embed"
PICTURES = {"IMAGE_VARIATION": AMAZONS_EDITS}
"""Of Amazon's tasks, that with an operation of its own."""
COHERES = frozenset({"texts", "images", "inputs"})


NAMES = frozenset({NOVA, TITAN, COHERE, RERANK, AMAZON, AMAZONS_EDITS, STABILITY})


def told(body: Json) -> str:
    """Whose body it is; Claude's, where it is nobody else's."""
    if "singleEmbeddingParams" in body or "segmentedEmbeddingParams" in body:
        return NOVA
    if body.keys() & {"inputText", "inputImage"} and "textGenerationConfig" not in body:
        return TITAN
    if "input_type" in body and body.keys() & COHERES:
        return COHERE
    if "query" in body and "documents" in body:
        return RERANK
    if "taskType" in body:
        return PICTURES.get(str(body["taskType"]), AMAZON)
    # Llama's and Mistral's clients have a prompt, too, and say how long an answer may be.
    if "prompt" in body and body.keys() <= STABILITYS | MODES:
        return STABILITY
    return ""


SHARED_PLACES = (Place(path="/model/{model}/invoke", told=told, names=NAMES),)
