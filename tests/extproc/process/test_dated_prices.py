"""A worker on the day when another price begins."""

from pathlib import Path

from extproc.config import parse
from extproc.config.listed_price import PriceFile
from extproc.process.configuration import Loaded
from extproc.process.worker import Options, Worker

GATEWAY = {
    "version": 1,
    "backends": {"up": {"provider": "openai", "credential": {"api_key": "env:K"}}},
    "routes": [{"models": ["m"], "backends": [{"backend": "up"}]}],
}
LISTED = [{"models": "m", "from": "9999-01-01", "price": {"input": 1}}]


def test_it_makes_its_plan_anew_then_and_only_then(tmp_path: Path) -> None:
    listed = PriceFile.model_validate({"prices": LISTED}).prices
    loaded = Loaded(parse(GATEWAY).priced(listed), (1, 1, 1))
    options = Options(transport="lean", endpoints=(), drain=1, tokens=tmp_path / "t", side="")
    worker = Worker(loaded, options)
    first = worker._current.plan
    worker._tick()
    assert worker._current.plan is first
    first.prices.until = 0.0
    worker._tick()
    assert worker._current.plan is not first
    assert worker._current.plan.prices.until > 0
    assert worker._current.plan.hash == first.hash
