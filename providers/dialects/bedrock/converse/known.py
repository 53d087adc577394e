"""What is read of a Converse request below its top level."""

from providers.bridging.members import Shape, shape

MESSAGE = shape("role", "content")
SPEC = shape("name", "description", "inputSchema", "strict")
TOP = shape(
    messages=MESSAGE,
    inferenceConfig=shape("maxTokens", "temperature", "topP", "topK", "stopSequences"),
    toolConfig=shape(
        "toolChoice",
        tools=Shape(
            inner={"toolSpec": SPEC}, known=frozenset({"toolSpec", "cachePoint", "systemTool"})
        ),
    ),
    outputConfig=shape(
        "effort",
        textFormat=shape(
            "type",
            structure=shape(jsonSchema=shape("schema", "name", "description")),
        ),
    ),
)
"""The blocks of a message are unions, of which no unknown member passes."""
