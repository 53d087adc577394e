"""What the modules of this dialect share."""

from providers.neutral.chat import Finish, Signature

NAME = "ollama.chat"
FAMILY = "ollama"

PLAIN = Signature(origin=FAMILY, value="thinking")
"""What tells Ollama's own thoughts, which are plain text, from those of others."""

REASONS = {
    "stop": Finish.STOP,
    "length": Finish.LENGTH,
    "content_filter": Finish.CONTENT_FILTER,
    "refusal": Finish.REFUSAL,
    "error": Finish.ERROR,
}
"""Unknown words, such as `load` and `unload`, are a plain stop."""

SHOWN = {
    Finish.STOP: "stop",
    Finish.STOP_SEQUENCE: "stop",
    Finish.LENGTH: "length",
    # Ollama says `stop` also where the answer is a call.
    Finish.TOOL_CALLS: "stop",
    Finish.CONTENT_FILTER: "content_filter",
    Finish.REFUSAL: "refusal",
    Finish.PAUSE: "stop",
    Finish.ERROR: "error",
}
