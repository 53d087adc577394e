"""One request, three providers of three dialects: the first two fail, the third answers."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import permutations

import httpx
import pytest

from extproc.exchange.pace import LOAD
from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients import TALKS
from tests.e2e.clients.backends import ENV, MODELS, backend
from tests.e2e.clients.talk import Link, Wish, order
from tests.e2e.listener import needs_retry_elsewhere

pytestmark = needs_retry_elsewhere

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
            "routes": [
                *map(route, ORDERS),
                whole("gemini", "anthropic", "bedrock"),
                whole("gemini", "anthropic"),
                # Listed in another order than whole-3, which has the same priorities.
                turned(whole("gemini", "anthropic", "bedrock")),
                {**route(("gemini", "bedrock")), "balance": {"policy": "latency"}} | PACED,
                {**whole("gemini", "anthropic", "bedrock", weight=3), "models": ["lasting"]},
                {**whole("gemini", "bedrock", "anthropic", weight=4), "retry": {}} | CHOSEN,
            ],
        }
        # Envoy asks for its routes and clusters, as it does with `extproc run`.
        yield World(stack.enter_context(Local(config, ENV, static=False)), sims)


CHOSEN = {"models": ["chosen"], "balance": {"client_order": True}}


PACED = {
    "models": ["paced"],
    "backends": [
        {"backend": name, "model": MODELS[PROVIDERS[name]]} for name in ("gemini", "bedrock")
    ],
}


def route(names: tuple[str, ...]) -> dict:
    return {
        "models": ["-".join(names)],
        "backends": [
            {"backend": name, "model": MODELS[PROVIDERS[name]], "priority": priority}
            for priority, name in enumerate(names)
        ],
        "retry": {"attempts": 3, "on": ["5xx", "429", "connect-failure", "reset"]},
    }


def whole(*names: str, weight: int = 2) -> dict:
    """A route on which a retry loses nothing; its clusters are its own, by the weight."""
    made = route(names)
    for entry in made["backends"]:
        entry["weight"] = weight
    return {**made, "models": [f"whole-{len(names)}"], "retry": {"lossless": True, "attempts": 3}}


def turned(route: dict) -> dict:
    first, *others = route["backends"]
    return {**route, "models": ["turned"], "backends": [*others, first]}


def ask(world: World, model: str, told: dict | None = None, **more) -> httpx.Response:
    headers = {"x-sim": json.dumps({"at": "gemini", **told})} if told else {}
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}], **more}
    world.paths()
    url = f"{world.local.url}/v1/chat/completions"
    return httpx.post(url, json=body, headers={**headers, "x-ai-next": "2"}, timeout=30)


def asked(world: World) -> dict[str, int]:
    """How often each provider was asked, those that were."""
    return {name: len(paths) for name, paths in world.paths().items() if paths}


def test_who_answers_sooner_is_asked_more_often(world: World):
    slow, found = {"delay_ms": 150}, Counter[str]()
    for _ in range(12):
        found = Counter[str]()
        for _ in range(16):
            answer = ask(world, "paced", slow)
            assert answer.status_code == 200
            assert LOAD not in answer.headers
            found.update(asked(world))
        if found["bedrock"] >= 3 * found["gemini"]:
            return
    raise AssertionError(found)


DOWN, RESET = {"status": 503}, {"drop": "before_headers", "reset": True}
KEPT = {"metadata": {"team": "red"}}
"""What Gemini and Claude cannot be told, and Bedrock can."""


@pytest.mark.parametrize(
    ("failure", "more"),
    [(DOWN, {}), (DOWN, {"stream": True}), (RESET, {})],
    ids=["whole", "streamed", "reset"],
)
def test_a_retry_passes_over_whoever_would_lose_something(world: World, failure, more):
    answer = ask(world, "whole-3", failure, **KEPT, **more)
    assert answer.status_code == 200
    assert asked(world) == {"gemini": 1, "bedrock": 1}
    said = answer.headers["x-ai-backends"].split()
    assert [name.partition(":")[0] for name in said] == ["gemini", "bedrock"]
    assert "x-ai-dropped-params" not in answer.headers


def test_a_retry_goes_to_the_next_one_where_that_loses_nothing(world: World):
    assert ask(world, "whole-3", DOWN).status_code == 200
    assert asked(world) == {"gemini": 1, "anthropic": 1}


def test_the_first_failure_is_told_where_all_others_would_lose_something(world: World):
    answer = ask(world, "whole-2", DOWN, **KEPT)
    assert answer.status_code == 503
    assert asked(world) == {"gemini": 1}
    assert answer.headers["x-ai-left-out"] == "anthropic:metadata"
    assert "x-ai-again" not in answer.headers


@pytest.mark.parametrize(
    ("more", "times"), [(KEPT, 1), ({"seed": 7}, 3)], ids=["lossy", "lossless"]
)
def test_who_has_not_answered_is_asked_again_if_it_loses_nothing(world: World, more, times):
    assert ask(world, "whole-2", RESET, **more).status_code == 503
    assert asked(world) == {"gemini": times}


def test_what_the_first_one_loses_is_named_and_no_client_chooses_another(world: World):
    answer = ask(world, "whole-3", **KEPT)
    assert answer.headers["x-ai-dropped-params"] == "metadata"
    assert asked(world) == {"gemini": 1}


def test_the_next_one_is_the_right_one_in_whatever_order_backends_are_listed(world: World):
    answer = ask(world, "turned", DOWN, **KEPT)
    assert answer.status_code == 200
    assert asked(world) == {"gemini": 1, "bedrock": 1}


def test_whoever_is_the_only_one_left_is_asked_however_often_it_has_failed(world: World):
    """A cluster in which Envoy had put its only backend aside would have nobody to ask."""
    for _ in range(7):
        assert named(world, None, DOWN, model="lasting", **KEPT).status_code == 503
        assert asked(world)["bedrock"] == 1


def named(world: World, order: str | None, told: dict, **more) -> httpx.Response:
    """The answer to a request whose client may say who is asked; all providers hear the order."""
    headers = {"x-sim": json.dumps(told), **({} if order is None else {"x-ai-backends": order})}
    body = {"model": "chosen", "messages": [{"role": "user", "content": "hello"}], **more}
    world.paths()
    return httpx.post(
        f"{world.local.url}/v1/chat/completions", json=body, headers=headers, timeout=30
    )


@STREAM
@pytest.mark.parametrize("names", ORDERS, ids="-".join)
def test_a_client_says_who_is_asked_one_after_another(world: World, names, stream):
    answer = named(world, ", ".join(names), {"status": 503}, stream=stream)
    assert answer.status_code == 503
    said = answer.headers["x-ai-backends"].split()
    assert [name.partition(":")[0] for name in said] == [*names]
    assert asked(world) == dict.fromkeys(names, 1)


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_client_that_names_one_backend_gets_that_or_nothing(world: World, name):
    for _ in range(7):  # More failures than Envoy bears of others.
        answer = named(world, name, {"status": 503})
        assert answer.status_code == 503
        assert asked(world) == {name: 1}
    assert named(world, name, {}).status_code == 200
    assert asked(world) == {name: 1}


def test_a_client_may_have_a_backend_asked_again(world: World):
    answer = named(world, "bedrock bedrock,gemini", {"drop": "before_headers", "at": "bedrock"})
    assert answer.status_code == 200
    assert asked(world) == {"bedrock": 2, "gemini": 1}


def test_a_client_hears_whom_it_cannot_name(world: World):
    answer = named(world, "gemini,elsewhere", {})
    assert answer.status_code == 400
    assert "none of this model's backends: gemini, bedrock, anthropic" in answer.text
    assert asked(world) == {}


def test_the_usual_order_holds_where_a_client_names_nobody(world: World):
    answer = named(world, None, DOWN)
    assert answer.status_code == 503
    said = answer.headers["x-ai-backends"].split()
    assert [name.partition(":")[0] for name in said] == ["gemini", "bedrock", "anthropic"]


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
