"""Every SDK that asks for text completions: what it is asked, what it shows, how it fails."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

import anthropic
import cohere
import httpx
import huggingface_hub
import mistralai.client as mistralai
import msgspec
import ollama
import openai
from anthropic._models import BaseModel
from cohere.core.api_error import ApiError as CohereError
from huggingface_hub.errors import HfHubHTTPError, TextGenerationError

MAX_TOKENS = 40


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, as the SDK shows it."""

    text: str
    finish: str
    input: int | None = None
    """None: this format has no counts."""
    output: int | None = None


class Failed(Exception):
    """The SDK reports an error; status 0 where it came in mid-stream."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Writer(ABC):
    """One SDK and one model."""

    dialect: ClassVar[str]
    stop: ClassVar[str]
    """Its word for a text that is complete."""
    length: ClassVar[str]

    def __init__(self, url: str, model: str) -> None:
        self.url = url
        self.model = model

    @abstractmethod
    def whole(self, prompt: str, max_tokens: int = MAX_TOKENS) -> Said:
        """What follows the prompt; raises Failed."""

    @abstractmethod
    def streamed(self, prompt: str, max_tokens: int = MAX_TOKENS) -> Said:
        """What a stream adds up to; raises Failed."""

    def answer(self, stream: bool, prompt: str, max_tokens: int = MAX_TOKENS) -> Said:
        """Asks in one of the two ways."""
        ask = self.streamed if stream else self.whole
        return ask(prompt, max_tokens)


class OpenAI(Writer):
    dialect = "openai.completions"
    stop, length = "stop", "length"

    def _client(self) -> openai.OpenAI:
        return openai.OpenAI(
            api_key="client-key",
            base_url=f"{self.url}/v1",
            max_retries=0,
            timeout=30,
        )

    def whole(self, prompt: str, max_tokens: int = MAX_TOKENS) -> Said:
        with self._client() as client:
            try:
                answer = client.completions.create(
                    model=self.model, prompt=prompt, max_tokens=max_tokens
                )
            except openai.APIError as error:
                raise _of_status(error) from error
        choice, usage = answer.choices[0], answer.usage
        return Said(
            text=choice.text,
            finish=choice.finish_reason,
            input=usage and usage.prompt_tokens,
            output=usage and usage.completion_tokens,
        )

    def streamed(self, prompt: str, max_tokens: int = MAX_TOKENS) -> Said:
        text, finish, usage = "", "", None
        with self._client() as client:
            try:
                chunks = client.completions.create(
                    model=self.model,
                    prompt=prompt,
                    max_tokens=max_tokens,
                    stream=True,
                    stream_options={"include_usage": True},
                )
                for chunk in chunks:
                    for choice in chunk.choices:
                        text += choice.text
                        finish = choice.finish_reason or finish
                    usage = chunk.usage or usage
            except openai.APIError as error:
                raise _of_status(error) from error
        return Said(
            text=text,
            finish=finish,
            input=usage and usage.prompt_tokens,
            output=usage and usage.completion_tokens,
        )


def _of_status(error: openai.APIError | anthropic.APIError) -> Failed:
    return Failed(getattr(error, "status_code", 0), str(error))


class Completion(BaseModel):
    """Anthropic's answer; the SDK had this type until its version 1."""

    id: str
    completion: str
    model: str
    stop_reason: str | None = None
    type: str


class Anthropic(Writer):
    dialect = "anthropic.complete"
    stop, length = "stop_sequence", "max_tokens"

    def _ask(self, prompt: str, max_tokens: int, **options: Any) -> Any:
        body = {
            "model": self.model,
            "prompt": f"\n\nHuman: {prompt}\n\nAssistant:",
            "max_tokens_to_sample": max_tokens,
        }
        client = anthropic.Anthropic(
            api_key="client-key",
            base_url=self.url,
            max_retries=0,
            timeout=30,
        )
        if options:
            body["stream"] = True
        return client.post("/v1/complete", body=body, cast_to=Completion, **options)

    def whole(self, prompt: str, max_tokens: int = MAX_TOKENS) -> Said:
        try:
            answer = self._ask(prompt, max_tokens)
        except anthropic.APIError as error:
            raise _of_status(error) from error
        return Said(text=answer.completion, finish=answer.stop_reason)

    def streamed(self, prompt: str, max_tokens: int = MAX_TOKENS) -> Said:
        text, finish = "", ""
        try:
            form = anthropic.Stream[Completion]
            for piece in self._ask(prompt, max_tokens, stream=True, stream_cls=form):
                text += piece.completion
                finish = piece.stop_reason or finish
        except anthropic.APIError as error:
            raise _of_status(error) from error
        return Said(text=text, finish=finish)


class Cohere(Writer):
    dialect = "cohere.generate"
    stop, length = "COMPLETE", "MAX_TOKENS"

    def _client(self, http: httpx.Client) -> cohere.Client:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return cohere.Client(
                api_key="client-key", base_url=self.url, httpx_client=http, max_retries=0
            )

    def whole(self, prompt: str, max_tokens: int = MAX_TOKENS) -> Said:
        with httpx.Client(timeout=30) as http, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                answer = self._client(http).generate(
                    model=self.model, prompt=prompt, max_tokens=max_tokens
                )
            except CohereError as error:
                raise _of_cohere(error) from error
        units = answer.meta and answer.meta.billed_units
        one = answer.generations[0]
        return Said(
            text=one.text,
            finish=one.finish_reason,
            input=units and int(units.input_tokens),
            output=units and int(units.output_tokens),
        )

    def streamed(self, prompt: str, max_tokens: int = MAX_TOKENS) -> Said:
        with httpx.Client(timeout=30) as http, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                events = self._client(http).generate_stream(
                    model=self.model, prompt=prompt, max_tokens=max_tokens
                )
                *told, end = list(events)
            except CohereError as error:
                raise _of_cohere(error) from error
        if end.event_type == "stream-error":
            raise Failed(0, end.err)
        text = "".join(event.text for event in told)
        assert end.response.generations[0].text == text
        units = getattr(end.response, "meta", {}).get("billed_units", {})
        return Said(
            text=text,
            finish=end.finish_reason,
            input=units.get("input_tokens"),
            output=units.get("output_tokens"),
        )


def _of_cohere(error: CohereError) -> Failed:
    body = error.body
    message = body.get("message", "") if isinstance(body, dict) else body
    return Failed(error.status_code or 0, str(message))


class HuggingFace(Writer):
    dialect = "huggingface.generate"
    stop, length = "eos_token", "length"

    def _client(self) -> huggingface_hub.InferenceClient:
        return huggingface_hub.InferenceClient(
            model=f"{self.url}/generate",
            token="client-key",
            headers={"x-ai-model": self.model},
            timeout=30,
        )

    def whole(self, prompt: str, max_tokens: int = MAX_TOKENS) -> Said:
        try:
            answer = self._client().text_generation(
                prompt, details=True, max_new_tokens=max_tokens, decoder_input_details=True
            )
        except (HfHubHTTPError, TextGenerationError) as error:
            raise _of_hub(error) from error
        details = answer.details
        return Said(
            text=answer.generated_text,
            finish=details.finish_reason,
            output=details.generated_tokens,
        )

    def streamed(self, prompt: str, max_tokens: int = MAX_TOKENS) -> Said:
        try:
            # The client's end is the stream's end.
            with self._client() as client:
                stream: Iterator[Any] = client.text_generation(
                    prompt, details=True, stream=True, max_new_tokens=max_tokens
                )
                events = list(stream)
        except (HfHubHTTPError, TextGenerationError) as error:
            raise _of_hub(error) from error
        last = events[-1]
        text = "".join(event.token.text for event in events if not event.token.special)
        assert last.generated_text == text
        assert [event.index for event in events] == [*range(1, len(events) + 1)]
        return Said(
            text=text,
            finish=last.details.finish_reason,
            input=last.details.input_length,
            output=last.details.generated_tokens,
        )


def _of_hub(error: Exception) -> Failed:
    cause = error.__cause__ or error
    response = getattr(cause, "response", None)
    return Failed(0 if response is None else response.status_code, str(error))


class Ollama(Writer):
    dialect = "ollama.generate"
    stop, length = "stop", "length"

    def _ask(self, prompt: str, max_tokens: int, *, stream: bool) -> Any:
        return ollama.Client(self.url, timeout=30).generate(
            self.model, prompt, stream=stream, options={"num_predict": max_tokens}
        )

    def whole(self, prompt: str, max_tokens: int = MAX_TOKENS) -> Said:
        try:
            answer = self._ask(prompt, max_tokens, stream=False)
        except ollama.ResponseError as error:
            raise Failed(error.status_code, error.error) from error
        return _of_ollama(answer.response, answer)

    def streamed(self, prompt: str, max_tokens: int = MAX_TOKENS) -> Said:
        try:
            *told, end = list(self._ask(prompt, max_tokens, stream=True))
        except ollama.ResponseError as error:
            raise Failed(error.status_code, error.error) from error
        assert (end.done, end.response) == (True, "")
        return _of_ollama("".join(piece.response for piece in told), end)


def _of_ollama(text: str, last: ollama.GenerateResponse) -> Said:
    return Said(
        text=text,
        finish=last.done_reason or "",
        input=last.prompt_eval_count,
        output=last.eval_count,
    )


class Mistral(Writer):
    dialect = "mistral.fim"
    stop, length = "stop", "length"

    def _client(self) -> mistralai.Mistral:
        return mistralai.Mistral(api_key="client-key", server_url=self.url, timeout_ms=30_000)

    def whole(self, prompt: str, max_tokens: int = MAX_TOKENS) -> Said:
        with self._client() as client:
            try:
                answer = client.fim.complete(model=self.model, prompt=prompt, max_tokens=max_tokens)
            except mistralai.errors.SDKError as error:
                raise Failed(error.status_code, error.body) from error
        choice = answer.choices[0]
        return Said(
            text=choice.message.content,
            finish=choice.finish_reason,
            input=answer.usage.prompt_tokens,
            output=answer.usage.completion_tokens,
        )

    def streamed(self, prompt: str, max_tokens: int = MAX_TOKENS) -> Said:
        text, finish, usage = "", "", None
        with self._client() as client:
            try:
                for event in client.fim.stream(
                    model=self.model, prompt=prompt, max_tokens=max_tokens
                ):
                    for choice in event.data.choices:
                        text += choice.delta.content or ""
                        finish = choice.finish_reason or finish
                    usage = event.data.usage or usage
            except mistralai.errors.MistralError as error:
                raise Failed(error.status_code, error.body) from error
        return Said(
            text=text,
            finish=finish,
            input=usage and usage.prompt_tokens,
            output=usage and usage.completion_tokens,
        )


WRITERS: dict[str, type[Writer]] = {
    writer.dialect: writer for writer in (OpenAI, Anthropic, Cohere, HuggingFace, Mistral, Ollama)
}
"""Dialect → its SDK."""
