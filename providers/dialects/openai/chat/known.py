"""What is read of a chat request below its top level."""

from providers.bridging.members import Shape, shape
from providers.dialects.openai.rules import THOUGHTS

MARKERS = ("cache_control", "prompt_cache_breakpoint")
ECHOED = ("annotations", "provider_specific_fields")
"""What clients send back of an answer, and nobody needs."""
REFERENCE = "reference"
"""The same, of its content: Mistral's part that tells the numbers of results."""

FUNCTION = shape("name", "arguments")
TEXT = shape("type", "text", *MARKERS)
THINKING = shape("type", "thinking", "data", "signature", "text", *MARKERS)
PART = Shape(
    kinds={
        "text": TEXT,
        "input_text": TEXT,
        "refusal": shape("type", "refusal"),
        "image_url": shape("type", *MARKERS, image_url=shape("url", "detail")),
        "input_audio": shape("type", *MARKERS, input_audio=shape("data", "format")),
        "video_url": shape("type", *MARKERS, video_url=shape("url")),
        "file": shape("type", *MARKERS, file=shape("filename", "file_data", "file_id")),
        "document_url": shape("type", "document_url", "document_name", *MARKERS),
        REFERENCE: shape("type", "reference_ids"),
        "thinking": THINKING,
        "redacted_thinking": THINKING,
    }
)
CALL = shape("id", "type", "index", "custom", "extra_content", *MARKERS, function=FUNCTION)
MESSAGE = shape(
    "role",
    "name",
    "refusal",
    "tool_call_id",
    "extra_content",
    *THOUGHTS,
    *ECHOED,
    *MARKERS,
    brief=("role", "content"),
    content=PART,
    tool_calls=CALL,
    function_call=FUNCTION,
    audio=shape("id", "data", "expires_at", "transcript"),
)
DECLARED = shape("name", "description", "parameters", "strict", *MARKERS)
TOOL = Shape(
    kinds={"function": shape("type", *MARKERS, function=DECLARED)},
)
SCHEMA = shape("name", "description", "schema", "strict")
TOP = shape(
    messages=MESSAGE,
    tools=TOOL,
    functions=DECLARED,
    response_format=shape("type", "schema", "value", json_schema=SCHEMA),
    audio=shape("voice", "format"),
)
