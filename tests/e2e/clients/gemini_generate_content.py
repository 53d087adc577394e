"""The google-genai SDK."""

import base64
from typing import Any

from google import genai
from google.genai import errors, types

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

TOOL = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name=WEATHER, description=DESCRIPTION, parameters_json_schema=SCHEMA
        )
    ]
)


class Gemini(Talk):
    dialect = "gemini.generate_content"
    # Gemini says STOP for calls too (https://ai.google.dev/api/generate-content#FinishReason).
    stop, length, called = "STOP", "MAX_TOKENS", "STOP"
    has_ids = False

    def say(self, text: str, image: str = "") -> None:
        parts = [types.Part.from_text(text=text)]
        if image:
            data = base64.b64decode(image)
            parts.append(types.Part.from_bytes(data=data, mime_type="image/png"))
        self.messages.append(types.Content(role="user", parts=parts))

    def result(self, call: Called, text: str) -> None:
        part = types.Part(
            function_response=types.FunctionResponse(
                id=call.id or None, name=call.name, response={"result": text}
            )
        )
        self.messages.append(types.Content(role="user", parts=[part]))

    def _config(self) -> types.GenerateContentConfig:
        wish = self.wish
        config: dict[str, Any] = {"max_output_tokens": wish.max_tokens}
        config["automatic_function_calling"] = {"disable": True}
        if wish.system:
            config["system_instruction"] = wish.system
        if wish.tools:
            mode = "ANY" if wish.must else "AUTO"
            config["tools"] = [TOOL]
            config["tool_config"] = {"function_calling_config": {"mode": mode}}
        if wish.schema:
            config |= {"response_mime_type": "application/json", "response_json_schema": SCHEMA}
        if wish.thinking:
            thinking = {"thinking_budget": BUDGET, "include_thoughts": True}
            config["thinking_config"] = thinking
        if wish.temperature is not None:
            config["temperature"] = wish.temperature
        if wish.stop:
            config["stop_sequences"] = list(wish.stop)
        return types.GenerateContentConfig(**config)

    def whole(self) -> Said:
        with self.link.http() as http:
            try:
                models = self._client(http).models
                answer = models.generate_content(
                    model=self.model, contents=list(self.messages), config=self._config()
                )
            except errors.APIError as error:
                raise _failed(error) from error
        return self._kept([answer])

    def streamed(self) -> Said:
        with self.link.http() as http:
            try:
                models = self._client(http).models
                stream = models.generate_content_stream(
                    model=self.model, contents=list(self.messages), config=self._config()
                )
                return self._kept(list(stream))
            except errors.APIError as error:
                raise _failed(error) from error

    def _client(self, http: Any) -> genai.Client:
        options = types.HttpOptions(base_url=self.link.url, httpx_client=http)
        return genai.Client(api_key="client-key", http_options=options)

    def _kept(self, chunks: list[Any]) -> Said:
        candidates = [chunk.candidates[0] for chunk in chunks if chunk.candidates]
        parts = [part for each in candidates if each.content for part in each.content.parts or ()]
        self.messages.append(types.Content(role="model", parts=parts))
        finish = next(each.finish_reason for each in reversed(candidates) if each.finish_reason)
        usage = next(chunk.usage_metadata for chunk in reversed(chunks) if chunk.usage_metadata)
        calls = [part.function_call for part in parts if part.function_call]
        return Said(
            text="".join(part.text for part in parts if part.text and not part.thought),
            thinking="".join(part.text for part in parts if part.text and part.thought),
            calls=tuple(
                Called(id=call.id or "", name=call.name, arguments=dict(call.args or {}))
                for call in calls
            ),
            finish=finish.value,
            input=usage.prompt_token_count,
            output=(usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0),
        )


def _failed(error: errors.APIError) -> Failed:
    return Failed(error.code or 0, error.message or "")


TALK = Gemini
