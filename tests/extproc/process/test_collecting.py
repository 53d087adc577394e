import gc
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from extproc.exchange.compile import compile_plan
from extproc.process import collecting, configuration
from extproc.process.line import blank, taken, write

FEW = 10


@pytest.fixture
def looks() -> Iterator[list[str]]:
    """Grows with each look of the collector."""
    found: list[str] = []

    def note(phase: str, _: object) -> None:
        found.append(phase)

    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    routes = [{"models": f"m{n}", "backends": [{"backend": "a"}]} for n in range(1000)]
    backends = {"a": {"provider": "openai", "credential": "none"}}
    found = tmp_path_factory.mktemp("many") / "gateway.yaml"
    found.write_text(json.dumps({"version": 1, "backends": backends, "routes": routes}))
    return found


def test_nothing_is_looked_for_while_a_configuration_is_read_and_handed_on(file, looks):
    paper = blank()
    write(paper, configuration.load(file))
    looks.clear()
    taken(paper)
    loaded = configuration.load(file)
    # The one that follows each; every 700 objects there would be another.
    assert looks.count("start") < FEW
    assert loaded.hash == compile_plan(loaded.gateway).hash


def test_what_stays_is_not_looked_through_again_and_goes_all_the_same():
    before = gc.get_freeze_count()
    try:
        with collecting.staying():
            many = [[number] for number in range(1000)]
        assert gc.get_freeze_count() >= before + 1000
        count = gc.get_freeze_count()
        del many
        assert gc.get_freeze_count() <= count - 1000
        assert gc.isenabled()
    finally:
        gc.unfreeze()


def test_routes_that_do_the_same_share_what_they_do(file):
    plan = compile_plan(configuration.load(file).gateway)
    policies = {id(route.policy) for _, route in plan._router.exact()}
    assert len(policies) == 1
