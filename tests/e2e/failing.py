"""What each official SDK raises for each status, and what it then knows, of every operation."""

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import anthropic
import boto3
import cohere
import elevenlabs
import httpx
import httpx2
import huggingface_hub
import mistralai.client
import msgspec
import ollama
import openai
from botocore.config import Config
from botocore.exceptions import ClientError
from cohere.core.api_error import ApiError as CohereError
from elevenlabs.core.api_error import ApiError as ElevenError
from google import genai
from google.genai import errors as google_errors
from google.genai import types as google_types
from huggingface_hub.errors import HfHubHTTPError
from mistralai.client.errors import HTTPValidationError, MistralError, SDKError

HELLO = [{"role": "user", "content": "hello"}]
Call = Callable[[Any, str], Any]
"""(client, model) → an answer."""


class Known(msgspec.Struct, frozen=True):
    """What an exception says of its error."""

    status: int | None
    message: str
    code: str | int | None = None
    request_id: str | None = None
    retry_after: str | None = None


class Sdk(msgspec.Struct, frozen=True, kw_only=True):
    """One SDK."""

    client: Callable[[str, Mapping[str, str]], Any]
    """(the gateway's URL, headers to send) → a client that tries once."""
    calls: Mapping[str, Call]
    known: Callable[[Any], Known]
    classes: Mapping[int, type[Exception]]
    """Status → the class; other statuses: `rest`."""
    rest: type[Exception]
    statuses: Mapping[int, int] = {}
    """A provider's status → another one, where the SDK has no word for it."""
    codes: Mapping[int, str | int] = {}
    """Status → what the error is called."""

    def kind(self, status: int) -> type[Exception]:
        """The class of an error of the provider's."""
        return self.classes.get(self.statuses.get(status, status), self.rest)


def _openai(url: str, headers: Mapping[str, str]) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=f"{url}/v1", api_key="k", max_retries=0, timeout=30, default_headers=headers
    )


def _openai_knows(error: openai.APIStatusError) -> Known:
    assert error.type
    return Known(
        error.status_code,
        error.body["message"],
        error.code,
        error.request_id,
        error.response.headers.get("retry-after"),
    )


OPENAI = Sdk(
    client=_openai,
    calls={
        "chat": lambda sdk, model: sdk.chat.completions.create(model=model, messages=HELLO),
        "stream": lambda sdk, model: sdk.chat.completions.create(
            model=model, messages=HELLO, stream=True
        ),
        "responses": lambda sdk, model: sdk.responses.create(model=model, input="hello"),
        "completions": lambda sdk, model: sdk.completions.create(model=model, prompt="hello"),
        "embeddings": lambda sdk, model: sdk.embeddings.create(model=model, input="hello"),
        "images": lambda sdk, model: sdk.images.generate(model=model, prompt="a fox"),
        "speech": lambda sdk, model: sdk.audio.speech.create(
            model=model, voice="alloy", input="hello"
        ),
        "transcription": lambda sdk, model: sdk.audio.transcriptions.create(
            model=model, file=("a.mp3", b"ID3" + bytes(64))
        ),
        "moderations": lambda sdk, model: sdk.moderations.create(model=model, input="hello"),
        "files": lambda sdk, model: sdk.files.list(extra_headers=at(model)),
        "batches": lambda sdk, model: sdk.batches.list(extra_headers=at(model)),
    },
    known=_openai_knows,
    classes={
        400: openai.BadRequestError,
        401: openai.AuthenticationError,
        403: openai.PermissionDeniedError,
        404: openai.NotFoundError,
        409: openai.ConflictError,
        422: openai.UnprocessableEntityError,
        429: openai.RateLimitError,
    },
    rest=openai.InternalServerError,
)


def at(model: str) -> dict[str, str]:
    """The backend that keeps what is asked for."""
    return {"x-ai-backend": model.rpartition("-at-")[2]}


def _anthropic(url: str, headers: Mapping[str, str]) -> anthropic.Anthropic:
    return anthropic.Anthropic(
        base_url=url, api_key="k", max_retries=0, timeout=30, default_headers=headers
    )


def _anthropic_knows(error: anthropic.APIStatusError) -> Known:
    assert error.body["type"] == "error"
    inner = error.body["error"]
    assert error.type == inner["type"]
    return Known(
        error.status_code,
        inner["message"],
        inner["type"],
        error.request_id,
        error.response.headers.get("retry-after"),
    )


ANTHROPIC = Sdk(
    client=_anthropic,
    calls={
        "chat": lambda sdk, model: sdk.messages.create(model=model, max_tokens=9, messages=HELLO),
        "stream": lambda sdk, model: sdk.messages.create(
            model=model, max_tokens=9, messages=HELLO, stream=True
        ),
        "count_tokens": lambda sdk, model: sdk.messages.count_tokens(model=model, messages=HELLO),
        "files": lambda sdk, model: sdk.beta.files.list(extra_headers=at(model)),
        "batches": lambda sdk, model: sdk.messages.batches.list(extra_headers=at(model)),
    },
    known=_anthropic_knows,
    classes={
        400: anthropic.BadRequestError,
        401: anthropic.AuthenticationError,
        403: anthropic.PermissionDeniedError,
        404: anthropic.NotFoundError,
        409: anthropic.ConflictError,
        422: anthropic.UnprocessableEntityError,
        429: anthropic.RateLimitError,
        503: anthropic.ServiceUnavailableError,
        529: anthropic.OverloadedError,
    },
    rest=anthropic.InternalServerError,
    codes={
        400: "invalid_request_error",
        401: "authentication_error",
        403: "permission_error",
        404: "not_found_error",
        429: "rate_limit_error",
        500: "api_error",
        529: "overloaded_error",
    },
)


def _google(url: str, headers: Mapping[str, str]) -> genai.Client:
    return genai.Client(
        api_key="k",
        http_options=google_types.HttpOptions(
            base_url=url,
            headers=dict(headers),
            timeout=30_000,
            retry_options=google_types.HttpRetryOptions(attempts=1),
        ),
    )


def _google_knows(error: google_errors.APIError) -> Known:
    details = {
        one["@type"].rpartition(".")[2]: one for one in error.details["error"].get("details", ())
    }
    return Known(
        error.code,
        error.message or "",
        error.status,
        details.get("RequestInfo", {}).get("requestId"),
        details.get("RetryInfo", {}).get("retryDelay", "").rstrip("s") or None,
    )


GOOGLE = Sdk(
    client=_google,
    calls={
        "chat": lambda sdk, model: sdk.models.generate_content(model=model, contents="hello"),
        "stream": lambda sdk, model: list(
            sdk.models.generate_content_stream(model=model, contents="hello")
        ),
        "count_tokens": lambda sdk, model: sdk.models.count_tokens(model=model, contents="hello"),
        "embeddings": lambda sdk, model: sdk.models.embed_content(model=model, contents="hello"),
        "files": lambda sdk, model: list(
            sdk.files.list(config={"http_options": {"headers": at(model)}})
        ),
    },
    known=_google_knows,
    classes=dict.fromkeys((400, 401, 403, 404, 409, 422, 429), google_errors.ClientError),
    rest=google_errors.ServerError,
    # https://cloud.google.com/apis/design/errors
    statuses={529: 503},
    codes={
        400: "INVALID_ARGUMENT",
        401: "UNAUTHENTICATED",
        403: "PERMISSION_DENIED",
        404: "NOT_FOUND",
        429: "RESOURCE_EXHAUSTED",
        500: "INTERNAL",
        503: "UNAVAILABLE",
        529: "UNAVAILABLE",
    },
)


def _cohere(url: str, headers: Mapping[str, str]) -> cohere.ClientV2:
    client = httpx.Client(headers=headers, timeout=30)
    return cohere.ClientV2(api_key="k", base_url=url, httpx_client=client)


ONCE = {"max_retries": 0}


def _cohere_knows(error: CohereError) -> Known:
    body = error.body if isinstance(error.body, dict) else json.loads(error.body.json())
    headers = error.headers or {}
    return Known(
        error.status_code,
        body["message"],
        None,
        headers.get("x-request-id"),
        headers.get("retry-after"),
    )


COHERE = Sdk(
    client=_cohere,
    calls={
        "chat": lambda sdk, model: sdk.chat(model=model, messages=HELLO, request_options=ONCE),
        "stream": lambda sdk, model: list(
            sdk.chat_stream(model=model, messages=HELLO, request_options=ONCE)
        ),
        "embeddings": lambda sdk, model: sdk.embed(
            model=model,
            texts=["hello"],
            input_type="search_query",
            embedding_types=["float"],
            request_options=ONCE,
        ),
        "datasets": lambda sdk, model: sdk.datasets.list(
            request_options={**ONCE, "additional_headers": at(model)}
        ),
        "rerank": lambda sdk, model: sdk.rerank(
            model=model, query="sun", documents=["sun", "rain"], request_options=ONCE
        ),
    },
    known=_cohere_knows,
    classes={
        400: cohere.BadRequestError,
        401: cohere.UnauthorizedError,
        403: cohere.ForbiddenError,
        404: cohere.NotFoundError,
        422: cohere.UnprocessableEntityError,
        429: cohere.TooManyRequestsError,
        500: cohere.InternalServerError,
        503: cohere.ServiceUnavailableError,
    },
    rest=CohereError,
    statuses={529: 503},
)


def _mistral(url: str, headers: Mapping[str, str]) -> mistralai.client.Mistral:
    client = httpx2.Client(headers=headers, timeout=30)
    return mistralai.client.Mistral(api_key="k", server_url=url, client=client)


def _mistral_knows(error: MistralError) -> Known:
    body = json.loads(error.body)["error"]
    return Known(
        error.status_code,
        body["message"],
        body["type"],
        error.headers.get("x-request-id"),
        error.headers.get("retry-after"),
    )


MISTRAL = Sdk(
    client=_mistral,
    calls={
        "chat": lambda sdk, model: sdk.chat.complete(model=model, messages=HELLO),
        "stream": lambda sdk, model: sdk.chat.stream(model=model, messages=HELLO),
        "embeddings": lambda sdk, model: sdk.embeddings.create(model=model, inputs=["hello"]),
        "moderations": lambda sdk, model: sdk.classifiers.moderate(model=model, inputs=["hello"]),
    },
    known=_mistral_knows,
    classes={422: HTTPValidationError},
    rest=SDKError,
)


def _amazon(url: str, headers: Mapping[str, str]) -> Any:
    client = boto3.client(
        "bedrock-runtime",
        region_name="eu-west-1",
        endpoint_url=url,
        aws_access_key_id="AKID",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=30),
    )

    def said(request: Any, **_: Any) -> None:
        for name, value in headers.items():
            request.headers[name] = value

    client.meta.events.register("before-sign.bedrock-runtime", said)
    return client


def _amazon_knows(error: ClientError) -> Known:
    assert type(error).__name__ == error.response["Error"]["Code"] or type(error) is ClientError
    facts = error.response["ResponseMetadata"]
    return Known(
        facts["HTTPStatusCode"],
        error.response["Error"]["Message"],
        error.response["Error"]["Code"],
        facts.get("RequestId"),
        facts["HTTPHeaders"].get("retry-after"),
    )


ASKED = [{"role": "user", "content": [{"text": "hello"}]}]
AMAZON = Sdk(
    client=_amazon,
    calls={
        "chat": lambda sdk, model: sdk.converse(modelId=model, messages=ASKED),
        "stream": lambda sdk, model: sdk.converse_stream(modelId=model, messages=ASKED),
        "count_tokens": lambda sdk, model: sdk.count_tokens(
            modelId=model, input={"converse": {"messages": ASKED}}
        ),
    },
    known=_amazon_knows,
    classes={},
    rest=ClientError,
    statuses={401: 403, 409: 400, 422: 400, 529: 503},
    codes={
        400: "ValidationException",
        403: "AccessDeniedException",
        404: "ResourceNotFoundException",
        429: "ThrottlingException",
        500: "InternalServerException",
        503: "ServiceUnavailableException",
        529: "ServiceUnavailableException",
    },
)


def _ollama(url: str, headers: Mapping[str, str]) -> ollama.Client:
    return ollama.Client(host=url, headers=dict(headers), timeout=30)


OLLAMA = Sdk(
    client=_ollama,
    calls={
        "chat": lambda sdk, model: sdk.chat(model=model, messages=HELLO),
        "stream": lambda sdk, model: list(sdk.chat(model=model, messages=HELLO, stream=True)),
        "completions": lambda sdk, model: sdk.generate(model=model, prompt="hello"),
        "embeddings": lambda sdk, model: sdk.embed(model=model, input="hello"),
    },
    known=lambda error: Known(error.status_code, error.error),
    classes={},
    rest=ollama.ResponseError,
)


def _elevenlabs(url: str, headers: Mapping[str, str]) -> elevenlabs.ElevenLabs:
    client = httpx2.Client(headers=headers, timeout=30)
    return elevenlabs.ElevenLabs(base_url=url, api_key="k", httpx_client=client)


def _elevenlabs_knows(error: ElevenError) -> Known:
    detail = error.body["detail"]
    headers = error.headers or {}
    return Known(
        error.status_code,
        detail["message"],
        detail["status"],
        headers.get("request-id"),
        headers.get("retry-after"),
    )


ELEVENLABS = Sdk(
    client=_elevenlabs,
    calls={
        "speech": lambda sdk, model: b"".join(
            sdk.text_to_speech.convert("voice", text="hello", model_id=model, request_options=ONCE)
        ),
        "transcription": lambda sdk, model: sdk.speech_to_text.convert(
            model_id=model, file=io.BytesIO(b"ID3" + bytes(64)), request_options=ONCE
        ),
    },
    known=_elevenlabs_knows,
    classes={422: elevenlabs.UnprocessableEntityError},
    rest=ElevenError,
)


def _hub(url: str, headers: Mapping[str, str]) -> huggingface_hub.InferenceClient:
    return huggingface_hub.InferenceClient(base_url=url, token="k", headers=headers, timeout=30)


def _hub_knows(error: HfHubHTTPError) -> Known:
    response = error.response
    body = response.json()["error"]
    return Known(
        response.status_code,
        body["message"],
        body["type"],
        error.request_id,
        response.headers.get("retry-after"),
    )


HUB = Sdk(
    client=_hub,
    calls={
        "chat": lambda sdk, model: sdk.chat_completion(HELLO, model=model),
        "stream": lambda sdk, model: list(sdk.chat_completion(HELLO, model=model, stream=True)),
    },
    known=_hub_knows,
    classes={400: huggingface_hub.errors.BadRequestError},
    rest=HfHubHTTPError,
)

SDKS = {
    "anthropic": ANTHROPIC,
    "boto3": AMAZON,
    "cohere": COHERE,
    "elevenlabs": ELEVENLABS,
    "google-genai": GOOGLE,
    "huggingface_hub": HUB,
    "mistralai": MISTRAL,
    "ollama": OLLAMA,
    "openai": OPENAI,
}
