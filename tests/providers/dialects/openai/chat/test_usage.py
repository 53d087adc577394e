"""Token counts: each vendor's numbers, normalised once."""

from typing import Any

import pytest
from hypothesis import given
from openai.types import CompletionUsage

from providers.dialects.openai.usage import parse_usage, render_usage
from providers.usage import Usage
from tests.answers import usages


@given(usages())
def test_counts_survive_and_are_of_the_official_type(usage: Usage) -> None:
    raw = render_usage(usage)
    CompletionUsage.model_validate(raw, strict=True)
    # A total tells that reasoning stands beside the completion: never so in what we render.
    assert parse_usage(raw) == usage


@pytest.mark.parametrize(
    ("raw", "usage"),
    [
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 15,
                "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 2},
                "completion_tokens_details": {"reasoning_tokens": 3, "audio_tokens": 1},
            },
            Usage(input=10, output=5, cache_read=4, reasoning=3, audio_input=2, audio_output=1),
        ),
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 18,
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
            Usage(input=10, output=8, reasoning=3),
        ),
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 15,
                "prompt_cache_hit_tokens": 4,
                "prompt_cache_miss_tokens": 6,
            },
            Usage(input=10, output=5, cache_read=4),
        ),
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 15,
                "num_cached_tokens": 4,
            },
            Usage(input=10, output=5, cache_read=4),
        ),
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 15,
                "prompt_token_details": {"cached_tokens": 4},
            },
            Usage(input=10, output=5, cache_read=4),
        ),
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 22,
                "cache_read_input_tokens": 4,
                "cache_creation_input_tokens": 3,
            },
            Usage(input=17, output=5, cache_read=4, cache_write=3),
        ),
        (
            {
                "input_tokens": 10,
                "output_tokens": 5,
                "cache_read_input_tokens": 4,
                "cache_creation_input_tokens": 3,
            },
            Usage(input=17, output=5, cache_read=4, cache_write=3),
        ),
        (
            {"input_tokens": 10, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 4}},
            Usage(input=10, output=5, cache_read=4),
        ),
        ({"prompt_tokens": 10, "total_tokens": 15}, Usage(input=10, output=5)),
        (
            {"prompt_tokens": 10, "completion_tokens": 0, "cached_tokens": 4},
            Usage(input=10, cache_read=4),
        ),
        (
            {"prompt_tokens": 10.0, "completion_tokens": "x", "total_tokens": None},
            Usage(input=10, estimated=True),
        ),
        (
            {"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": 9}},
            Usage(input=1, estimated=True),
        ),
        ({}, None),
        (None, None),
        ([], None),
        ({"prompt_tokens": True, "completion_tokens": -5}, None),
    ],
    ids=[
        "openai",
        "xai",
        "deepseek",
        "mistral",
        "mistral without the s",
        "anthropic beside the prompt",
        "anthropic",
        "responses",
        "no completion",
        "moonshot",
        "odd types",
        "more cached than there is",
        "empty",
        "null",
        "no object",
        "no numbers",
    ],
)
def test_each_vendors_numbers_mean_the_same(raw: Any, usage: Usage | None) -> None:
    assert parse_usage(raw) == usage
