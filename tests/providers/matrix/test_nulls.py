"""Null for what nobody has asked for is nothing: neither sent, nor named, nor refused."""

from typing import Any

import orjson
import pytest

from providers.bridging.bridge import bridge
from providers.bridging.dialect import Call, Sent
from providers.bridging.quirks import Quirks
from providers.catalog import DIALECTS
from tests.e2e.clients.backends import CHAT
from tests.providers.matrix import fields, test_texts
from tests.providers.matrix.fields import with_field

REQUIRED = frozenset({"max_tokens_to_sample"})
BASE = fields.BASE | test_texts.BASE
TRIED = [
    (client, field)
    for client, values in {**fields.VALUES, **test_texts.VALUES}.items()
    for field in (*values, "nobody_knows")
    if field not in REQUIRED and (client, field) != ("anthropic.messages", "max_tokens")
]


def sent(client: str, target: str, body: dict[str, Any]) -> tuple[Any, tuple[str, ...]]:
    call = Call(data=orjson.dumps(body), body=body, model="m", stream=False, path_model="m")
    made = bridge(DIALECTS[client], DIALECTS[target], Quirks()).request(call)
    assert isinstance(made, Sent)
    return orjson.loads(made.body), made.dropped


@pytest.mark.parametrize("client", BASE)
def test_null_is_nothing(client: str):
    odd = []
    for name, field in TRIED:
        for target in CHAT:
            if name != client or target == client:
                continue
            base = BASE[client]
            around = field.rpartition(".")[0]
            without = with_field(base, around, {}) if around else base
            if sent(client, target, with_field(base, field, None)) != sent(client, target, without):
                odd.append((field, target))
    assert odd == []


@pytest.mark.parametrize(
    ("client", "around"),
    [
        ("openai.chat", "stream_options"),
        ("openai.responses", "text"),
        ("openai.responses", "reasoning"),
        ("bedrock.converse", "additionalModelRequestFields"),
        ("gemini.generate_content", "toolConfig"),
    ],
)
def test_null_in_an_object_is_nothing(client: str, around: str):
    for target in CHAT:
        if target != client:
            body = with_field(BASE[client], around, {"nobody_knows": None})
            assert sent(client, target, body)[1] == ()


def test_of_an_object_only_what_is_said_is_named():
    options = {"include_usage": True, "include_obfuscation": True, "nobody_knows": None}
    body = {**BASE["openai.chat"], "stream": True, "stream_options": options}
    named = sent("openai.chat", "anthropic.messages", body)[1]
    assert named == ("stream_options.include_obfuscation",)
