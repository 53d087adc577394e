"""What is read of a chat request below its top level."""

from providers.bridging.members import shape

FUNCTION = shape("name", "arguments", "index", "description")
"""Ollama numbers the calls of its own answers."""
MESSAGE = shape(
    "role",
    "content",
    "thinking",
    "images",
    "tool_name",
    "name",
    "tool_call_id",
    brief=("role", "content"),
    tool_calls=shape("id", "type", function=FUNCTION),
)
TOP = shape(
    messages=MESSAGE,
    tools=shape("type", function=shape("name", "description", "parameters")),
)
