"""What SDKs can call: the list is whole, and what is about models is served."""

import pytest

from tests.calls import calls, served

LEAST = {
    "anthropic": 200,
    "bedrock": 100,
    "bedrock-agent-runtime": 30,
    "bedrock-runtime": 10,
    "cohere": 30,
    "elevenlabs": 400,
    "google.genai": 30,
    "mistralai": 250,
    "ollama": 12,
    "openai": 300,
}
"""SDK → calls that are found at least; fewer, and a pattern no longer fits its sources."""


def test_no_sdk_is_forgotten():
    assert {sdk: len(known) >= LEAST[sdk] for sdk, known in calls().items()} == dict.fromkeys(
        LEAST, True
    )


@pytest.mark.parametrize(
    ("sdk", "method", "path"),
    [
        ("anthropic", "POST", "/v1/messages"),
        ("anthropic", "GET", "/v1/skills/{}/versions"),
        ("bedrock-runtime", "POST", "/model/{}/converse"),
        ("cohere", "POST", "/v2/rerank"),
        ("elevenlabs", "GET", "/v1/models"),
        ("google.genai", "POST", "/{}:generateContent"),
        ("google.genai", "GET", "/batchPredictionJobs"),
        ("google.genai", "PATCH", "/{}"),
        ("mistralai", "POST", "/v1/ocr"),
        ("ollama", "POST", "/api/show"),
        ("openai", "POST", "/uploads/{}/parts"),
        ("openai", "GET", "/skills/{}/content"),
    ],
)
def test_calls_about_models_are_served(sdk: str, method: str, path: str):
    assert (method, path) in calls()[sdk]
    assert served(sdk, method, path)


def test_an_account_is_not_administrated_here():
    assert not any(served("openai", *call) for call in calls()["openai"] if "organiz" in call[1])
