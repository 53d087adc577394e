"""The longest answer that a model may be asked for; more is an error, not a shorter answer.

https://platform.claude.com/docs/en/about-claude/models/overview
https://platform.openai.com/docs/models: "max_tokens is too large: 32000. This model supports at
most 16384 completion tokens"
https://docs.cloud.google.com/vertex-ai/generative-ai/docs/models: "the supported range is from 1
(inclusive) to 8193 (exclusive)"
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html: "The maximum tokens you
requested exceeds the model limit of 4096" (checked 2026-11)

Models that are in no row take any number, or the vendor lowers it (Cohere), or counts what was
asked against the context (Mistral, vLLM), which the gateway does not know.
"""

import re
from functools import lru_cache

import msgspec

from providers.bridging.fidelity import Feature, lose
from providers.neutral.chat import ChatRequest

# The first row whose expression is found in the name decides.
LONGEST = (
    # Bedrock holds the first of them to less than Anthropic does:
    # https://github.com/boto/boto3/issues/4279
    (r"anthropic\.claude-3-5-sonnet-20240620", 4_096),
    (r"claude-(?:[a-z]+-)?3[-.]7", 64_000),
    (r"claude-(?:[a-z]+-)?3[-.]5", 8_192),
    (r"claude-(?:instant|v?[12]\b|(?:[a-z]+-)?3(?![\d.]))", 4_096),
    (r"claude-(?:opus-4|4-opus)(?:[-.][01](?!\d)|[-@]20\d{6}|-latest|$)", 32_000),
    (r"claude-(?:[a-z]+-)?4(?:[-.][05](?!\d)|[-@]20\d{6}|-latest|-sonnet|$)", 64_000),
    (r"claude-(?:[a-z]+-)?4[-.][678]", 128_000),
    (r"(?:^|[/:])gpt-3\.5-turbo(?!-(?:16k|instruct))", 4_096),
    (r"(?:^|[/:])gpt-4(?:-turbo|-\d{4}-(?:vision-)?preview|-vision|o-2024-05-13)", 4_096),
    (r"(?:^|[/:])(?:gpt-4o|gpt-4\.5|chatgpt-4o|gpt-5[^/]*-chat)", 16_384),
    (r"(?:^|[/:])(?:gpt-4\.1|o1-preview)", 32_768),
    (r"(?:^|[/:])o1-mini", 65_536),
    (r"(?:^|[/:])o[134]", 100_000),
    (r"(?:^|[/:])gpt-5(?:[-.]|$)(?!pro)", 128_000),
    (r"gemini-2\.0-flash-thinking", 65_536),
    (r"gemini-(?:1\.5|2\.0)", 8_192),
    (r"gemini-[23][^/]*image", 32_768),
    (r"gemini-2\.5", 65_535),
    (r"gemini-3", 65_536),
    # https://docs.aws.amazon.com/nova/latest/userguide/what-is-nova.html
    (r"amazon\.nova-(?:micro|lite|pro|premier)", 10_000),
    (r"meta\.llama(?:2|3-\d+b)", 2_048),
    (r"meta\.llama3-[123]", 8_192),
    (r"ai21\.jamba|mistral\.mixtral", 4_096),
    (r"mistral\.mistral-(?:7b|small-2402|large-240[27])", 8_192),
)
"""Name of a model → tokens."""

ROWS = tuple((re.compile(pattern), most) for pattern, most in LONGEST)


@lru_cache(maxsize=1024)
def longest(model: str) -> int | None:
    """The most tokens that `model` may be asked for, as any host spells its name; None: unknown."""
    name = model.lower()
    return next((most for pattern, most in ROWS if pattern.search(name)), None)


def within(request: ChatRequest, dropped: list[str]) -> ChatRequest:
    """The request with a limit that its model takes."""
    limit = request.max_tokens
    most = longest(request.known_as) if limit is not None else None
    if limit is None or most is None or limit <= most:
        return request
    lose(dropped, Feature.MAX_TOKENS)
    return msgspec.structs.replace(request, max_tokens=most)
