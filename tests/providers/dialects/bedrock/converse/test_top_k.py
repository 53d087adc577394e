"""`topK` beside `topP`, where the AI SDK says it and Bedrock does not look."""

from typing import Any

import orjson
import pytest

from providers.catalog import PROVIDERS
from tests.providers.matrix.world import World

TURNS = [{"role": "user", "content": [{"text": "hi"}]}]
ASKED: dict[str, Any] = {"messages": TURNS, "inferenceConfig": {"topK": 20, "topP": 0.9}}
PATH = "/model/shown/converse"


@pytest.mark.parametrize(
    ("model", "additional", "named"),
    [
        ("eu.anthropic.claude-sonnet-4-20250514-v1:0", {"top_k": 20}, ""),
        ("amazon.nova-pro-v1:0", {"inferenceConfig": {"topK": 20}}, ""),
        ("meta.llama3-3-70b-instruct-v1:0", None, "inferenceConfig.topK"),
    ],
)
def test_it_is_said_where_the_model_looks(model: str, additional: Any, named: str) -> None:
    world = World("bedrock.converse", provider=PROVIDERS["bedrock"], model=model)
    answer = world.ask(PATH, [], orjson.dumps(ASKED))
    assert answer.status == 200, answer.body
    sent = orjson.loads(world.sent[-1].body)
    assert sent["inferenceConfig"] == {"topP": 0.9}
    assert sent.get("additionalModelRequestFields") == additional
    assert dict(answer.headers).get("x-ai-dropped-params", "") == named


def test_what_stands_there_already_is_stronger() -> None:
    model = "eu.anthropic.claude-sonnet-4-20250514-v1:0"
    world = World("bedrock.converse", provider=PROVIDERS["bedrock"], model=model)
    own = {"additionalModelRequestFields": {"top_k": 5}}
    assert world.ask(PATH, [], orjson.dumps({**ASKED, **own})).status == 200
    assert orjson.loads(world.sent[-1].body)["additionalModelRequestFields"] == {"top_k": 5}


def test_it_is_carried_elsewhere() -> None:
    world = World("gemini.generate_content")
    answer = world.ask(PATH, [], orjson.dumps(ASKED))
    assert orjson.loads(world.sent[-1].body)["generationConfig"]["topK"] == 20
    assert "x-ai-dropped-params" not in dict(answer.headers)
