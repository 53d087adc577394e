"""What SDKs can call: the list is whole, and each call is served or says why not."""

import pytest

from tests.calls import UNCALLED, covers, reasons, served
from tests.sdk_sources import calls, silent

LEAST = {
    "anthropic": 200,
    "bedrock": 100,
    "bedrock-agent-runtime": 30,
    "bedrock-runtime": 10,
    "cohere": 30,
    "elevenlabs": 400,
    "google.genai": 75,
    "huggingface_hub": 4,
    "mistralai": 250,
    "ollama": 15,
    "openai": 300,
}
"""SDK → calls that are found at least; fewer, and a pattern no longer fits its sources."""
QUIET = {
    ("mistralai", "RealtimeConnection.end_audio"),
    ("mistralai", "RealtimeConnection.flush_audio"),
    ("mistralai", "RealtimeSpeechConnection.end"),
    ("ollama", "AsyncClient.close"),
    ("ollama", "Client.close"),
}
"""Public methods that make no call: frames of sessions, and ends."""


def test_no_sdk_is_forgotten():
    assert {sdk: len(known) >= LEAST[sdk] for sdk, known in calls().items()} == dict.fromkeys(
        LEAST, True
    )


def test_a_method_of_which_no_call_is_known_makes_none():
    assert silent() == QUIET


@pytest.mark.parametrize("sdk", sorted(LEAST))
def test_a_call_is_served_or_says_why_not(sdk: str):
    wrong = {
        call: (served(sdk, *call), reasons(sdk, *call))
        for call in calls()[sdk]
        if served(sdk, *call) + len(reasons(sdk, *call)) != 1
    }
    assert not wrong


def test_a_reason_is_for_a_call_that_an_sdk_makes():
    idle = [
        (sdk, pattern)
        for sdk, known in UNCALLED.items()
        for these in known.values()
        for pattern in these
        if not any(covers(pattern, *call) for call in calls()[sdk])
    ]
    assert not idle


@pytest.mark.parametrize(
    ("pattern", "method", "path", "covered"),
    [
        ("POST /a", "POST", "/a", True),
        ("POST /a", "GET", "/a", False),
        ("/a", "GET", "/a", True),
        ("/a", "GET", "/a/b", False),
        ("/a/*", "GET", "/a", True),
        ("/a/*", "PUT", "/a/{}/b", True),
        ("/a/*", "PUT", "/a:verb", True),
        ("/a/*", "GET", "/ab", False),
        ("GET /a/*", "PUT", "/a/{}", False),
    ],
)
def test_a_reason_is_for_a_call_or_for_all_below_a_path(
    pattern: str, method: str, path: str, covered: bool
):
    assert covers(pattern, method, path) is covered


@pytest.mark.parametrize(
    ("sdk", "method", "path"),
    [
        ("anthropic", "POST", "/v1/messages"),
        ("anthropic", "GET", "/v1/skills/{}/versions"),
        ("bedrock-runtime", "POST", "/model/{}/converse"),
        ("cohere", "POST", "/v2/rerank"),
        ("elevenlabs", "GET", "/v1/models"),
        ("google.genai", "POST", "/{}:generateContent"),
        ("google.genai", "POST", "/{}:streamGenerateContent"),
        ("google.genai", "GET", "/ws/google.ai.generativelanguage.{}.GenerativeService.{}"),
        ("google.genai", "GET", "/batchPredictionJobs"),
        ("google.genai", "PATCH", "/{}"),
        ("huggingface_hub", "POST", "/hf-inference/models/{}/v1/chat/completions"),
        ("mistralai", "POST", "/v1/ocr"),
        ("ollama", "POST", "/api/show"),
        ("openai", "POST", "/uploads/{}/parts"),
        ("openai", "GET", "/skills/{}/content"),
        ("openai", "GET", "/realtime"),
    ],
)
def test_calls_about_models_are_served(sdk: str, method: str, path: str):
    assert (method, path) in calls()[sdk]
    assert served(sdk, method, path)


def test_an_account_is_not_administrated_here():
    assert not any(served("openai", *call) for call in calls()["openai"] if "organiz" in call[1])
