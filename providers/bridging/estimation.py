"""Counting tokens in the place of a provider that cannot."""

from typing import Any

import orjson

from providers.bridging import estimate
from providers.bridging.bridge import Answered, Call
from providers.bridging.dialect import Context, Dialect
from providers.errors import GatewayError
from providers.neutral.chat import ChatResponse
from providers.usage import Usage


class Estimation:
    """Answers in the place of a provider that cannot count, with a guess."""

    def __init__(self, client: Dialect) -> None:
        self._client = client

    def request(self, call: Call) -> Answered:
        """The answer, once the request is known to be one."""
        self._client.parse_request(call.body, call.path_model, call.stream)
        guess = Usage(input=estimate.tokens(estimate.characters(call.body)), estimated=True)
        response = ChatResponse(id="", model="", choices=(), usage=guess)
        context = Context(model=call.model, id="", now=0)
        return Answered(body=orjson.dumps(self._client.render_response(response, context)))

    def whole(self, *unused: object) -> Any:
        """Nothing was sent, so nothing is answered."""
        raise GatewayError("no provider was asked")

    stream = error = whole
