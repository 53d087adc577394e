"""A whole Cohere chat answer, both ways.

https://docs.cohere.com/v2/reference/chat
"""

from typing import Any

from providers.bridging.dialect import Context, Seen
from providers.dialects.cohere.chat.answers import (
    NAMES,
    parse_finish,
    parse_logprobs,
    parse_usage,
    render_logprobs,
    render_usage,
)
from providers.dialects.cohere.chat.citations import render_citation
from providers.dialects.cohere.chat.content import PLAIN, shown_block
from providers.dialects.cohere.chat.errors import failure
from providers.dialects.cohere.chat.messages import attached, render_calls
from providers.errors import BadAnswer
from providers.neutral.chat import ChatResponse, Choice, Finish, Part, Text, Thinking, ToolCall
from providers.wire import members
from providers.wire.members import Json


def parse_response(body: Json) -> ChatResponse:
    """The answer; raises BadAnswer where it is none."""
    message = body.get("message")
    if not isinstance(message, dict):
        said = f": {message[:500]}" if isinstance(message, str) and message else ""
        raise BadAnswer(f"the provider's answer holds no message{said}")
    parts = _parts(message)
    id, finish = body.get("id"), _finish(body.get("finish_reason"), parts)
    choice = Choice(
        parts=tuple(parts),
        finish=finish,
        logprobs=parse_logprobs(body.get("logprobs")),
        error=failure(body["finish_reason"], body.get("error")) if finish is Finish.ERROR else None,
    )
    return ChatResponse(
        id=id if isinstance(id, str) else "",
        model="",
        choices=(choice,),
        usage=parse_usage(body.get("usage")),
    )


def _finish(reason: Any, parts: list[Part]) -> Finish:
    finish = parse_finish(reason)
    if finish is Finish.STOP and any(isinstance(part, ToolCall) for part in parts):
        return Finish.TOOL_CALLS
    return finish


def _parts(message: Json) -> list[Part]:
    content = message.get("content")
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    parts = [part for block in members.dicts(content) if (part := parse_shown(block)) is not None]
    plan = message.get("tool_plan")
    if isinstance(plan, str) and plan:
        parts.append(Text(text=plan))
        place = len(parts) - 1
    else:
        place = -1
    parts = attached(parts, members.dicts(message.get("citations")), place)
    calls = members.dicts(message.get("tool_calls"))
    parts += [parse_call(call, f"call_{index}") for index, call in enumerate(calls)]
    # An answer of calls has an empty text block now and then.
    return [part for part in parts if part != Text(text="") or not calls]


def parse_shown(block: Json) -> Part | None:
    """A content block of an answer; None for one that is not known."""
    text, thinking = block.get("text"), block.get("thinking")
    if isinstance(thinking, str):
        return Thinking(text=thinking, signature=PLAIN)
    return Text(text=text) if isinstance(text, str) else None


def parse_call(call: Json, id: str) -> ToolCall:
    """A tool call of an answer; `id` is for a provider that gives none."""
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    given, name, arguments = call.get("id"), function.get("name"), function.get("arguments")
    return ToolCall(
        id=given if isinstance(given, str) and given else id,
        name=name if isinstance(name, str) else "",
        arguments=arguments if isinstance(arguments, str) and arguments else "{}",
    )


def render_response(response: ChatResponse, context: Context) -> Json:
    """The answer as the SDK expects it; of several choices the first."""
    choice = next(iter(response.choices), Choice())
    body: Json = {
        "id": response.id or context.id,
        "finish_reason": NAMES[choice.finish or Finish.STOP],
        "message": _message(choice.parts),
    }
    if response.usage is not None:
        body["usage"] = render_usage(response.usage)
    logprobs = render_logprobs(choice.logprobs)
    if logprobs:
        body["logprobs"] = logprobs
    return body


def _message(parts: tuple[Part, ...]) -> Json:
    message: Json = {"role": "assistant"}
    calls = render_calls(parts, sealed=True)
    content: list[Json] = []
    citations: list[Json] = []
    plan = ""
    for part in parts:
        if calls and isinstance(part, Text) and part.signature is None:
            citations += [
                render_citation(cited, part.text, -1, len(plan)) for cited in part.citations
            ]
            plan += part.text
        elif (block := shown_block(part)) is not None:
            if isinstance(part, Text):
                at = len(content)
                citations += [render_citation(cited, part.text, at) for cited in part.citations]
            content.append(block)
    if not (content or calls):
        content.append({"type": "text", "text": ""})  # what every example reads
    if plan:
        message["tool_plan"] = plan
    return message | members.optional(content=content, tool_calls=calls, citations=citations)


def watch(body: Json) -> Seen:
    """What a whole answer says of its usage and finish."""
    seen = Seen(usage=parse_usage(body.get("usage")))
    reason, message = body.get("finish_reason"), body.get("message")
    if isinstance(reason, str) and reason:
        seen.finish = parse_finish(reason)
        if seen.finish is Finish.STOP and isinstance(message, dict) and message.get("tool_calls"):
            seen.finish = Finish.TOOL_CALLS
    if seen.finish is Finish.ERROR:
        seen.error = failure(reason, body.get("error"))
    return seen
