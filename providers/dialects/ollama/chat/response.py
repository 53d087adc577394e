"""A whole Ollama chat answer, both ways.

https://docs.ollama.com/api/chat
"""

import re
from datetime import UTC, datetime
from typing import Any

from providers.bridging.dialect import Context, Seen
from providers.dialects.ollama.chat.calls import parse_call, render_call
from providers.dialects.ollama.chat.messages import parse_picture
from providers.dialects.ollama.errors import failure
from providers.dialects.ollama.names import PLAIN, REASONS, SHOWN
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
from providers.usage import Usage, count, told
from providers.wire.members import Json, dicts, optional, string

# Go writes nine digits of a fraction.
MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)")


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


def finish_of(body: Json, called: bool) -> Finish | None:
    """Why the model stopped; None while it has not."""
    if body.get("done") is False:
        return None
    finish = REASONS.get(string(body.get("done_reason")), Finish.STOP)
    return Finish.TOOL_CALLS if called and finish is Finish.STOP else finish


def usage_of(body: Json) -> Usage | None:
    """The counts of an answer or of a stream's last line; None where there are none.

    The prompt's count is left out where all of the prompt was cached.
    """
    return told(count(body.get("prompt_eval_count")), count(body.get("eval_count")))


def seconds(value: Any) -> int:
    """A moment in RFC 3339, since the epoch; 0 where it is none."""
    match = MOMENT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return 0
    try:
        return max(int(datetime.fromisoformat(match[1] + match[2]).timestamp()), 0)
    except (ValueError, OverflowError):
        return 0


def moment(value: int) -> str:
    """Seconds since the epoch, in RFC 3339."""
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_logprobs(items: Any) -> Json | None:
    """The log probabilities, which have OpenAI's form but for what is left out."""
    if not isinstance(items, list):
        return None
    content = [
        {**_entry(item), "top_logprobs": [_entry(each) for each in dicts(item.get("top_logprobs"))]}
        for item in items
        if isinstance(item, dict)
    ]
    return {"content": content} if content else None


def _entry(item: Json) -> Json:
    token, raw = string(item.get("token")), item.get("bytes")
    return {
        "token": token,
        "logprob": item.get("logprob", 0),
        "bytes": raw if isinstance(raw, list) else list(token.encode()),
    }


def render_logprobs(logprobs: Any) -> list[Json]:
    """OpenAI's log probabilities in Ollama's form."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    return content if isinstance(content, list) else []


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


DURATIONS = {
    "total_duration": 0,
    "load_duration": 0,
    "prompt_eval_duration": 0,
    "eval_duration": 0,
}
"""Nanoseconds; how long it took is not known here, and clients reckon with these numbers."""


def render_usage(usage: Usage | None) -> Json:
    """The members that count."""
    if usage is None:
        return DURATIONS
    return {**DURATIONS, "prompt_eval_count": usage.input, "eval_count": usage.output}


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
