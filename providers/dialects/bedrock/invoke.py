"""InvokeModel, at which clients of every model on Bedrock come in, each with its own body.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
"""

from providers.bridging.dialect import Place
from providers.dialects.bedrock.embeddings import NOVA, TITAN
from providers.wire.members import Json

COHERE = "bedrock.cohere_embed"
COHERES = frozenset({"texts", "images", "inputs"})


def told(body: Json) -> str:
    """Whose body it is; Claude's, where it is no embedding's."""
    if "singleEmbeddingParams" in body or "segmentedEmbeddingParams" in body:
        return NOVA
    if body.keys() & {"inputText", "inputImage"} and "textGenerationConfig" not in body:
        return TITAN
    if "input_type" in body and body.keys() & COHERES:
        return COHERE
    return ""


SHARED_PLACES = (Place(path="/model/{model}/invoke", told=told),)
