"""Searches of the web that vendors refuse are refused by the simulator."""

from typing import Any

import httpx
import pytest

from extproc.lab.simulator import RunningSimulator

SEARCH = {"type": "web_search_20250305", "name": "web_search"}
NEWER = {"type": "web_search_20260209", "name": "web_search"}
GOOGLE = {"googleSearch": {}}
FUNCTION = {"functionDeclarations": [{"name": "f"}]}
BOTH = {"includeServerSideToolInvocations": True}


def claude(model: str, *tools: Any) -> tuple[str, dict[str, Any]]:
    turns = [{"role": "user", "content": "hi"}]
    return "/v1/messages", {"model": model, "max_tokens": 9, "messages": turns, "tools": [*tools]}


def responses(model: str, **more: Any) -> tuple[str, dict[str, Any]]:
    tools = [{"type": "web_search"}]
    return "/v1/responses", {"model": model, "input": "hi", "tools": tools, **more}


def gemini(path: str, *tools: Any, **more: Any) -> tuple[str, dict[str, Any]]:
    turns = [{"role": "user", "parts": [{"text": "hi"}]}]
    return f"{path}:generateContent", {"contents": turns, "tools": [*tools], **more}


def chat(model: str) -> tuple[str, dict[str, Any]]:
    turns = [{"role": "user", "content": "hi"}]
    options: dict[str, Any] = {}
    return "/v1/chat/completions", {
        "model": model,
        "messages": turns,
        "web_search_options": options,
    }


def on_vertex(*tools: Any) -> tuple[str, dict[str, Any]]:
    _, body = claude("claude-sonnet-4-5", *tools)
    body = {name: value for name, value in body.items() if name != "model"}
    model = "/v1/projects/p/locations/r/publishers/anthropic/models/claude-sonnet-4-5"
    return f"{model}:rawPredict", {**body, "anthropic_version": "vertex-2023-10-16"}


V1 = "/v1beta/models"
VERTEX = "/v1/projects/p/locations/r/publishers/google/models"
TAKEN = [
    claude("claude-sonnet-4-5", SEARCH),
    claude("claude-opus-4-6", NEWER),
    responses("gpt-5"),
    chat("gpt-4o-search-preview"),
    gemini(f"{V1}/gemini-2.5-flash", GOOGLE),
    gemini(f"{V1}/gemini-3-flash", GOOGLE, FUNCTION, toolConfig=BOTH),
    gemini(f"{VERTEX}/gemini-3-flash", {"googleSearch": {"excludeDomains": ["a.test"]}}),
]
REFUSED = [
    on_vertex(SEARCH),
    on_vertex(NEWER),
    claude("claude-3-opus-20240229", SEARCH),
    claude("claude-sonnet-4-5", NEWER),
    claude("claude-opus-4-6", SEARCH | {"allowed_domains": ["a"], "blocked_domains": ["b"]}),
    responses("gpt-4.1-nano"),
    responses("gpt-5", reasoning={"effort": "minimal"}),
    chat("gpt-5"),
    gemini(f"{V1}/gemini-2.5-flash", GOOGLE, FUNCTION),
    gemini(f"{V1}/gemini-3-flash", GOOGLE, FUNCTION),
    gemini(f"{VERTEX}/gemini-3-flash", GOOGLE, FUNCTION),
    gemini(f"{V1}/gemini-3-flash", {"googleSearch": {"excludeDomains": ["a.test"]}}),
]


def post(sim: RunningSimulator, asked: tuple[str, dict[str, Any]]) -> int:
    path, body = asked
    headers = {"anthropic-version": "2023-06-01"}
    return httpx.post(sim.url + path, json=body, headers=headers, timeout=10).status_code


@pytest.mark.parametrize("asked", TAKEN)
def test_what_vendors_take_is_taken(sim: RunningSimulator, asked: tuple[str, dict[str, Any]]):
    assert post(sim, asked) == 200


@pytest.mark.parametrize("asked", REFUSED)
def test_what_vendors_refuse_is_refused(sim: RunningSimulator, asked: tuple[str, dict[str, Any]]):
    assert post(sim, asked) == 400
