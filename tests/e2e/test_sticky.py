"""One conversation stays with one backend, whose prompt cache knows it, for as long as it lives."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from extproc.lab.local import Local
from extproc.lab.simulator import RunningSimulator
from tests.e2e.clients.backends import ENV
from tests.e2e.conftest import TRANSPORTS
from tests.e2e.listener import needs_balance

pytestmark = needs_balance

NAMES = ("a", "b", "c")
TALKS, TURNS = 24, 4
SYSTEM = "You are a careful assistant. " * 40
KEYS = {
    "conversation": {"policy": "hash"},
    "session": {"policy": "hash", "hash_on": [{"header": "X-Session"}, {"body": "user"}]},
    "scattered": {"policy": "random"},
}


class World:
    """A gateway before three backends that keep prompts."""

    def __init__(self, local: Local, sims: dict[str, RunningSimulator]) -> None:
        self.local = local
        self.sims = sims
        self.http = httpx.Client(base_url=local.url, timeout=30)

    def ask(self, route: str, messages: list[dict], **more) -> dict:
        headers = {"user-agent": more.pop("agent", "test"), **more.pop("headers", {})}
        body = {"model": route, "messages": messages, **more}
        answer = self.http.post("/v1/chat/completions", json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def records(self, agent: str, count: int) -> list[dict]:
        """What the access log says of the requests of this `agent`."""
        found: list[dict] = []

        def all_there() -> bool:
            found[:] = [one for one in self.local.records() if one["user_agent"] == agent]
            return len(found) >= count

        self.local.wait_for(all_there, f"{count} records of {agent}")
        return found


def route(model: str, balance: dict, *names: str) -> dict:
    return {"models": [model], "balance": balance, "backends": [{"backend": n} for n in names]}


def config(sims: dict[str, RunningSimulator], transport: str) -> dict:
    backends = {
        name: {"provider": "vllm", "base_url": sim.url, "credential": "none", "family": "gpt-5.1"}
        for name, sim in sims.items()
    }
    spare = route("spare", {"policy": "hash"}, *NAMES)
    spare["retry"] = {"attempts": 3, "on": ["5xx"]}
    ordered = route("ordered", {"policy": "hash"}, *NAMES)
    for number, entry in enumerate(ordered["backends"]):
        entry["priority"] = int(number > 0)
    routes = [route(model, balance, *NAMES) for model, balance in KEYS.items()]
    return {
        "backends": backends,
        "routes": [*routes, spare, ordered],
        "extproc": {"transport": transport},
    }


@pytest.fixture(scope="module", params=TRANSPORTS)
def world(request) -> Iterator[World]:
    with ExitStack() as stack:
        sims = {
            name: stack.enter_context(RunningSimulator(name=name, prompt_cache=True))
            for name in NAMES
        }
        # One of them asks the server for its configuration.
        static = request.param == "lean"
        local = stack.enter_context(Local(config(sims, request.param), ENV, static=static))
        world = World(local, sims)
        yield world
        world.http.close()


def talk(world: World, route: str, topic: str, agent: str) -> None:
    """A conversation of a few turns, each of which says again all that was said before."""
    messages = [{"role": "system", "content": SYSTEM}]
    for turn in range(TURNS):
        messages.append({"role": "user", "content": f"{topic}, question {turn}"})
        answer = world.ask(route, messages, agent=agent)
        said = answer["choices"][0]["message"]["content"]
        messages.append({"role": "assistant", "content": said})


def cached_share(records: list[dict]) -> float:
    return sum(r["cache_read_tokens"] for r in records) / sum(r["input_tokens"] for r in records)


def test_a_conversation_finds_its_prompt_in_the_cache(world: World):
    for number in range(TALKS):
        talk(world, "conversation", f"topic {number}", f"sticky/{number}")
    used = Counter()
    for number in range(TALKS):
        records = world.records(f"sticky/{number}", TURNS)
        (backend,) = {record["backend"] for record in records}
        used[backend] += 1
        assert all(record["cache_read_tokens"] for record in records[1:])
    assert set(used) == set(NAMES)


def test_without_a_key_most_of_it_is_read_anew(world: World):
    shares = {}
    for route in ("scattered", "conversation"):
        for number in range(8):
            talk(world, route, f"{route} {number}", f"share/{route}")
        shares[route] = cached_share(world.records(f"share/{route}", 8 * TURNS))
    assert shares["conversation"] > shares["scattered"]


def test_a_header_or_a_member_is_a_key_of_its_own(world: World):
    seen: dict[str, set[str]] = {}
    for number in range(30):
        for turn in range(3):
            said = [{"role": "user", "content": f"turn {turn} of {number}"}]
            session = {"X-Session": f"s{number}"}
            world.ask("session", said, agent=f"header/{number}", headers=session)
            world.ask("session", said, agent=f"body/{number}", user=f"u{number}")
    for kind in ("header", "body"):
        for number in range(30):
            records = world.records(f"{kind}/{number}", 3)
            (backend,) = {record["backend"] for record in records}
            seen.setdefault(kind, set()).add(backend)
    assert seen == {"header": set(NAMES), "body": set(NAMES)}


def test_what_has_no_key_goes_anywhere(world: World):
    for number in range(40):
        world.ask("session", [{"role": "user", "content": f"{number}"}], agent="keyless")
    assert {record["backend"] for record in world.records("keyless", 40)} == set(NAMES)


def test_another_backend_answers_where_the_usual_one_fails_and_always_the_same(world: World):
    said = [{"role": "user", "content": "where to?"}]
    world.ask("spare", said, agent="usual")
    (usual,) = {record["backend"] for record in world.records("usual", 1)}
    order = {"x-sim": f'{{"at": "{usual}", "status": 503}}'}
    for number in range(3):
        world.ask("spare", said, agent="spare", headers=order)
        records = world.records("spare", number + 1)
    assert {record["attempts"] for record in records} == {2}
    (other,) = {record["backend"] for record in records}
    assert other != usual
    world.ask("spare", said, agent="again")
    assert world.records("again", 1)[0]["backend"] == usual


def test_the_first_priority_is_asked_whatever_the_key(world: World):
    for number in range(10):
        world.ask("ordered", [{"role": "user", "content": f"{number}"}], agent="ordered")
    assert {record["backend"] for record in world.records("ordered", 10)} == {"a"}
