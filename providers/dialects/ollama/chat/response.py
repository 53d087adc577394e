"""A whole Ollama chat answer, both ways.

https://docs.ollama.com/api/chat
"""

from providers.bridging.dialect import Context, Seen
from providers.dialects.ollama.answers import (
    finish_of,
    moment,
    parse_logprobs,
    render_logprobs,
    render_usage,
    seconds,
    usage_of,
)
from providers.dialects.ollama.chat.calls import parse_call, render_call
from providers.dialects.ollama.errors import failure
from providers.dialects.ollama.names import PLAIN, SHOWN
from providers.dialects.ollama.pictures import parse_picture
from providers.errors import BadAnswer, FailedAnswer
from providers.neutral.chat import (
    Audio,
    ChatResponse,
    Choice,
    Finish,
    Image,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
)
from providers.wire.members import Json, dicts, optional, string


def parse_response(body: Json) -> ChatResponse:
    """The answer; raises BadAnswer where it is none, and FailedAnswer for an error."""
    message = body.get("message")
    if not isinstance(message, dict):
        if body.get("error"):
            raise FailedAnswer(failure(body["error"]))
        raise BadAnswer("the provider's answer holds no message")
    parts = tuple(_parts(message, string(body.get("created_at"))))
    choice = Choice(
        parts=parts,
        finish=finish_of(body, any(isinstance(part, ToolCall) for part in parts)),
        logprobs=parse_logprobs(body.get("logprobs")),
    )
    return ChatResponse(
        id="",
        model=string(body.get("model")),
        choices=(choice,),
        created=seconds(body.get("created_at")),
        usage=usage_of(body),
    )


def _parts(message: Json, salt: str) -> list[Part]:
    parts: list[Part] = []
    thinking, content = string(message.get("thinking")), string(message.get("content"))
    if thinking:
        parts.append(Thinking(text=thinking, signature=PLAIN))
    if content:
        parts.append(Text(text=content))
    parts += pictures(message)
    parts += [
        parse_call(call, salt, index) for index, call in enumerate(dicts(message.get("tool_calls")))
    ]
    return parts


def pictures(message: Json) -> list[Image]:
    """The pictures that a model drew."""
    images = message.get("images")
    if not isinstance(images, list):
        return []
    return [parse_picture(item) for item in images if isinstance(item, str) and item]


def render_response(response: ChatResponse, context: Context) -> Json:
    """The answer as the SDK expects it; of several choices the first."""
    choice = next(iter(response.choices), Choice())
    body: Json = {
        "model": response.model or context.model,
        "created_at": moment(response.created or context.now),
        "message": _message(choice.parts),
        "done": True,
        "done_reason": SHOWN[choice.finish or Finish.STOP],
    }
    logprobs = render_logprobs(choice.logprobs)
    if logprobs:
        body["logprobs"] = logprobs
    return body | render_usage(response.usage)


def _message(parts: tuple[Part, ...]) -> Json:
    """The assistant's message; the SDK raises for pictures in it, so there are none."""
    texts: list[str] = []
    calls: list[Json] = []
    for part in parts:
        match part:
            case Text(text=text) | Refusal(text=text):
                texts.append(text)
            case Audio(transcript=str(text)):
                texts.append(text)
            case ToolCall():
                calls.append(render_call(part, len(calls)))
    message: Json = {"role": "assistant", "content": "".join(texts)}
    thoughts = "".join(part.text for part in parts if isinstance(part, Thinking))
    return message | optional(thinking=thoughts or None, tool_calls=calls)


def watch(body: Json) -> Seen:
    """What a whole answer says of its usage, model and finish, or with status 200 its error."""
    message = body.get("message")
    called = isinstance(message, dict) and bool(message.get("tool_calls"))
    seen = Seen(
        usage=usage_of(body), model=string(body.get("model")), finish=finish_of(body, called)
    )
    if body.get("error"):
        seen.error, seen.finish = failure(body["error"]), Finish.ERROR
    return seen
