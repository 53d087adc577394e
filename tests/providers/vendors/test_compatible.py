"""The rows of OpenAI-compatible providers."""

import re
from urllib.parse import urlsplit

import pytest
from openai.types.chat import completion_create_params

from providers.catalog import DIALECTS, PROVIDERS, Provider
from providers.dialects.openai.chat.request import READ
from providers.operations import Operation
from providers.vendors import compatible, hosts, servers, twins
from providers.vendors.forms import MISTRALS, SEARCHES

ROWS = [row for kind in (compatible, hosts, servers, twins) for row in kind.PROVIDERS]
OFFICIAL = completion_create_params.CompletionCreateParamsBase.__annotations__


def named(name: str) -> Provider:
    return next(provider for provider in ROWS if provider.name == name)


def url(name: str) -> str:
    provider = named(name)
    (dialect, *_) = provider.dialects[Operation.CHAT]
    return provider.base_url + provider.prefix + DIALECTS[dialect].upstream[0].path


def test_the_catalogue_has_every_row() -> None:
    assert {provider.name for provider in ROWS} <= PROVIDERS.keys()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("openai", "https://api.openai.com/v1/chat/completions"),
        ("groq", "https://api.groq.com/openai/v1/chat/completions"),
        ("xai", "https://api.x.ai/v1/chat/completions"),
        ("together", "https://api.together.ai/v1/chat/completions"),
        ("deepinfra", "https://api.deepinfra.com/v1/openai/chat/completions"),
        ("deepseek", "https://api.deepseek.com/v1/chat/completions"),
        ("mistral", "https://api.mistral.ai/v1/chat/completions"),
        ("cerebras", "https://api.cerebras.ai/v1/chat/completions"),
        ("fireworks", "https://api.fireworks.ai/inference/v1/chat/completions"),
        ("nebius", "https://api.tokenfactory.nebius.com/v1/chat/completions"),
        ("openrouter", "https://openrouter.ai/api/v1/chat/completions"),
        ("perplexity", "https://api.perplexity.ai/chat/completions"),
        ("parasail", "https://api.parasail.io/v1/chat/completions"),
        ("sambanova", "https://api.sambanova.ai/v1/chat/completions"),
        ("hunyuan", "https://api.hunyuan.cloud.tencent.com/v1/chat/completions"),
        ("tencent-lke", "https://api.lkeap.cloud.tencent.com/v1/chat/completions"),
        ("dashscope", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions"),
        ("dashscope-cn", "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions"),
        ("huggingface", "https://router.huggingface.co/v1/chat/completions"),
        (
            "gemini-openai",
            "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
        ),
        ("cohere-compat", "https://api.cohere.ai/compatibility/v1/chat/completions"),
        ("ollama", "http://127.0.0.1:11434/v1/chat/completions"),
    ],
)
def test_chat_is_where_the_vendor_says(name: str, expected: str) -> None:
    assert url(name) == expected


@pytest.mark.parametrize("provider", ROWS, ids=lambda provider: provider.name)
def test_a_row_is_consistent(provider: Provider) -> None:
    assert provider.prefix == "" or provider.prefix.startswith("/")
    assert not provider.prefix.endswith("/")
    assert bool(provider.base_url) != ("base_url" in provider.options)
    assert not provider.drops & provider.refuses
    assert not (provider.drops | provider.refuses) & set(provider.renames.values())
    assert not (provider.drops | provider.refuses) & provider.renames.keys()


@pytest.mark.parametrize("provider", ROWS, ids=lambda provider: provider.name)
def test_a_row_names_parameters_that_exist(provider: Provider) -> None:
    known = READ | SEARCHES | MISTRALS | set(OFFICIAL)
    assert (provider.drops | provider.refuses | provider.renames.keys()) <= known


@pytest.mark.parametrize("name", ["vllm", "sglang", "ollama", "llama"])
def test_own_servers_want_no_key(name: str) -> None:
    assert named(name).keyless


def test_the_generic_row_wants_to_know_where_and_a_key() -> None:
    generic = named("openai-compatible")
    assert generic.options == {"base_url"}
    assert not generic.keyless


@pytest.mark.parametrize("name", ["mistral", "cohere-compat"])
def test_strict_vendors_are_not_asked_for_usage_in_streams(name: str) -> None:
    assert not named(name).stream_usage


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=lambda provider: provider.name)
def test_every_provider_says_where_its_facts_come_from_and_when(provider: Provider) -> None:
    assert urlsplit(provider.docs).scheme == "https"
    assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", provider.checked)


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=lambda provider: provider.name)
def test_an_example_of_a_model_is_spoken_to_in_some_dialect(provider: Provider) -> None:
    for operation, model in provider.examples.items():
        names = provider.dialects[Operation(operation)]
        asked = [name for name in names if name not in provider.asked_for]
        assert any(re.search(provider.speaks.get(name, ""), model) for name in asked), operation
