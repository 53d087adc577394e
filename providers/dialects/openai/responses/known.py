"""What is read of a Responses request below its top level."""

from providers.bridging.members import Shape, shape

MARKERS = ("cache_control", "prompt_cache_breakpoint")
TEXT = shape("type", "text", *MARKERS)
PART = Shape(
    kinds={
        "input_text": TEXT,
        "text": TEXT,
        "output_text": shape("type", "text", "annotations", "logprobs", "extra_content"),
        "refusal": shape("type", "refusal"),
        "input_image": shape("type", "image_url", "file_id", "detail", *MARKERS),
        "input_audio": shape("type", *MARKERS, input_audio=shape("data", "format")),
        "input_file": shape("type", "filename", "file_data", "file_url", "file_id", *MARKERS),
    }
)
ITEM = Shape(
    kinds={
        "message": shape("type", "id", "role", "status", "phase", content=PART),
        "function_call": shape(
            "type", "id", "call_id", "name", "arguments", "status", "extra_content", "namespace"
        ),
        "function_call_output": shape("type", "id", "call_id", "name", "status", output=PART),
    }
)
TOOL = Shape(
    kinds={"function": shape("type", "name", "description", "parameters", "strict")},
)
TOP = shape(
    input=ITEM,
    tools=TOOL,
    text=shape("verbosity", format=shape("type", "name", "description", "schema", "strict")),
)
