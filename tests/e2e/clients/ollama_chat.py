"""The ollama SDK."""

from typing import Any

import ollama

from tests.e2e.clients.talk import DESCRIPTION, SCHEMA, WEATHER, Called, Failed, Said, Talk

TOOL = {
    "type": "function",
    "function": {"name": WEATHER, "description": DESCRIPTION, "parameters": SCHEMA},
}


class OllamaChat(Talk):
    dialect = "ollama.chat"
    # Ollama says `stop` for calls too (https://github.com/ollama/ollama/blob/main/docs/api.md).
    stop, length, called = "stop", "length", "stop"
    has_ids = False

    def say(self, text: str, image: str = "") -> None:
        message: dict[str, Any] = {"role": "user", "content": text}
        if image:
            message["images"] = [image]
        self.messages.append(message)

    def result(self, call: Called, text: str) -> None:
        self.messages.append({"role": "tool", "tool_name": call.name, "content": text})

    def _asked(self) -> dict[str, Any]:
        wish = self.wish
        options: dict[str, Any] = {"num_predict": wish.max_tokens}
        system = [{"role": "system", "content": wish.system}] if wish.system else []
        asked: dict[str, Any] = {"model": self.model, "messages": [*system, *self.messages]}
        if wish.tools:
            asked["tools"] = [TOOL]
        if wish.schema:
            asked["format"] = SCHEMA
        if wish.thinking:
            asked["think"] = True
        if wish.temperature is not None:
            options["temperature"] = wish.temperature
        if wish.stop:
            options["stop"] = list(wish.stop)
        return asked | {"options": options}

    def _client(self) -> ollama.Client:
        return ollama.Client(self.link.url, timeout=30, transport=self.link.transport)

    def whole(self) -> Said:
        with self._client() as client:
            try:
                return self._kept([client.chat(**self._asked())])
            except ollama.ResponseError as error:
                raise _failed(error) from error

    def streamed(self) -> Said:
        with self._client() as client:
            try:
                return self._kept(list(client.chat(**self._asked(), stream=True)))
            except ollama.ResponseError as error:
                raise _failed(error) from error

    def _kept(self, chunks: list[Any]) -> Said:
        text = "".join(chunk.message.content or "" for chunk in chunks)
        thinking = "".join(chunk.message.thinking or "" for chunk in chunks)
        made = [call for chunk in chunks for call in chunk.message.tool_calls or ()]
        message: dict[str, Any] = {"role": "assistant", "content": text}
        if thinking:
            message["thinking"] = thinking
        if made:
            message["tool_calls"] = made
        self.messages.append(message)
        last = chunks[-1]
        assert last.done
        return Said(
            text=text,
            thinking=thinking,
            calls=tuple(
                Called(id="", name=call.function.name, arguments=dict(call.function.arguments))
                for call in made
            ),
            finish=last.done_reason,
            input=last.prompt_eval_count,
            output=last.eval_count,
        )


def _failed(error: ollama.ResponseError) -> Failed:
    # The SDK says -1 for an error in mid-stream.
    return Failed(max(error.status_code, 0), error.error)


TALK = OllamaChat
