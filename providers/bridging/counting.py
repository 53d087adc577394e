"""Counting tokens: how many a request would use, asked before it is sent.

The request of a count is the request of a chat, in other wrapping, and its answer is one number. So
a counting dialect is a chat dialect with other ends: between any two of them a request goes through
the neutral conversation, and the answer is a `ChatResponse` that has usage and nothing else.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import orjson

from providers.bridging import estimate
from providers.bridging.chat import ChatDialect
from providers.bridging.dialect import Call, Context, Seen
from providers.errors import BadAnswer
from providers.neutral.chat import ChatRequest, ChatResponse
from providers.operations import Operation
from providers.usage import Usage, count
from providers.wire.members import Json

Wrap = Callable[[Json, str], Json]
"""(chat body, model) → the body that asks to count it."""


def counting(
    chat: ChatDialect,
    *,
    name: str,
    wrap: Wrap,
    number: str,
    constant: Json | None = None,
    **changes: Any,
) -> ChatDialect:
    """The dialect in which the models of `chat` are asked to count.

    An answer has the count as its member `number`, and the members of `constant`; `changes` are the
    places and whatever else differs from `chat`.
    """

    def render_request(request: ChatRequest, dropped: list[str]) -> Json:
        return wrap(chat.render_request(request, dropped), request.model)

    def parse_response(body: Json) -> ChatResponse:
        usage = Usage(input=_count(body, number))
        return ChatResponse(id="", model="", choices=(), usage=usage)

    def render_response(response: ChatResponse, context: Context) -> Json:
        assert response.usage is not None
        return {**(constant or {}), number: response.usage.input}

    parse_request = changes.get("parse_request", chat.parse_request)

    def guess(call: Call) -> bytes:
        parse_request(call.body, call.path_model, call.stream)
        tokens = estimate.prompt(call.data, call.body)
        return orjson.dumps({**(constant or {}), number: tokens})

    return msgspec.structs.replace(
        chat,
        name=name,
        words=chat.words or chat.name,
        operation=Operation.COUNT_TOKENS,
        render_request=render_request,
        parse_response=parse_response,
        render_response=render_response,
        watch=lambda body: Seen(),
        charged=False,
        estimate=guess,
        variant=None,
        listing=None,
        **changes,
    )


def _count(body: Json, name: str) -> int:
    value = count(body.get(name))
    if value is None:
        raise BadAnswer(f"the provider's answer has no {name}")
    return value


def only(names: frozenset[str]) -> Wrap:
    """A wrapping that leaves out what is no part of a prompt."""
    return lambda body, model: {name: value for name, value in body.items() if name in names}
