"""The cohere SDK, version 2 of its API."""

import json
from typing import Any

import cohere
from cohere.core.api_error import ApiError

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

KNOWN = {name: value for name, value in SCHEMA.items() if name != "additionalProperties"}
"""https://docs.cohere.com/v2/docs/structured-outputs#unsupported-schema-features"""
TOOL = {
    "type": "function",
    "function": {"name": WEATHER, "description": DESCRIPTION, "parameters": SCHEMA},
}


class CohereChat(Talk):
    dialect = "cohere.chat"
    stop, length, called = "COMPLETE", "MAX_TOKENS", "TOOL_CALL"

    def say(self, text: str, image: str = "") -> None:
        content: Any = text
        if image:
            link = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{image}"}}
            content = [{"type": "text", "text": text}, link]
        self.messages.append({"role": "user", "content": content})

    def result(self, call: Called, text: str) -> None:
        self.messages.append({"role": "tool", "tool_call_id": call.id, "content": text})

    def _asked(self) -> dict[str, Any]:
        wish = self.wish
        asked: dict[str, Any] = {"model": self.model, "max_tokens": wish.max_tokens}
        system = [{"role": "system", "content": wish.system}] if wish.system else []
        asked["messages"] = [*system, *self.messages]
        if wish.tools:
            asked["tools"] = [TOOL]
        if wish.must:
            asked["tool_choice"] = "REQUIRED"
        if wish.schema:
            asked["response_format"] = {"type": "json_object", "json_schema": KNOWN}
        if wish.thinking:
            asked["thinking"] = {"type": "enabled", "token_budget": BUDGET}
        if wish.temperature is not None:
            asked["temperature"] = wish.temperature
        if wish.stop:
            asked["stop_sequences"] = list(wish.stop)
        return asked

    def whole(self) -> Said:
        with self.link.http() as http:
            try:
                answer = self._client(http).chat(**self._asked())
            except ApiError as error:
                raise _failed(error) from error
        message, usage = answer.message, answer.usage
        assert message is not None
        blocks = message.content or []
        return self._kept(
            text="".join(block.text for block in blocks if block.type == "text"),
            thinking="".join(block.thinking for block in blocks if block.type == "thinking"),
            calls=[
                (call.id, call.function.name, call.function.arguments)
                for call in message.tool_calls or ()
            ],
            finish=answer.finish_reason,
            usage=usage,
        )

    def streamed(self) -> Said:
        text, thinking, finish, usage = "", "", "", None
        calls: dict[int, list[str]] = {}
        with self.link.http() as http:
            try:
                events = list(self._client(http).chat_stream(**self._asked()))
            except ApiError as error:
                raise _failed(error) from error
        for event in events:
            if event.type == "content-delta":
                text += event.delta.message.content.text or ""
                thinking += event.delta.message.content.thinking or ""
            elif event.type == "tool-call-start":
                begun = event.delta.message.tool_calls
                function = begun.function
                calls[event.index] = [begun.id, function.name, function.arguments or ""]
            elif event.type == "tool-call-delta":
                calls[event.index][2] += event.delta.message.tool_calls.function.arguments
            elif event.type == "message-end":
                finish, usage = event.delta.finish_reason, event.delta.usage
                if finish == "ERROR":
                    raise Failed(0, event.delta.error or "")
        return self._kept(
            text=text,
            thinking=thinking,
            calls=[tuple(calls[index]) for index in sorted(calls)],
            finish=finish,
            usage=usage,
        )

    def _client(self, http: Any) -> cohere.ClientV2:
        options = {"base_url": self.link.url, "httpx_client": http, "max_retries": 0}
        return cohere.ClientV2(api_key="client-key", **options)

    def _kept(self, *, text: str, thinking: str, calls: list[Any], finish: Any, usage: Any) -> Said:
        content: list[dict[str, Any]] = []
        if thinking:
            content.append({"type": "thinking", "thinking": thinking})
        if text:
            content.append({"type": "text", "text": text})
        message: dict[str, Any] = {"role": "assistant"}
        if content:
            message["content"] = content
        if calls:
            message["tool_calls"] = [
                {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
                for id, name, arguments in calls
            ]
        self.messages.append(message)
        return Said(
            text=text,
            thinking=thinking,
            calls=tuple(
                Called(id=id, name=name, arguments=json.loads(arguments))
                for id, name, arguments in calls
            ),
            finish=finish,
            input=int(usage.tokens.input_tokens),
            output=int(usage.tokens.output_tokens),
        )


def _failed(error: ApiError) -> Failed:
    body = error.body
    message = body.get("message", "") if isinstance(body, dict) else getattr(body, "message", body)
    return Failed(error.status_code or 0, str(message))


TALK = CohereChat
