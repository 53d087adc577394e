"""A base URL that somebody copied with the path of an operation at its end."""

import pytest

TWO = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("path", "tail", "right"),
    [
        ("/v1/chat/completions", "/chat/completions", "/v1"),
        ("/v1/chat/completions/", "/chat/completions", "/v1"),
        ("/chat/completions", "/chat/completions", ""),
        ("/v1/completions", "/completions", "/v1"),
        ("/openai/v1/responses", "/responses", "/openai/v1"),
        ("/v1/models", "/models", "/v1"),
    ],
)
def test_it_is_refused_with_the_url_that_was_meant(folder, path, tail, right):
    (said,) = folder.changed(TWO, TWO + path)
    assert said == (
        f"gateway.yaml:8: backends.two.base_url: ends in {tail}, which is appended to it; "
        f"did you mean '{TWO}{right}'?"
    )


@pytest.mark.parametrize(
    ("provider", "path", "tail", "right"),
    [
        ("anthropic", "/v1/messages", "/messages", "/v1"),
        ("anthropic", "/anthropic/v1/messages", "/messages", "/anthropic/v1"),
        ("cohere", "/v2/chat", "/chat", "/v2"),
        (
            "gemini",
            "/v1beta/models/m:generateContent",
            "/models/{model}:generateContent",
            "/v1beta",
        ),
    ],
)
def test_every_provider_knows_its_own(folder, provider, path, tail, right):
    credential = "credential: {api_key: env:ONE}"
    one = f"    provider: openai\n    {credential}\n"
    changed = f"    provider: {provider}\n    {credential}\n    base_url: https://h{path}\n"
    (said,) = folder.changed(one, changed)
    assert said.endswith(
        f"base_url: ends in {tail}, which is appended to it; did you mean 'https://h{right}'?"
    )


@pytest.mark.parametrize(
    "path", ["", "/v1", "/openai/v1", "/chat", "/my-completions", "/v1/xmodels"]
)
def test_any_other_path_is_taken(folder, path):
    assert folder.changed(TWO, TWO + path) == []
