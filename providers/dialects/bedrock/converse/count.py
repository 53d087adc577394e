"""What surrounds a conversation whose tokens are to be counted.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html
"""

from providers.dialects.bedrock.converse.request import parse_request
from providers.errors import InvalidRequest, Unsupported
from providers.neutral.chat import ChatRequest
from providers.wire import members
from providers.wire.members import Json

COUNTED = frozenset({"additionalModelRequestFields", "messages", "system", "toolConfig"})


def parse(body: Json, path_model: str, path_stream: bool) -> ChatRequest:
    """A client's conversation."""
    given = members.mapping(body, "input") or {}
    if "invokeModel" in given:
        message = "a body for InvokeModel can only be counted by Bedrock; send input.converse"
        raise Unsupported(message, param="input.invokeModel")
    conversation = members.mapping(given, "converse")
    if conversation is None:
        raise InvalidRequest("input.converse is required", param="input.converse")
    return parse_request({**conversation}, path_model, path_stream)


def wrap(body: Json, model: str) -> Json:
    """What Bedrock counts of a conversation."""
    counted = {name: value for name, value in body.items() if name in COUNTED}
    return {"input": {"converse": counted}}
