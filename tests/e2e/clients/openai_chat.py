"""The openai SDK by chat completions."""

import json
from typing import Any

import openai

from tests.e2e.clients.talk import DESCRIPTION, SCHEMA, WEATHER, Called, Failed, Said, Talk

TOOL = {
    "type": "function",
    "function": {"name": WEATHER, "description": DESCRIPTION, "parameters": SCHEMA},
}
FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "place", "schema": SCHEMA, "strict": True},
}


def failed(error: openai.APIError) -> Failed:
    """What the SDK raised, in one form."""
    return Failed(getattr(error, "status_code", 0), error.message)


class OpenAIChat(Talk):
    dialect = "openai.chat"
    stop, length, called = "stop", "length", "tool_calls"

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
        asked: dict[str, Any] = {"model": self.model, "max_completion_tokens": wish.max_tokens}
        system = [{"role": "system", "content": wish.system}] if wish.system else []
        asked["messages"] = [*system, *self.messages]
        if wish.tools:
            asked |= {"tools": [TOOL], "tool_choice": "required" if wish.must else "auto"}
        if wish.schema:
            asked["response_format"] = FORMAT
        if wish.thinking:
            asked["reasoning_effort"] = "low"
        if wish.temperature is not None:
            asked["temperature"] = wish.temperature
        if wish.stop:
            asked["stop"] = list(wish.stop)
        return asked

    def _client(self) -> openai.OpenAI:
        return openai.OpenAI(
            base_url=f"{self.link.url}/v1",
            api_key="client-key",
            max_retries=0,
            http_client=self.link.http(),
        )

    def whole(self) -> Said:
        try:
            with self._client() as client:
                return self._kept(client.chat.completions.create(**self._asked()))
        except openai.APIError as error:
            raise failed(error) from error

    def streamed(self) -> Said:
        usage = {"include_usage": True}
        try:
            with (
                self._client() as client,
                client.chat.completions.stream(**self._asked(), stream_options=usage) as stream,
            ):
                for _ in stream:
                    pass
                return self._kept(stream.get_final_completion())
        except openai.LengthFinishReasonError as error:
            # The stream helper refuses to parse what was cut.
            return self._kept(error.completion)
        except openai.APIError as error:
            raise failed(error) from error

    def _kept(self, answer: Any) -> Said:
        message = answer.choices[0].message
        kept = message.model_dump(exclude_none=True, exclude={"parsed"})
        for call in kept.get("tool_calls") or ():
            call.pop("index", None)
            call["function"].pop("parsed_arguments", None)
        self.messages.append(kept)
        calls = [
            Called(
                id=call.id, name=call.function.name, arguments=json.loads(call.function.arguments)
            )
            for call in message.tool_calls or ()
        ]
        return Said(
            text=message.content or "",
            thinking=getattr(message, "reasoning_content", None) or "",
            calls=tuple(calls),
            finish=answer.choices[0].finish_reason,
            input=answer.usage.prompt_tokens,
            output=answer.usage.completion_tokens,
        )


TALK = OpenAIChat
