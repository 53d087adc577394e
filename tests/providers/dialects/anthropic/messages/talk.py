"""A conversation in a few words, and the official types as its judge."""

from functools import cache
from typing import Any

from anthropic.types import MessageCreateParams
from anthropic.types.beta import MessageCreateParams as BetaMessageCreateParams
from pydantic import TypeAdapter

from extproc.lab.simulator.typed import Judge
from providers.dialects.anthropic.messages import DIALECT
from providers.neutral.chat import ChatRequest, Message, Role, Signature, Text, Tool
from providers.neutral.media import Data

ISSUED = Signature(origin="anthropic", value="EqQBCg==")
PNG = Data(base64="iVBORw0KGgo=", media_type="image/png")
WEATHER = Tool(
    name="weather",
    description="Says the weather",
    schema={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


@cache
def judge() -> Judge:
    return Judge(MessageCreateParams, strict=True)


@cache
def beta_types() -> TypeAdapter[Any]:
    return TypeAdapter(BetaMessageCreateParams)


def user(*parts: Any) -> Message:
    return Message(
        role=Role.USER,
        parts=tuple(Text(text=part) if isinstance(part, str) else part for part in parts),
    )


def assistant(*parts: Any) -> Message:
    return Message(role=Role.ASSISTANT, parts=user(*parts).parts)


def tool(*parts: Any) -> Message:
    return Message(role=Role.TOOL, parts=parts)


def ask(*messages: Message, model: str = "claude-sonnet-4-5", **fields: Any) -> ChatRequest:
    return ChatRequest(model=model, messages=messages or (user("hi"),), **fields)


def render(request: ChatRequest, beta: bool = False) -> tuple[dict[str, Any], list[str]]:
    """(body, dropped); the body has been judged by the official types."""
    dropped: list[str] = []
    body = DIALECT.render_request(request, dropped)
    # Version 2026-10-21 and its SDK know no samplers; 2023-06-01, which is sent, does.
    shown = {k: v for k, v in body.items() if k not in ("temperature", "top_p", "top_k")}
    if beta:
        beta_types().validate_python(shown)
    else:
        judge().check(shown)
    return body, dropped


def parse(**body: Any) -> ChatRequest:
    whole = {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": []} | body
    return DIALECT.parse_request(whole, "", False)


def content(*blocks: Any) -> tuple[Any, ...]:
    return parse(messages=[{"role": "user", "content": list(blocks)}]).messages[0].parts
