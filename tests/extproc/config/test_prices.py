"""The file of prices."""

import pickle

import pytest

from extproc.config import ConfigError, digest, load
from tests.extproc.config.conftest import ENVIRONMENT, RIGHT

PRICES = """\
prices:
  - models: [gpt-4o, "gpt-4o-*"]
    provider: openai
    from: 2026-01-01
    price: {input: 2.5, output: 10}
"""
NAMED = RIGHT + "prices: prices.yaml\n"


def test_it_is_read_with_the_configuration(folder):
    (folder.gateway.parent / "prices.yaml").write_text(PRICES)
    gateway = folder.load(NAMED)
    (entry,) = gateway.listed
    assert (entry.price.input, entry.begins) == (2.5, 1_767_225_600)
    assert pickle.loads(pickle.dumps(gateway)).listed == gateway.listed
    before = digest(gateway)
    assert before != digest(gateway.priced(()))
    (folder.gateway.parent / "prices.yaml").write_text(PRICES.replace("2.5", "3"))
    assert digest(folder.load(NAMED)) != before


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("2026-01-01", "2026-13-01", "prices.yaml:4: prices[0].from: must be a day"),
        ("provider: openai", "provider: openia", "did you mean 'openai'?"),
        ("from: 2026-01-01", "backend: one", "prices[0].backend: has no effect beside"),
        ("[gpt-4o, ", "[gpt-4o, gpt-4o, ", "has the same day's price in prices[0]"),
        ('"gpt-4o-*"', '"/gpt.*/"', "prices[0].models[1]: must be a model's name"),
        ("input: 2.5", "inptu: 2.5", "did you mean 'input'?"),
        ("prices:", "prizes:", "unknown key"),
    ],
)
def test_what_is_wrong_with_it_has_a_line(folder, old, new, says):
    assert old in PRICES
    (folder.gateway.parent / "prices.yaml").write_text(PRICES.replace(old, new, 1))
    said = folder.said(NAMED)
    if "same day" in says:
        assert said == []  # the same entry may say a name twice
        return
    assert any(says in one for one in said), said
    with pytest.raises(ConfigError):
        load(folder.gateway)


def test_two_prices_of_one_day_are_refused(folder):
    entry = PRICES.removeprefix("prices:\n")
    (folder.gateway.parent / "prices.yaml").write_text(PRICES + entry)
    said = folder.said(NAMED)
    assert "prices.yaml:6: prices[1].models[0]: has the same day's price in prices[0]" in said


def test_a_file_that_is_not_there_is_a_problem(folder):
    (said,) = folder.said(NAMED, environment=ENVIRONMENT)
    assert said == "prices.yaml: cannot be read: no such file or directory"


def test_a_budget_in_usd_needs_a_price_of_any_kind(folder):
    limit = "limits: [{per: model, cost_usd: 1, every: day}]\n"
    (said,) = folder.added(limit)
    assert "no route has a `price`, nor a backend, and there are no `prices`" in said
    (folder.gateway.parent / "prices.yaml").write_text(PRICES)
    assert folder.said(NAMED + limit) == []
    old = "credential: {api_key: env:ONE}"
    assert folder.said((RIGHT + limit).replace(old, f"{old}\n    price: {{input: 1}}")) == []
