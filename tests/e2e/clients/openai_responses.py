"""The openai SDK by the Responses API."""

import json
from typing import Any

import openai

from tests.e2e.clients.openai_chat import failed
from tests.e2e.clients.talk import DESCRIPTION, SCHEMA, WEATHER, Called, Failed, Said, Talk

TOOL = {
    "type": "function",
    "name": WEATHER,
    "description": DESCRIPTION,
    "parameters": SCHEMA,
    "strict": True,
}
FORMAT = {"format": {"type": "json_schema", "name": "place", "schema": SCHEMA, "strict": True}}


class OpenAIResponses(Talk):
    dialect = "openai.responses"
    stop, length, called = "completed", "max_output_tokens", "completed"

    def say(self, text: str, image: str = "") -> None:
        content: list[dict[str, Any]] = [{"type": "input_text", "text": text}]
        if image:
            url = f"data:image/png;base64,{image}"
            content.append({"type": "input_image", "image_url": url, "detail": "auto"})
        self.messages.append({"role": "user", "content": content})

    def result(self, call: Called, text: str) -> None:
        output = {"type": "function_call_output", "call_id": call.id, "output": text}
        self.messages.append(output)

    def _asked(self) -> dict[str, Any]:
        wish = self.wish
        asked: dict[str, Any] = {"model": self.model, "max_output_tokens": wish.max_tokens}
        asked["input"] = list(self.messages)
        if wish.system:
            asked["instructions"] = wish.system
        if wish.tools:
            asked |= {"tools": [TOOL], "tool_choice": "required" if wish.must else "auto"}
        if wish.schema:
            asked["text"] = FORMAT
        if wish.thinking:
            asked["reasoning"] = {"effort": "low", "summary": "auto"}
        if wish.temperature is not None:
            asked["temperature"] = wish.temperature
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
                return self._kept(client.responses.create(**self._asked()))
        except openai.APIError as error:
            raise failed(error) from error

    def streamed(self) -> Said:
        final = None
        try:
            with (
                self._client() as client,
                client.responses.stream(**self._asked()) as stream,
            ):
                for event in stream:
                    if event.type == "error":
                        raise Failed(0, event.message)
                    if event.type in ("response.completed", "response.incomplete"):
                        final = event.response
                    if event.type == "response.failed":
                        raise Failed(0, event.response.error.message)
        except openai.APIError as error:
            raise failed(error) from error
        assert final is not None
        return self._kept(final)

    def _kept(self, answer: Any) -> Said:
        self.messages += [item.model_dump(exclude_none=True) for item in answer.output]
        for item in self.messages:
            for part in item.get("content") or ():
                part.pop("parsed", None)
            item.pop("parsed_arguments", None)
        text, thinking, calls = "", "", []
        for item in answer.output:
            if item.type == "message":
                text += "".join(part.text for part in item.content)
            elif item.type == "reasoning":
                thinking += "".join(part.text for part in (*item.summary, *(item.content or ())))
            elif item.type == "function_call":
                arguments = json.loads(item.arguments)
                calls.append(Called(id=item.call_id, name=item.name, arguments=arguments))
        incomplete = answer.incomplete_details
        return Said(
            text=text,
            thinking=thinking,
            calls=tuple(calls),
            finish=incomplete.reason if incomplete else answer.status,
            input=answer.usage.input_tokens,
            output=answer.usage.output_tokens,
        )


TALK = OpenAIResponses
