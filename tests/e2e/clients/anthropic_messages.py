"""The anthropic SDK."""

from typing import Any

import anthropic
import httpx
import httpx2

from tests.e2e.clients.talk import (
    BUDGET,
    DESCRIPTION,
    SCHEMA,
    WEATHER,
    Called,
    Failed,
    Said,
    Talk,
)

TOOL = {"name": WEATHER, "description": DESCRIPTION, "input_schema": SCHEMA}


class Carried(httpx2.BaseTransport):
    """The SDK has an HTTP library of its own; its requests go by another's transport."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        asked = httpx.Request(
            request.method,
            str(request.url),
            headers=[*request.headers.items()],
            content=request.read(),
        )
        answer = self._transport.handle_request(asked)
        return httpx2.Response(
            answer.status_code, headers=[*answer.headers.items()], content=answer.read()
        )


class AnthropicMessages(Talk):
    dialect = "anthropic.messages"
    stop, length, called = "end_turn", "max_tokens", "tool_use"

    def say(self, text: str, image: str = "") -> None:
        content: list[dict[str, Any]] = [{"type": "text", "text": text}]
        if image:
            source = {"type": "base64", "media_type": "image/png", "data": image}
            content.append({"type": "image", "source": source})
        self.messages.append({"role": "user", "content": content})

    def result(self, call: Called, text: str) -> None:
        block = {"type": "tool_result", "tool_use_id": call.id, "content": text}
        self.messages.append({"role": "user", "content": [block]})

    def _asked(self) -> dict[str, Any]:
        wish = self.wish
        asked: dict[str, Any] = {"model": self.model, "max_tokens": wish.max_tokens}
        asked["messages"] = list(self.messages)
        if wish.system:
            asked["system"] = [{"type": "text", "text": wish.system}]
        if wish.tools:
            asked |= {"tools": [TOOL], "tool_choice": {"type": "any" if wish.must else "auto"}}
        if wish.schema:
            asked["output_config"] = {"format": {"type": "json_schema", "schema": SCHEMA}}
        if wish.thinking:
            asked["thinking"] = {"type": "enabled", "budget_tokens": BUDGET}
        if wish.stop:
            asked["stop_sequences"] = list(wish.stop)
        return asked

    def _client(self) -> anthropic.Anthropic:
        transport = self.link.transport
        return anthropic.Anthropic(
            base_url=self.link.url,
            api_key="client-key",
            max_retries=0,
            http_client=httpx2.Client(
                transport=None if transport is None else Carried(transport), timeout=30
            ),
        )

    def whole(self) -> Said:
        try:
            with self._client() as client:
                return self._kept(client.messages.create(**self._asked()))
        except anthropic.APIError as error:
            raise _failed(error) from error

    def streamed(self) -> Said:
        try:
            with self._client() as client, client.messages.stream(**self._asked()) as stream:
                return self._kept(stream.get_final_message())
        except anthropic.APIError as error:
            raise _failed(error) from error

    def _kept(self, answer: Any) -> Said:
        blocks = answer.content
        content = [
            block.model_dump(exclude_none=True, exclude={"parsed_output"}) for block in blocks
        ]
        self.messages.append({"role": "assistant", "content": content})
        return Said(
            text="".join(block.text for block in blocks if block.type == "text"),
            thinking="".join(block.thinking for block in blocks if block.type == "thinking"),
            calls=tuple(
                Called(id=block.id, name=block.name, arguments=block.input)
                for block in blocks
                if block.type == "tool_use"
            ),
            finish=answer.stop_reason,
            input=answer.usage.input_tokens,
            output=answer.usage.output_tokens,
        )


def _failed(error: anthropic.APIError) -> Failed:
    return Failed(getattr(error, "status_code", 0), str(error))


TALK = AnthropicMessages
