"""instructor in each of its modes. Arguments: client, URL."""

import sys
from collections.abc import Iterable
from functools import partial
from typing import Any

import instructor
from anthropic import Anthropic
from cases import run
from google import genai
from openai import OpenAI
from order import order
from pydantic import BaseModel, Field

CLIENT, URL = sys.argv[1:3]
SAID = '{"city": "Bern", "count": 2}'
MODES = {
    "openai": ("TOOLS", "TOOLS_STRICT", "PARALLEL_TOOLS", "JSON", "MD_JSON", "JSON_SCHEMA"),
    "anthropic": ("ANTHROPIC_TOOLS", "ANTHROPIC_JSON", "ANTHROPIC_PARALLEL_TOOLS"),
    "google": ("GENAI_TOOLS", "GENAI_STRUCTURED_OUTPUTS"),
}


class Place(BaseModel):
    """A place."""

    city: str = Field(min_length=1, max_length=40)
    count: int = Field(ge=1, le=5)


def client(mode: str) -> tuple[Any, dict[str, Any]]:
    """The client, and what each of its calls names."""
    how = instructor.Mode[mode]
    match CLIENT:
        case "openai":
            sdk = OpenAI(base_url=f"{URL}/v1", api_key="k", max_retries=0)
            return instructor.from_openai(sdk, mode=how), {"model": "gpt-5"}
        case "anthropic":
            claude = Anthropic(base_url=URL, api_key="k", max_retries=0)
            named = {"model": "claude-sonnet-4-5", "max_tokens": 4096}
            return instructor.from_anthropic(claude, mode=how), named
    gemini = genai.Client(api_key="k", http_options={"base_url": URL})
    return instructor.from_genai(gemini, mode=how), {"model": "gemini-2.5-pro"}


def ask(mode: str) -> None:
    made, named = client(mode)
    several = "PARALLEL" in mode
    orders: dict[str, Any] = {}
    if several:
        orders = {"call_tool": "Place", "arguments": {"city": "Bern", "count": 2}}
    elif mode in ("JSON", "MD_JSON", "ANTHROPIC_JSON"):
        orders = {"text": SAID}
    answer = made.chat.completions.create(
        response_model=Iterable[Place] if several else Place,
        messages=[{"role": "user", "content": order("where? in JSON", **orders)}],
        max_retries=0,
        **named,
    )
    assert (next(iter(answer)) if several else answer).count >= 1


run({mode: partial(ask, mode) for mode in MODES[CLIENT]})
