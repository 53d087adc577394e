"""Whole answers, both ways."""

from typing import Any

import orjson

from providers.bridging.dialect import Context, Seen
from providers.dialects.bedrock.converse import citations
from providers.dialects.bedrock.converse.answers import (
    native_stop,
    parse_finish,
    parse_usage,
    render_finish,
    render_usage,
)
from providers.dialects.bedrock.converse.blocks import parse_blocks, render_blob
from providers.dialects.bedrock.converse.tools import call_id as fit_id
from providers.dialects.bedrock.media import render_media
from providers.dialects.bedrock.names import FAMILY, NAME
from providers.errors import BadAnswer, InvalidRequest
from providers.neutral.carriers import announced, carrier, ending
from providers.neutral.chat import (
    Audio,
    ChatResponse,
    Choice,
    Image,
    Native,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    seal,
)
from providers.neutral.media import Data
from providers.usage import Usage
from providers.wire.members import Json

OWN = ("metrics", "trace", "additionalModelResponseFields", "performanceConfig")
"""Members of an answer that no other dialect knows."""


def parse_response(body: Json) -> ChatResponse:
    """A provider's answer; it names neither itself nor its model. Raises BadAnswer."""
    output = body.get("output")
    message = output.get("message") if isinstance(output, dict) else None
    if not isinstance(message, dict):
        raise BadAnswer("the provider's answer holds no output.message")
    try:
        parts = parse_blocks({"content": _content(message)}, "output.message.")
    except InvalidRequest as error:
        raise BadAnswer(f"the provider's answer cannot be read: {error.message}") from error
    choice = Choice(
        parts=parts,
        finish=parse_finish(body.get("stopReason")),
        native=native_stop(body.get("stopReason")),
        stop_sequence=stop_sequence(body.get("additionalModelResponseFields")),
    )
    return ChatResponse(
        id="",
        model="",
        choices=(choice,),
        usage=parse_usage(body.get("usage")),
        service_tier=tier_of(body),
        native={name: body[name] for name in OWN if body.get(name) is not None},
    )


BLOCKS = ("text", "toolUse", "reasoningContent", "citationsContent", "image", "audio")


def _content(message: Json) -> Any:
    """The blocks; of one that holds more than the service model knows, what it knows."""
    content = message.get("content")
    return [_known(block) for block in content] if isinstance(content, list) else content


def _known(block: Any) -> Any:
    if not isinstance(block, dict) or len(block) == 1:
        return block
    kind = next((kind for kind in BLOCKS if kind in block), None)
    return block if kind is None else {kind: block[kind]}


def stop_sequence(fields: Any) -> str | None:
    """The sequence that stopped the model, where the client asked for it
    (`additionalModelResponseFieldPaths: ["/stop_sequence"]`)."""
    value = fields.get("stop_sequence") if isinstance(fields, dict) else None
    return value if isinstance(value, str) else None


def tier_of(body: Json) -> str | None:
    """The service tier that served an answer."""
    tier = body.get("serviceTier")
    value = tier.get("type") if isinstance(tier, dict) else None
    return value if isinstance(value, str) else None


def render_response(response: ChatResponse, context: Context) -> Json:
    """An answer for a client; the format holds one choice."""
    choice = response.choices[0] if response.choices else Choice()
    content = [block for part in announced(ending(choice.parts)) for block in _blocks(part)]
    calls = any(isinstance(part, ToolCall) for part in choice.parts)
    body: Json = {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": render_finish(choice.finish, calls, choice.native),
        "usage": render_usage(response.usage or Usage()),
        "metrics": {"latencyMs": 0},
        **{name: response.native[name] for name in OWN if name in response.native},
    }
    if choice.stop_sequence is not None and "additionalModelResponseFields" not in body:
        body["additionalModelResponseFields"] = {"stop_sequence": choice.stop_sequence}
    if response.service_tier in ("default", "priority", "flex", "reserved"):
        body["serviceTier"] = {"type": response.service_tier}
    return body


def _blocks(part: Part) -> list[Json]:
    if isinstance(part, Text) and part.citations and citations.stands_beside(part.citations):
        return [{"text": part.text}, citations.render_beside(part.citations)]
    block = render_part(part)
    if block is None:
        return []
    if isinstance(part, Text) and part.signature is not None:
        return [block, {"reasoningContent": render_thinking(carrier(part.signature))}]
    return [block]


def render_part(part: Part) -> Json | None:
    """One content block; None for what the format cannot hold."""
    match part:
        case Text(text=text, citations=cited):
            return citations.render_block(text, cited) if cited else {"text": text}
        case Refusal(text=text):
            return {"text": text}
        case Thinking():
            return {"reasoningContent": render_thinking(part)}
        case ToolCall(id=call_id, name=name, arguments=arguments):
            use = {"toolUseId": fit_id(call_id), "name": name, "input": arguments_of(arguments)}
            return {"toolUse": use}
        case Image(source=Data(media_type=media_type) as source) if media_type in IMAGE_TYPES:
            return {"image": render_media("image", source)}
        case Audio(transcript=transcript) if transcript:
            return {"text": transcript}
        case Native(dialect=dialect, value=value) if dialect == NAME:
            return dict(value)
    return None


IMAGE_TYPES = ("image/png", "image/jpeg", "image/gif", "image/webp")


def render_thinking(part: Thinking) -> Json:
    """A thought of any provider; what was signed by another carries its origin."""
    if part.redacted is not None:
        return {"redactedContent": render_blob(part.redacted)}
    text = {"text": part.text}
    if part.signature is not None:
        text["signature"] = seal(part.signature, FAMILY)
    return {"reasoningText": text}


def arguments_of(text: str) -> Any:
    """The call's input; what is no JSON is shown as text."""
    try:
        return orjson.loads(text) if text.strip() else {}
    except ValueError:
        return text


def watch(body: Json) -> Seen:
    """What a whole answer says of its usage and finish."""
    reason = body.get("stopReason")
    return Seen(
        usage=parse_usage(body.get("usage")),
        finish=parse_finish(reason) if reason is not None else None,
    )
