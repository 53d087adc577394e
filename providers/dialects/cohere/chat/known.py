"""What is read of a chat request below its top level."""

from providers.bridging.members import Shape, shape

PART = Shape(
    kinds={
        "text": shape("type", "text", "signature"),
        "thinking": shape("type", "thinking", "signature", "data"),
        "image_url": shape("type", image_url=shape("url", "detail")),
        "document": shape("type", "document"),
    }
)
MESSAGE = shape(
    "role",
    "tool_plan",
    "citations",
    "tool_call_id",
    brief=("role", "content"),
    content=PART,
    tool_calls=shape("id", "type", "signature", function=shape("name", "arguments")),
)
TOP = shape(
    messages=MESSAGE,
    tools=shape("type", function=shape("name", "description", "parameters")),
    response_format=shape("type", "schema", "json_schema"),
    thinking=shape("type", "token_budget"),
)
