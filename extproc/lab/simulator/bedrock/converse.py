"""Amazon Bedrock's Converse and ConverseStream, under any prefix.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import orjson

from extproc.lab.simulator.bedrock import converse_rules, converse_write
from extproc.lab.simulator.dialect import Asked, Call, Dialect, Event, Json, Refusal, Tool
from extproc.lab.simulator.directives import Directives
from extproc.lab.simulator.reply import PER_ATTACHMENT, PER_IMAGE, PER_MESSAGE, PER_TOOL, count
from providers.wire import aws_event_stream as frames

PATH = re.compile(r".*/model/(?P<model>[^/]+)/(?P<verb>converse|converse-stream)")
TYPES = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    405: "UnknownOperationException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}
"""The error's type by status."""

CREDENTIAL = re.compile(r"(?:Bearer |AWS4-HMAC-SHA256 Credential=)([^/,\s]+)")


def ask(call: Call) -> Asked:
    """What the body asks; the model and whether to stream stand in the path."""
    body = call.body
    messages: list[Json] = body.get("messages") or []
    said = [at for at, one in enumerate(messages) if one["role"] == "user" and _text(one)]
    last = said[-1] if said else -1
    config = body.get("toolConfig") or {}
    demand, named = _claudes_demand(body) or _demand(config)
    inference = body.get("inferenceConfig") or {}
    return Asked(
        model=call.params["model"],
        text=_text(messages[last]) if said else "",
        prompt_tokens=_prompt_tokens(body, messages),
        stream=call.params["verb"] == "converse-stream",
        tools=_tools(config),
        demand=demand,
        named=named,
        parallel=_parallel(body),
        results=[text for one in messages[max(last, 0) :] for text in _results(one)],
        rounds=sum(1 for one in messages[last + 1 :] if _blocks(one, "toolUse")),
        schema=_schema(body),
        stop=inference.get("stopSequences") or (),
        max_tokens=inference.get("maxTokens"),
        body=body,
    )


def _blocks(message: Json, kind: str) -> list[Any]:
    return [block[kind] for block in message["content"] if kind in block]


def _text(message: Json) -> str:
    guarded = (block.get("text", {}) for block in _blocks(message, "guardContent"))
    return "\n".join([*_blocks(message, "text"), *(text.get("text", "") for text in guarded)])


def _results(message: Json) -> Iterator[str]:
    for result in _blocks(message, "toolResult"):
        for block in result["content"]:
            if "text" in block:
                yield block["text"]
            elif "json" in block:
                yield orjson.dumps(block["json"]).decode()


def _prompt_tokens(body: Json, messages: Sequence[Json]) -> int:
    system = "\n".join(block.get("text", "") for block in body.get("system") or ())
    total = count(system) + PER_TOOL * len(_tools(body.get("toolConfig") or {}))
    for message in messages:
        total += PER_MESSAGE + count(_text(message)) + count(" ".join(_results(message)))
        total += PER_IMAGE * len(_blocks(message, "image"))
        others = (len(_blocks(message, kind)) for kind in ("document", "video", "audio"))
        total += PER_ATTACHMENT * sum(others)
    return total


def _tools(config: Json) -> list[Tool]:
    specs = [tool["toolSpec"] for tool in config.get("tools") or () if "toolSpec" in tool]
    return [Tool(spec["name"], spec["inputSchema"]["json"]) for spec in specs]


def _demand(config: Json) -> tuple[Literal["none", "auto", "required"], str]:
    match config.get("toolChoice"):
        case {"any": {}}:
            return "required", ""
        case {"tool": {"name": str(name)}}:
            return "required", name
        case _:
            return "auto", ""


def _claudes_demand(body: Json) -> tuple[Literal["none", "auto", "required"], str] | None:
    match _additional(body).get("tool_choice"):
        case {"type": "none"}:
            return "none", ""
        case {"type": "any"}:
            return "required", ""
        case {"type": "tool", "name": str(name)}:
            return "required", name
    return None


def _parallel(body: Json) -> bool:
    choice = _additional(body).get("tool_choice") or {}
    return not choice.get("disable_parallel_tool_use")


def _additional(body: Json) -> Json:
    """What Claude itself is told, beside Converse."""
    fields: Json = body.get("additionalModelRequestFields") or {}
    return fields


def _schema(body: Json) -> Json | None:
    wanted = (body.get("outputConfig") or {}).get("textFormat")
    if not wanted:
        own = (_additional(body).get("output_config") or {}).get("format") or {}
        return own.get("schema")
    schema: Json = orjson.loads(wanted["structure"]["jsonSchema"]["schema"])
    return schema


def key(call: Call) -> str:
    """The access key id of a signature, or a Bedrock API key."""
    sent = next((value for name, value in call.headers if name == "authorization"), "")
    match = CREDENTIAL.match(sent)
    return match[1] if match else ""


def error(refusal: Refusal, directives: Directives) -> bytes:
    """An error body; the type stands in it, where the SDK looks for it too."""
    kind = directives.error_type or _kind(refusal)
    return orjson.dumps({"__type": kind, "message": refusal.message})


def _kind(refusal: Refusal) -> str:
    fallback = "InternalServerException" if refusal.status >= 500 else "ValidationException"
    return TYPES.get(refusal.status, fallback)


def stream_error(refusal: Refusal, directives: Directives) -> Event:
    """A modeled exception in mid-stream."""
    kind = directives.error_type or _kind(refusal)
    name = f"{EXCEPTION}{kind[:1].lower()}{kind[1:]}"
    return Event(orjson.dumps({"message": refusal.message}), name=name)


EXCEPTION = "!"
"""Before an event's name that is an exception's type."""


def frame(event: Event, directives: Directives) -> bytes:
    """One event as a message of an event stream."""
    if event.name.startswith(EXCEPTION):
        headers = frames.exception_headers(event.name.removeprefix(EXCEPTION))
    else:
        headers = frames.event_headers(event.name)
    return frames.encode_raw(headers, event.data)


DIALECT = Dialect(
    name="bedrock.converse",
    path=PATH,
    sdk="botocore",
    check=converse_rules.check,
    ask=ask,
    whole=converse_write.whole,
    events=converse_write.events,
    error=error,
    stream_error=stream_error,
    frame=frame,
    stream_content_type="application/vnd.amazon.eventstream",
    key=key,
)
