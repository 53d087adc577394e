"""Whatever is sent to the management API, its answer is one that its OpenAPI document names."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from extproc.admin.application import OPENAPI
from tests.extproc.admin.test_views import World

NESTED: Any = 1
for _ in range(60):
    NESTED = {"network_config": [NESTED]}
ODD: tuple[Any, ...] = (
    None,
    1,
    "text",
    [],
    {},
    {"config_hash": 5},
    {"config_hash": "é", "description": "d"},
    {"name": "own"},
    {"name": None, "keys": [None]},
    {"name": "n", "keys": "KEY", "custom_provider_config": 7},
    {"name": "n", "custom_provider_config": {"base_provider_type": ["openai"]}},
    {"name": "n", "custom_provider_config": {"base_provider_type": "vllm"}, "network_config": 3},
    {"name": "n\x00", "custom_provider_config": None},
    {"name": "n", "network_config": {"extra_headers": {"a": 1, "b\n": "x"}}},
    {"models": 5, "backends": [{}]},
    {"text": "version: [", "version": "x"},
    {"text": 5, "version": None},
    {"dialect": "openai.chat", "model": [], "prompt": 1},
    {"dialect": "nobody", "model": "m", "max_tokens": 10**30},
    {"dialect": "openai.chat", "model": "small", "body": {"model": "small", "n": 2**70}},
    NESTED,
)
PLACES = {
    "provider": ("own", "nobody", "..", "%00", "a" * 300),
    "id": ("x", "%e2%82%ac", "a" * 300),
}
QUERIES = (
    "",
    "dry_run=perhaps",
    "minutes=-1&days=x&hours=1e9&most=0&by=nothing&of=%ff",
    "minutes=99999999999999999999&days=0&hours=NaN&most=1.5&by=client,client,client&of="
    + "x" * 500,
    "config_hash=%00&dry_run=true",
)


@pytest.fixture(scope="module")
def world(tmp_path_factory, module_patch):
    module_patch.setenv("OPENAI_KEY", "sk-0123456789abcdefghij")
    return World(tmp_path_factory.mktemp("w"))


@pytest.fixture(scope="module")
def module_patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def calls(document: dict) -> list[tuple[str, str]]:
    return [(method.upper(), path) for path, all_ in document["paths"].items() for method in all_]


def filled(path: str) -> list[str]:
    place = re.search(r"\{(\w+)\}", path)
    if place is None:
        return [path]
    return [path.replace(place[0], value) for value in PLACES[place[1]]]


def wrong(document: dict, method: str, path: str, answer) -> str:
    """Why the answer is none that the document names; empty: it is one."""
    named = document["paths"][path][method.lower()]["responses"]
    found = named.get(str(answer.status_code))
    if found is None:
        return f"{answer.status_code} is not named"
    content = found.get("content", {}).get("application/json")
    if content is None:
        return ""
    schema = {**content["schema"], "components": document["components"]}
    errors = Draft202012Validator(schema).iter_errors(answer.json())
    return next((error.message for error in errors), "")


def test_every_answer_is_one_of_the_document(world):
    document = world.client.get(OPENAPI).json()
    before = world.file.read_bytes()
    found = []
    for method, path in calls(document):
        bodies = [None] if method in ("GET", "DELETE") else ODD
        for place in filled(path):
            for number, body in enumerate(bodies):
                query = QUERIES[number % len(QUERIES)] if len(bodies) > 1 else ""
                for said in [query] if len(bodies) > 1 else QUERIES:
                    sent = {} if method in ("GET", "DELETE") else {"json": body}
                    answer = world.client.request(method, f"{place}?{said}", **sent)
                    if place.endswith(("/..", "%00")) and answer.status_code in (404, 405):
                        continue  # another path
                    why = wrong(document, method, path, answer)
                    if why:
                        found.append((method, place[:60], said[:60], str(body)[:80], why))
    assert "\n".join(map(str, found)) == ""
    assert world.file.read_bytes() == before


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", None])
def test_only_json_is_a_change(world, kind):
    headers = {"content-type": kind} if kind else {}
    for method, path in (("POST", "/api/providers"), ("PATCH", "/api/providers/own")):
        answer = world.client.request(method, path, content=b"name=n", headers=headers)
        assert answer.status_code == 400
        assert answer.json()["is_bifrost_error"] is False
