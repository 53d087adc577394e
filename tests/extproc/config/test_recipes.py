"""Every recipe is a gateway.yaml without problems."""

import re
from pathlib import Path

import pytest

from extproc.config import load, problems
from extproc.exchange.compile import compile_plan
from extproc.render import render

PAGE = (Path(__file__).parents[3] / "docs" / "recipes.md").read_text()
RECIPES = dict(re.findall(r"^## (.+?)\n+```yaml\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL))
SECRETS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "CONTRACT_KEY", "AZURE_KEY")
ENVIRONMENT = {**dict.fromkeys(SECRETS, "a-key"), "REDIS_URL": "redis://x", "ANN": "1", "BOB": "2"}
PRICES = "prices: [{models: gpt-4o, provider: openai, price: {input: 2.5, output: 10}}]\n"


def test_there_are_ten_and_each_says_what_a_bad_day_is():
    assert len(RECIPES) == PAGE.count("\n## ") == PAGE.count("**On a bad day**") == 10


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_has_no_problems(name, tmp_path):
    file = tmp_path / "gateway.yaml"
    file.write_text(RECIPES[name])
    (tmp_path / "clients.yaml").write_text("{ann: env:ANN, bob: env:BOB}\n")
    (tmp_path / "prices.yaml").write_text(PRICES)
    assert problems(file, environment=ENVIRONMENT) == []
    gateway = load(file)
    compile_plan(gateway)
    assert render(gateway, client_keys={} if gateway.clients else None)
