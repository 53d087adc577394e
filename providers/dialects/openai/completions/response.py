"""A whole completion, both ways.

https://platform.openai.com/docs/api-reference/completions/object
"""

from providers.bridging.dialect import Context, Seen
from providers.dialects.openai.answers import seconds
from providers.dialects.openai.completions.logprobs import parse_logprobs, render_logprobs
from providers.dialects.openai.finish import parse_finish
from providers.dialects.openai.usage import parse_usage, render_usage
from providers.errors import BadAnswer, FailedAnswer
from providers.neutral.chat import ChatResponse, Choice, Finish, Text
from providers.neutral.prompts import words
from providers.wire.compatible_errors import describe, must_hold
from providers.wire.members import Json, dicts, string, whole

NAMES = {
    Finish.LENGTH: "length",
    Finish.ERROR: "length",
    Finish.CONTENT_FILTER: "content_filter",
    Finish.REFUSAL: "content_filter",
}
"""The others are `stop`."""


def parse_response(body: Json) -> ChatResponse:
    """The answer; raises BadAnswer where it is none."""
    choices = dicts(body.get("choices"))
    if not choices:
        if body.get("error"):
            raise FailedAnswer(describe(body, None))
        raise BadAnswer("the provider's answer holds no choices")
    return ChatResponse(
        id=string(body.get("id")),
        model=string(body.get("model")),
        created=seconds(body.get("created")),
        choices=tuple(_choice(choice, position) for position, choice in enumerate(choices)),
        usage=parse_usage(body.get("usage")),
    )


def _choice(choice: Json, position: int) -> Choice:
    index, text = whole(choice.get("index")), string(choice.get("text"))
    return Choice(
        parts=(Text(text=text),) if text else (),
        finish=parse_finish(choice.get("finish_reason")),
        index=position if index is None else index,
        logprobs=parse_logprobs(choice.get("logprobs")),
    )


def render_response(response: ChatResponse, context: Context) -> Json:
    """The answer as the SDK expects it."""
    body: Json = {
        "id": response.id or context.id,
        "object": "text_completion",
        "created": response.created or context.now,
        "model": response.model or context.model,
        "choices": [
            {
                "text": "".join(map(words, choice.parts)),
                "index": choice.index,
                "logprobs": render_logprobs(choice.logprobs),
                "finish_reason": finish_name(choice.finish),
            }
            for choice in response.choices
        ],
    }
    if response.usage is not None:
        body["usage"] = render_usage(response.usage)
    return body


def finish_name(finish: Finish | None) -> str:
    """OpenAI's word."""
    return "stop" if finish is None else NAMES.get(finish, "stop")


def watch(body: Json) -> Seen:
    """What a whole answer says of itself; raises FailedAnswer."""
    must_hold(body, "choices")
    return said_of(body)


def said_of(body: Json) -> Seen:
    """What an answer, or a chunk of it, says of itself."""
    reasons = [parse_finish(choice.get("finish_reason")) for choice in dicts(body.get("choices"))]
    seen = Seen(
        usage=parse_usage(body.get("usage")),
        model=string(body.get("model")),
        finish=next(filter(None, reasons), None),
    )
    if body.get("error"):
        seen.error, seen.finish = describe(body, None), Finish.ERROR
    return seen
