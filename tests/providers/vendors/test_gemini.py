"""Where Gemini is found, held against where Google's own SDK looks for it."""

import httpx
import pytest
from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials

from providers.catalog import DIALECTS, PROVIDERS
from providers.operations import Operation
from providers.signing.sign import Call

MODEL = "gemini-2.5-flash"
ANSWER = {"candidates": [{"content": {"parts": [{"text": "x"}]}, "finishReason": "STOP"}]}


def ours(name: str, stream: bool, **options: str) -> str:
    """The URL that the catalogue gives."""
    provider = PROVIDERS[name]
    spoken = provider.dialects[Operation.CHAT][0]
    path = next(end.path for end in DIALECTS[spoken].upstream if end.stream is stream)
    url = provider.base_url + provider.prefix + path.replace("{model}", MODEL)
    return url.format(**options)


def theirs(stream: bool, version: str, **options: object) -> httpx.Request:
    """What the SDK sends."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=ANSWER)

    with httpx.Client(transport=httpx.MockTransport(answer)) as carrier:
        http = types.HttpOptions(api_version=version, httpx_client=carrier)
        client = genai.Client(http_options=http, **options)
        if stream:
            list(client.models.generate_content_stream(model=MODEL, contents="x"))
        else:
            client.models.generate_content(model=MODEL, contents="x")
    return seen[0]


@pytest.mark.parametrize("stream", [False, True])
def test_the_gemini_api_is_where_the_sdk_looks_for_it(stream):
    request = theirs(stream, "v1beta", api_key="k")
    assert ours("gemini", stream) == str(request.url)
    call = Call("POST", request.url.host, request.url.path, b"")
    headers = PROVIDERS["gemini"].signer(call, {"key": "k"}, 0)
    assert headers == {"x-goog-api-key": request.headers["x-goog-api-key"]}


@pytest.mark.parametrize("stream", [False, True])
def test_vertex_is_where_the_sdk_looks_for_it(stream):
    request = theirs(
        stream,
        "v1",
        vertexai=True,
        project="p",
        location="europe-west4",
        credentials=Credentials("token"),
    )
    assert ours("vertex", stream, project="p", region="europe-west4") == str(request.url)
    call = Call("POST", request.url.host, request.url.path, b"")
    headers = PROVIDERS["vertex"].signer(call, {"key": "token"}, 0)
    assert headers == {"authorization": request.headers["authorization"]}
    assert PROVIDERS["vertex"].options == {"project", "region"}
