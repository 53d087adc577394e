"""The official SDKs ask for vectors, of every provider, through a real Envoy."""

from collections.abc import Iterator

import cohere
import numpy
import ollama
import openai
import pytest
from google import genai
from google.genai import errors, types
from google.oauth2.credentials import Credentials
from huggingface_hub import InferenceClient
from mistralai.client import Mistral

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import AWS, ENV
from tests.e2e.clients.talk import order
from tests.e2e.listener import needs_retry_elsewhere
from tests.providers.matrix.embedding import wanted

KEY = {"api_key": "env:KEY"}
TOKEN = {"gcp": {"access_token": "env:KEY"}}
BACKENDS = {
    "openai": {"provider": "openai", "credential": KEY},
    "mistral": {"provider": "mistral", "credential": KEY},
    "cohere": {"provider": "cohere", "credential": KEY},
    "gemini": {"provider": "gemini", "credential": KEY},
    "vertex": {"provider": "vertex", "credential": TOKEN, "project": "p", "region": "r"},
    "ollama": {"provider": "ollama", "credential": "none", "dialect": "ollama.embed"},
    "huggingface": {"provider": "huggingface", "credential": KEY},
    "bedrock": {"provider": "bedrock", "credential": AWS, "region": "eu-west-1"},
}
MODELS = {
    "to-openai": ("openai", "text-embedding-3-small"),
    "to-mistral": ("mistral", "mistral-embed"),
    "to-cohere": ("cohere", "embed-v4.0"),
    "to-gemini": ("gemini", "gemini-embedding-001"),
    "to-vertex": ("vertex", "gemini-embedding-001"),
    "to-vertex-older": ("vertex", "text-embedding-005"),
    "to-ollama": ("ollama", "all-minilm"),
    "to-huggingface": ("huggingface", "intfloat/e5-small"),
    "to-bedrock": ("bedrock", "cohere.embed-v4:0"),
}
SINGLE = {
    "to-titan": ("bedrock", "amazon.titan-embed-text-v2:0"),
    "to-nova": ("bedrock", "amazon.nova-2-multimodal-embeddings-v1:0"),
}
TEXTS = ["red", "a blue one", "red"]
EVERY = pytest.mark.parametrize("model", MODELS)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Local]:
    with RunningSimulator(name="a") as sim, RunningSimulator(name="b") as other:
        routes = [
            {
                "models": [name, f"gemini-{name}"],
                "backends": [{"backend": backend, "model": model}],
                "price": {"input": 2, "output": 50},
            }
            for name, (backend, model) in (MODELS | SINGLE).items()
        ]
        spare = {
            "models": ["robust"],
            "backends": [
                {"backend": "openai", "model": "text-embedding-3-small"},
                {"backend": "spare", "model": "embed-v4.0", "priority": 1},
            ],
            "retry": {"attempts": 2, "on": ["5xx"]},
        }
        backends = {name: {**each, "base_url": sim.url} for name, each in BACKENDS.items()}
        backends["spare"] = {**BACKENDS["cohere"], "base_url": other.url}
        config = {"backends": backends, "routes": [*routes, spare]}
        with Local(config, ENV) as local:
            yield local


@pytest.fixture
def client(gateway: Local) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="client", max_retries=0)


def record(gateway: Local, **said) -> dict:
    """The newest record that has all of `said`."""
    found: list[dict] = []

    def look() -> bool:
        found[:] = [each for each in gateway.records() if said.items() <= each.items()]
        return bool(found)

    gateway.wait_for(look, f"a record with {said}")
    return found[-1]


@EVERY
@pytest.mark.parametrize("wishes", [{}, {"encoding_format": "float"}], ids=["base64", "float"])
def test_openai(client: openai.OpenAI, model: str, wishes: dict):
    answer = client.embeddings.create(model=model, input=TEXTS, **wishes)
    assert [each.embedding for each in answer.data] == wanted(TEXTS)
    assert [each.index for each in answer.data] == [0, 1, 2]


@pytest.mark.parametrize("model", SINGLE)
def test_openai_before_models_that_take_one_text(client: openai.OpenAI, model: str):
    answer = client.embeddings.create(model=model, input="red", dimensions=256)
    assert answer.data[0].embedding == wanted(["red"], 256)[0]
    assert answer.usage.prompt_tokens == 1
    several = client.embeddings.create(model=model, input=TEXTS, dimensions=256)
    assert [each.embedding for each in several.data] == wanted(TEXTS, 256)


@pytest.mark.parametrize("model", ["to-openai", "to-gemini", "to-vertex", "to-ollama"])
def test_a_hundred_texts_of_a_usual_length(client: openai.OpenAI, model: str):
    texts = [f"text number {number}" for number in range(100)]
    answer = client.embeddings.create(model=model, input=texts, dimensions=1536)
    assert [each.embedding for each in answer.data] == wanted(texts, 1536)


@EVERY
def test_cohere(gateway: Local, model: str):
    with cohere.ClientV2(api_key="client", base_url=gateway.url) as sdk:
        answer = sdk.embed(
            model=model,
            texts=TEXTS,
            input_type="search_document",
            embedding_types=["float"],
            request_options={"max_retries": 0},
        )
    assert answer.embeddings.float_ == wanted(TEXTS)


@EVERY
def test_cohere_of_the_older_api(gateway: Local, model: str):
    sdk = cohere.Client(api_key="client", base_url=gateway.url)
    answer = sdk.embed(model=model, texts=TEXTS, input_type="search_query")
    found = answer.embeddings
    assert (found if isinstance(found, list) else found.float_) == wanted(TEXTS)


@EVERY
def test_google(gateway: Local, model: str):
    options = types.HttpOptions(base_url=gateway.url)
    with genai.Client(api_key="client", http_options=options) as sdk:
        # Texts by themselves are parts of one content to models with `gemini` in their names.
        asked = [types.Content(parts=[types.Part(text=text)]) for text in TEXTS]
        answer = sdk.models.embed_content(
            model=model, contents=asked, config={"task_type": "RETRIEVAL_QUERY"}
        )
        assert [each.values for each in answer.embeddings] == wanted(TEXTS)
        with pytest.raises(errors.ClientError, match="unknown"):
            sdk.models.embed_content(model="unknown", contents="a")


@EVERY
@pytest.mark.parametrize("prefix", ["", "gemini-"], ids=["predict", "embed"])
@pytest.mark.parametrize("texts", [TEXTS, TEXTS[:1]], ids=["many", "one"])
def test_google_by_vertex(gateway: Local, model: str, prefix: str, texts: list[str]):
    """The SDK asks by the name of the model in one of three formats."""
    options = types.HttpOptions(base_url=gateway.url)
    shown = {"vertexai": True, "project": "p", "location": "r", "credentials": Credentials("t")}
    with genai.Client(**shown, http_options=options) as sdk:
        asked = [types.Content(parts=[types.Part(text=text)]) for text in texts]
        answer = sdk.models.embed_content(model=prefix + model, contents=asked)
    assert [each.values for each in answer.embeddings] == wanted(texts)


@EVERY
def test_ollama(gateway: Local, model: str):
    sdk = ollama.Client(host=gateway.url)
    answer = sdk.embed(model=model, input=TEXTS)
    assert answer.embeddings == wanted(TEXTS)
    older = sdk.embeddings(model=model, prompt="red")
    assert older.embedding == wanted(["red"])[0]
    with pytest.raises(ollama.ResponseError, match="unknown"):
        sdk.embed(model="unknown", input="a")


@pytest.mark.parametrize("model", [name for name in MODELS if name != "to-openai"])
def test_mistral(gateway: Local, model: str):
    """OpenAI's own answers pass, and have no id, which this SDK demands."""
    with Mistral(api_key="client", server_url=gateway.url) as sdk:
        answer = sdk.embeddings.create(model=model, inputs=TEXTS)
    assert [each.embedding for each in answer.data] == wanted(TEXTS)


@EVERY
def test_huggingface(gateway: Local, model: str):
    place = f"{gateway.url}/models/{model}/pipeline/feature-extraction"
    sdk = InferenceClient(model=place, token="client")
    assert numpy.array_equal(sdk.feature_extraction(TEXTS), wanted(TEXTS))
    assert numpy.array_equal(sdk.feature_extraction("red"), wanted(["red"])[0])


@EVERY
def test_what_was_used_and_what_it_costs_is_told(gateway: Local, client: openai.OpenAI, model: str):
    text = f"one two three four five for {model}"
    client.embeddings.create(model=model, input=text)
    used = record(gateway, request_model=model, status=200, operation="embeddings")
    said = model != "to-huggingface"
    assert used["output_tokens"] == 0
    assert used["estimated"] != said
    if said:
        used = record(gateway, request_model=model, input_tokens=7)
        assert used["cost_nanousd"] == 14_000


@needs_retry_elsewhere
def test_another_provider_embeds_where_one_fails(client: openai.OpenAI):
    text = order("red", at="a", status=503)
    answer = client.embeddings.create(model="robust", input=[text, "blue"])
    assert [each.embedding for each in answer.data] == wanted([text, "blue"])
    with pytest.raises(openai.InternalServerError, match="not today"):
        client.embeddings.create(
            model="robust", input=order("red", status=503, message="not today")
        )
