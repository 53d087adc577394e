"""Why a model stopped, in the words of chat."""

from providers.neutral.chat import Finish

NAMES = {
    Finish.STOP: "stop",
    Finish.STOP_SEQUENCE: "stop",
    Finish.LENGTH: "length",
    Finish.TOOL_CALLS: "tool_calls",
    Finish.CONTENT_FILTER: "content_filter",
    Finish.REFUSAL: "content_filter",
    Finish.PAUSE: "stop",
    # The SDK knows no "error"; an answer that broke off without an error event is incomplete.
    Finish.ERROR: "length",
}


def finish_name(finish: Finish, refused: bool) -> str:
    """OpenAI's word; an answer with a refusal's text in it is a plain stop."""
    return "stop" if refused and finish is Finish.REFUSAL else NAMES[finish]
