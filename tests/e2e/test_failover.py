"""One request, three providers of three dialects: the first two fail, the third answers."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import permutations

import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients import TALKS
from tests.e2e.clients.backends import ENV, MODELS, backend
from tests.e2e.clients.talk import Link, Wish, order

PROVIDERS = {
    "anthropic": "anthropic.messages",
    "bedrock": "bedrock.converse",
    "gemini": "gemini.generate_content",
}
ORDERS = list(permutations(PROVIDERS))
STREAM = pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])


class World:
    """A gateway before three providers."""

    def __init__(self, local: Local, sims: dict[str, RunningSimulator]) -> None:
        self.local = local
        self.sims = sims

    def paths(self) -> dict[str, list[str]]:
        """Provider → the paths of what it was asked since the last look."""
        seen = {}
        for name, sim in self.sims.items():
            seen[name] = [request.path for request in sim.requests]
            sim.simulator.desk.forget()
        return seen


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with ExitStack() as stack:
        sims = {name: stack.enter_context(RunningSimulator(name=name)) for name in PROVIDERS}
        config = {
            "backends": {
                name: backend(dialect, sims[name].url) for name, dialect in PROVIDERS.items()
            },
            "routes": [route(names) for names in ORDERS],
        }
        yield World(stack.enter_context(Local(config, ENV)), sims)


def route(names: tuple[str, ...]) -> dict:
    return {
        "models": ["-".join(names)],
        "backends": [
            {"backend": name, "model": MODELS[PROVIDERS[name]], "priority": priority}
            for priority, name in enumerate(names)
        ],
        "retry": {"attempts": 3, "on": ["5xx", "429", "connect-failure", "reset"]},
    }


@STREAM
@pytest.mark.parametrize("client", ["openai.chat", "anthropic.messages"])
@pytest.mark.parametrize("names", ORDERS, ids="-".join)
def test_the_third_answers_where_two_are_overloaded(world: World, names, client, stream):
    first, second, third = names
    talk = TALKS[client](Link(world.local.url), "-".join(names), Wish(system="be brief"))
    text = order(order("hello", at=first, status=529), at=second, status=503)
    talk.say(text)
    world.paths()
    said = talk.answer(stream)
    assert said.text.endswith("heard: hello")
    assert said.finish == talk.stop
    asked = world.paths()
    assert [len(asked[name]) for name in names] == [1, 1, 1]
    assert MODELS[PROVIDERS[third]].split(":")[0] in said.text


@STREAM
@pytest.mark.parametrize("names", ORDERS, ids="-".join)
def test_a_tool_is_called_by_whoever_answers_and_its_result_goes_to_another(
    world: World, names, stream
):
    first, second, _ = names
    talk = TALKS["openai.chat"](Link(world.local.url), "-".join(names), Wish(tools=True))
    talk.say(order(order("weather?", call_tool=True), at=first, status=529))
    said = talk.answer(stream)
    assert [call.name for call in said.calls] == ["weather"]
    talk.result(said.calls[0], "rain")
    talk.messages[0]["content"] = order("weather?", at=second, status=503)
    last = talk.answer(stream)
    assert "rain" in last.text
    assert last.finish == talk.stop


@STREAM
def test_the_last_error_is_told_where_all_fail(world: World, stream):
    talk = TALKS["openai.chat"](Link(world.local.url), "-".join(PROVIDERS))
    talk.say(order("hello", status=529, message="too much"))
    with pytest.raises(Exception, match="too much") as caught:
        talk.answer(stream)
    assert caught.value.status == 529
