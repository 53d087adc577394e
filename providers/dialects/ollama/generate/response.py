"""A whole answer of Ollama's generate API, both ways.

https://docs.ollama.com/api/generate
"""

from providers.bridging.dialect import Context
from providers.dialects.ollama.answers import (
    finish_of,
    moment,
    parse_logprobs,
    render_logprobs,
    render_usage,
    seconds,
    usage_of,
)
from providers.dialects.ollama.errors import failure
from providers.dialects.ollama.names import PLAIN, SHOWN
from providers.errors import BadAnswer, FailedAnswer
from providers.neutral.chat import ChatResponse, Choice, Finish, Part, Text, Thinking
from providers.neutral.prompts import words
from providers.wire.members import Json, string


def parse_response(body: Json) -> ChatResponse:
    """The answer; raises BadAnswer where it is none, and FailedAnswer for an error."""
    text = body.get("response")
    if not isinstance(text, str):
        if body.get("error"):
            raise FailedAnswer(failure(body["error"]))
        raise BadAnswer("the provider's answer holds no response")
    thinking = string(body.get("thinking"))
    parts: list[Part] = [Thinking(text=thinking, signature=PLAIN)] if thinking else []
    if text:
        parts.append(Text(text=text))
    choice = Choice(
        parts=tuple(parts),
        finish=finish_of(body, called=False),
        logprobs=parse_logprobs(body.get("logprobs")),
    )
    return ChatResponse(
        id="",
        model=string(body.get("model")),
        choices=(choice,),
        created=seconds(body.get("created_at")),
        usage=usage_of(body),
    )


def render_response(response: ChatResponse, context: Context) -> Json:
    """The answer as the SDK expects it; of several choices the first."""
    choice = next(iter(response.choices), Choice())
    thoughts = "".join(part.text for part in choice.parts if isinstance(part, Thinking))
    body: Json = {
        "model": response.model or context.model,
        "created_at": moment(response.created or context.now),
        "response": "".join(map(words, choice.parts)),
        "done": True,
        "done_reason": SHOWN[choice.finish or Finish.STOP],
    }
    if thoughts:
        body["thinking"] = thoughts
    logprobs = render_logprobs(choice.logprobs)
    if logprobs:
        body["logprobs"] = logprobs
    return body | render_usage(response.usage)
