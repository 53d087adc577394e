"""What is named as lost is what the client sent: by its own names, at any depth."""

from typing import Any

import pytest

from tests.e2e.clients.backends import CHAT
from tests.providers.matrix import test_texts
from tests.providers.matrix.fates import Outcome
from tests.providers.matrix.fields import BASE, NEEDS, VALUES, with_field

IMPLIED = {"citation_options"}
"""Cohere cites its documents without being asked."""


def sent(value: Any, path: list[str]) -> bool:
    if not path:
        return True
    if isinstance(value, list):
        return any(sent(item, path) for item in value)
    return isinstance(value, dict) and path[0] in value and sent(value[path[0]], path[1:])


def strange(client: str, target: str, body: dict[str, Any]) -> set[str]:
    dropped = Outcome(client, target, body).dropped - IMPLIED
    return {name for name in dropped if not sent(body, name.split("."))}


@pytest.mark.parametrize("client", CHAT)
def test_a_chat_is_told_of_its_own_members(client: str) -> None:
    found = {}
    for field, value in VALUES[client].items():
        body = BASE[client]
        for path, beside in NEEDS[client].get(field, {}).items():
            body = {**body, path: beside}
        having = with_field(body, field, value)
        for target in CHAT:
            if target != client and (names := strange(client, target, having)):
                found[field, target] = names
    assert found == {}


@pytest.mark.parametrize("client", test_texts.BASE)
def test_a_prompt_is_told_of_its_own_members(client: str) -> None:
    found = {}
    for field, value in test_texts.VALUES[client].items():
        having = with_field(test_texts.BASE[client], field, value)
        for target in test_texts.TARGETS:
            if target != client and (names := strange(client, target, having)):
                found[field, target] = names
    assert found == {}


def test_google_is_told_in_the_spelling_that_was_sent() -> None:
    body = {
        "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
        "generation_config": {"enable_affective_dialog": True, "top_k": 5},
        "safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
    }
    dropped = Outcome("gemini.generate_content", "openai.responses", body).dropped
    assert dropped == {
        "generation_config.enable_affective_dialog",
        "generation_config.top_k",
        "safety_settings",
    }
