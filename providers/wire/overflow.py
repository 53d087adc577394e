"""That a prompt does not fit into the model's context: read from any vendor's words, said in any.

Agents shorten a conversation when they read this in their own vendor's words, and only then; so
whoever says it, each client hears it as its vendor would have said it.
"""

import re

import msgspec

from providers.errors import ApiError, Cause

CODES = frozenset({"context_length_exceeded", "model_max_prompt_tokens_exceeded"})
"""https://platform.openai.com/docs/guides/error-codes; GitHub Copilot has the second."""

BLAMED = frozenset({Cause.INVALID_REQUEST, Cause.TOO_LARGE})
"""What it looks like before its words are read; Bedrock's "Too many tokens" can be a rate limit."""

COUNTS = tuple(
    re.compile(expression, re.IGNORECASE)
    for expression in (
        # Anthropic
        r"prompt is too long: (?P<given>\d+) tokens > (?P<most>\d+)",
        r"exceed context limit: (?P<given>\d+) \+ \d+ > (?P<most>\d+)",
        # Gemini
        r"input token count \(?(?P<given>\d+)\)? exceeds the maximum number of tokens"
        r"(?: allowed)? \(?(?P<most>\d+)",
        # OpenAI, vLLM, OpenRouter, DeepSeek
        r"maximum context length is (?P<most>\d+) tokens?[.,;]? *however,? "
        r"(?:you requested|your (?:messages|prompt|input) (?:resulted in|has|contains))"
        r"(?: about)? (?P<given>\d+)",
        # xAI
        r"maximum prompt length is (?P<most>\d+) but the request contains (?P<given>\d+)",
        # GitHub Copilot
        r"prompt token count of (?P<given>\d+) exceeds the limit of (?P<most>\d+)",
        # Moonshot
        r"exceeded model token limit: (?P<most>\d+) \(requested: (?P<given>\d+)",
        # Mistral
        r"prompt contains (?P<given>\d+) tokens.{1,80}?(?P<most>\d+) maximum context length",
        # Amazon Nova
        r"max input tokens: (?P<most>\d+), request input token count: (?P<given>\d+)",
        # Cohere
        r"prompt cannot exceed (?P<most>\d+) - received (?P<given>\d+)",
        # Text Generation Inference
        r"must (?:have less than|be <=) (?P<most>\d+)(?: tokens)?\. given: (?P<given>\d+)",
        # SGLang
        r"input \((?P<given>\d+) tokens\) is longer than the model's context length"
        r" \((?P<most>\d+)",
    )
)
"""How vendors and servers say it with numbers."""

WORDS = re.compile(
    r"prompt is too long|input is too long|too many input tokens|^too many tokens:"
    r"|context (?:length|window|size|limit)|maximum prompt length"
    r"|exceeds? the maximum number of (?:input )?tokens"
    r"|reduce the length of the (?:messages|prompt)"
    r"|exceeded model token limit|prompt token count of \d+ exceeds|`inputs` must have less than"
    r"|`inputs` tokens \+ `max_new_tokens` must be",
    re.IGNORECASE,
)
"""How they say it at all; Bedrock, Groq, llama.cpp and Ollama name no numbers."""


class Form(msgspec.Struct, frozen=True):
    """How one vendor says it."""

    known: re.Pattern[str]
    """By which its clients know it."""
    counted: str
    """With both numbers, `given` and `most`."""
    bare: str
    """Before the words of whoever said it without numbers."""


def form(known: str, counted: str, bare: str) -> Form:
    """The form whose clients look for the expression `known`, in whatever case."""
    return Form(re.compile(known, re.IGNORECASE), counted, bare)


def named(error: ApiError) -> ApiError:
    """The error with the cause that its words or its code tell."""
    if error.cause not in BLAMED or error.status >= 500:
        return error
    if error.code not in CODES and not WORDS.search(error.message):
        return error
    return msgspec.structs.replace(error, status=400, cause=Cause.CONTEXT)


def message(error: ApiError, form: Form) -> str:
    """The words of the error as clients of `form` know them."""
    if error.cause is not Cause.CONTEXT or form.known.search(error.message):
        return error.message
    counts = next(filter(None, (each.search(error.message) for each in COUNTS)), None)
    if counts is not None:
        return form.counted.format(**counts.groupdict())
    return f"{form.bare}: {error.message}"
