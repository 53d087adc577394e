"""What the page asks of the management API."""

import time
from itertools import count

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from extproc.admin import looking
from extproc.admin.application import OPENAPI, application
from extproc.admin.budgets import Budgets
from extproc.admin.configuring import FAR, LINES, Configuring, compared
from extproc.admin.editing import Editor
from extproc.admin.guard import LONGEST_FILE, Guard
from extproc.admin.looking import Looking
from extproc.admin.trying import TRIED, Trying
from extproc.admin.views import Views
from extproc.admin.writing import Writing
from extproc.config import load
from extproc.lab.local import free_port
from extproc.usage.record import Record
from extproc.usage.store import Store
from tests.extproc.admin.test_application import BEARER, KEY

TEXT = """\
# Who serves what.
version: 1
backends:
  own: {provider: openai, credential: {api_key: env:OPENAI_KEY}}
  idle: {provider: vllm, base_url: "http://127.0.0.1:9", credential: none}
routes:
  - models: [small, "gpt-4*"]
    backends: [{backend: own, model: gpt-4o-mini}]
    price: {input: 2, output: 10}
limits:
  - {per: model, tokens: 100, every: day}
  - {per: "header:x-team", cost_usd: 5, every: month}
usage: {store: "sqlite:///usage.db"}
"""
NOW = 1_700_000_010.0


class World:
    def __init__(self, directory, *, write: bool = True, text: str = TEXT) -> None:
        self.directory = directory
        self.file = directory / "gateway.yaml"
        # Nothing listens at either: neither Envoy's nor the limiter's.
        self.file.write_text(
            f"{text}envoy: {{admin_port: {free_port()}}}\n"
            f"listen: {{address: 127.0.0.1, port: {free_port()}}}\n"
            f'extproc: {{sockets: "{directory}"}}\n'
        )
        editor = Editor(self.file, directory / "history") if write else None
        gateway = lambda: load(self.file)  # noqa: E731
        views = Views(
            looking=Looking(gateway, self.file, write=write, environment={}, clock=lambda: NOW),
            budgets=Budgets(gateway, self.file, lambda: NOW),
            configuring=Configuring(self.file, editor),
            trying=Trying(gateway),
        )
        writing = Writing(editor) if editor else None
        guarded = Guard(application(gateway, writing, views), lambda: KEY, count().__next__)
        self.client = TestClient(guarded, headers=BEARER, raise_server_exceptions=False)

    def ask(self, path: str, status: int = 200, method: str = "GET", **more):
        answer = self.client.request(method, f"/api/{path}", **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, body: dict, status: int = 200):
        return self.ask(path, status, "POST", json=body)

    def store(self, *records: Record) -> None:
        store = Store(f"sqlite:///{self.directory}/usage.db")
        store.write(records)
        store.close()


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    """One that is only looked at."""
    return World(tmp_path_factory.mktemp("w"))


def attempt(number: int, at: float, **more) -> Record:
    """One that was answered, unless it is said otherwise."""
    told = {
        "client": "dora",
        "backend": "own",
        "request_model": "small",
        "status": 200,
        "duration_ms": 50.0,
        "input_tokens": 10,
        "output_tokens": 5,
        "total_tokens": 15,
        "cost_nanousd": 70_000,
        **more,
    }
    return Record(id=f"r{number}", at=at, **told)


FAILED = {"status": 503, "error_type": "unavailable", "cost_nanousd": 0}


@pytest.fixture
def used(world):
    world.store(
        attempt(1, NOW - 3),
        attempt(2, NOW - 65, request_id="x", **FAILED),
        attempt(3, NOW - 64, request_id="x", client="max"),
        attempt(4, NOW - 7_200),
        attempt(5, NOW - 90 * 86_400),
    )
    return world


def test_traffic_is_told_minute_by_minute(used):
    said = used.ask("traffic?minutes=60")
    assert said["now"] == NOW
    first, second = said["minutes"]
    assert (first["at"], second["at"]) == (NOW - 90, NOW - 30)
    assert (first["requests"], first["attempts"], first["failed"]) == (1, 2, 1)
    assert (second["input_tokens"], second["output_tokens"]) == (10, 5)
    assert second["cost_usd"] == 0.00007
    assert used.ask("traffic?minutes=1")["minutes"] == [second]


def test_what_was_spent_is_summed_up_by_what_one_likes(used):
    said = used.ask("spend?by=client,model&days=7")
    groups = {tuple(row["group"].values()): row for row in said["rows"]}
    assert {*groups} == {("dora", "small"), ("max", "small")}
    assert groups["dora", "small"]["attempts"] == 3
    days = [row["group"]["day"] for row in used.ask("spend?by=day&days=100")["rows"]]
    assert days == ["2023-08-16", "2023-11-14"]


@pytest.mark.parametrize("by", ["nothing", "client,client", "", "at;drop"])
def test_groups_that_are_none_are_refused(calm, by):
    assert "client" in calm.ask(f"spend?by={by}", 400)["error"]["message"]


def test_failures_are_told_with_their_reason(used):
    (one,) = used.ask("errors")["errors"]
    assert (one["backend"], one["status"], one["failure"]) == ("own", 503, "unavailable")
    assert used.ask("errors?hours=1&most=1")["errors"] == [one]
    assert used.ask("errors?most=501", 400)


def test_without_records_it_is_said_why(tmp_path, world):
    assert world.ask("traffic") == {"now": NOW, "minutes": [], "problem": ""}
    (tmp_path / "usage.db").write_bytes(b"no database at all" * 100)
    assert "usage.store" in world.ask("errors")["problem"]
    lines = [line for line in world.file.read_text().split("\n") if not line.startswith("usage")]
    world.file.write_text("\n".join(lines))
    for path in ("traffic", "errors", "spend"):
        assert "usage: {store" in world.ask(path)["problem"]


def test_a_backend_is_told_with_what_it_lacks_and_what_failed(used):
    said = used.ask("backends")
    assert said["envoy"] == {"heard": False, "requests": 0, "active": 0, "refused": 0}
    own, idle = said["backends"]
    assert own["status"] == "lacking"
    assert "OPENAI_KEY" in own["problem"]
    assert own["models"] == ["small", "gpt-4*"]
    assert (own["attempts"], own["failed"]) == (3, 1)
    assert own["last_error"]["failure"] == "unavailable"
    assert (idle["status"], idle["last_error"]) == ("unused", None)


def test_a_backend_that_gets_copies_is_used(tmp_path):
    text = TEXT.replace("    price:", "    shadow: {backend: idle}\n    price:")
    (_, idle) = World(tmp_path, text=text).ask("backends")["backends"]
    assert (idle["status"], idle["models"]) == ("unknown", ["small", "gpt-4*"])


def test_routes_are_told_as_they_are(calm):
    said = calm.ask("routes")
    assert said["names"] == ["small"]
    (route,) = said["routes"]
    assert route["backends"] == [
        {"backend": "own", "model": "gpt-4o-mini", "weight": 1, "priority": 0}
    ]
    assert route["price"] == {"input": 2, "output": 10}


def test_limits_are_told_though_the_limiter_says_nothing(calm):
    day, month = calm.ask("limits")["limits"]
    assert day["left"] == [{"whom": {"model": "small"}, "left": None}]
    assert day["resets_in"] == 86_400 - int(NOW) % 86_400
    assert (month["left"], month["open"]) == ([], ["header:x-team"])
    _, month = calm.ask("limits?of=red")["limits"]
    assert month["left"] == [{"whom": {"header:x-team": "red"}, "left": None}]


def test_the_status_says_what_there_is(calm):
    said = calm.ask("status")
    assert (said["backends"], said["routes"], said["write"], said["clients"]) == (2, 1, True, False)
    assert said["listener"].startswith("http://127.0.0.1:")


def test_whoever_needs_a_key_or_an_address_alone_can_be_the_first(calm):
    found = {one["name"]: one for one in calm.ask("makers")["providers"]}
    assert (found["openai"]["variable"], found["openai"]["base_url"]) == ("OPENAI_API_KEY", False)
    assert found["vllm"]["base_url"]
    assert not {"bedrock", "vertex", "azure"} & {*found}


def put(world, text: str, status: int = 200, *, dry: bool = True) -> dict:
    body = {"text": text, "version": world.ask("configuration")["version"]}
    return world.post(f"configuration?dry_run={str(dry).lower()}", body, status)


def test_a_dry_run_tells_what_changes_in_envoy_and_changes_nothing(world):
    before = world.file.read_text()
    said = put(world, before.replace("[small,", "[small, tiny,"))
    assert (said["saved"], said["flaws"]) == (False, [])
    assert any(line.startswith("+") and "tiny" in line for line in said["diff"])
    assert any("OPENAI_KEY" in one for one in said["lacking"])
    assert world.file.read_text() == before
    assert put(world, before)["diff"] == []


def test_what_the_gateway_would_not_take_is_told_with_its_line(world):
    before = world.file.read_text()
    said = put(world, before.replace("backend: own", "backend: other"), dry=False)
    assert not said["saved"]
    (flaw,) = said["flaws"]
    assert (flaw["line"], flaw["key"]) == (8, "routes[0].backends[0].backend")
    assert "own" in flaw["message"]
    assert put(world, "backends: [")["flaws"]
    assert world.file.read_text() == before


def test_a_configuration_is_saved_and_taken_back(world):
    before = world.file.read_text()
    after = before.replace("# Who serves what.", "# Who serves.")
    assert put(world, after, dry=False)["saved"]
    assert world.file.read_text() == after
    (change,) = world.ask("configuration")["history"]
    assert change["act"] == "replace"
    world.post("history/undo", {})
    assert world.file.read_text() == before


def test_nobody_overwrites_what_another_has_saved_meanwhile(world):
    said = world.post("configuration", {"text": TEXT, "version": "another"}, 409)
    assert "read it again" in said["error"]["message"]


def test_a_route_is_added_behind_all_others(world):
    route = {"models": ["tiny"], "backends": [{"backend": "idle"}]}
    assert world.post("routes?dry_run=true", route)["names"] == ["small", "tiny"]
    assert world.ask("routes")["names"] == ["small"]
    world.post("routes", route)
    assert world.ask("routes")["names"] == ["small", "tiny"]
    assert world.file.read_text().startswith("# Who serves what.\n")
    route["backends"] = [{"backend": "nobody"}]
    assert "nobody" not in world.file.read_text()
    assert "backend" in world.post("routes", route, 400)["error"]["message"]


@pytest.mark.parametrize("text", [TEXT.partition("routes:")[0], "version: 1\nroutes: []\n"])
def test_the_first_route_is_one_too(tmp_path, text):
    world = World(tmp_path, text=text)
    body = {"name": "new", "custom_provider_config": {"base_provider_type": "vllm"}}
    body["network_config"] = {"base_url": "http://127.0.0.1:9"}
    world.post("providers", body)
    world.post("routes", {"models": ["m"], "backends": [{"backend": "new"}]})
    assert world.ask("routes")["names"] == ["m"]


def test_who_may_not_write_reads_without_what_may_be_secret(tmp_path):
    secret = "sk-abcdefghijklmnop1234567890"
    world = World(tmp_path, write=False, text=f"# {secret}\n{TEXT}")
    said = world.ask("configuration")
    assert not said["write"]
    assert secret not in said["text"]
    assert "backends:" in said["text"]
    for path in ("configuration", "routes"):
        assert world.ask(path, 405, "POST", json={})


def test_a_file_is_bounded(calm):
    said = calm.ask(
        "configuration",
        413,
        "POST",
        content=b"x",
        headers={"content-length": str(LONGEST_FILE + 1)},
    )
    assert str(LONGEST_FILE) in said["error"]["message"]


def test_a_difference_is_bounded():
    much = [str(n) for n in range(FAR + 1)]
    assert compared(much, much) == [f"{FAR + 1} lines before, {FAR + 1} after: the same"]
    began = time.monotonic()
    assert len(compared(["a"] * 4_000, ["b"] * 4_000)) == LINES + 1
    assert time.monotonic() - began < 20


def test_a_difference_says_where_it_is():
    before = ["a:", "  - name: x", "    # nothing", "    b:", "      c: 1", "      d: 1", "e: 1"]
    after = [*before[:5], "      d: 2", before[6]]
    assert compared(before, after)[2:3] == ["@@ -4,4 +4,4 @@ a > name: x > b"]


@pytest.mark.parametrize("dialect", sorted(TRIED))
@pytest.mark.parametrize("stream", [True, False])
def test_a_request_can_be_drafted_in_every_format(calm, dialect, stream):
    trial = {"dialect": dialect, "model": "a/b c", "prompt": "hello there", "stream": stream}
    said = calm.post("trials/draft", trial)
    assert "hello there" in str(said["body"])
    assert said["path"].startswith("/")
    assert " " not in said["path"]
    assert "a/b c" in str(said["body"]) or "a%2Fb%20c" in said["path"]
    assert TRIED[dialect].parse_request(said["body"], "a/b c", stream).messages


@pytest.mark.parametrize(
    "change",
    [{"dialect": "openai.embeddings"}, {"stream": "maybe"}, {"max_tokens": 0}, {"other": 1}],
)
def test_what_is_no_trial_is_refused(calm, change):
    calm.post("trials", {"dialect": "openai.chat", "model": "m", **change}, 400)


def test_a_key_that_is_none_is_refused_and_told_to_nobody(calm):
    trial = {"dialect": "openai.chat", "model": "m", "key": "a\r\nx-other: 1"}
    assert "x-other" not in str(calm.post("trials", trial, 400))
    assert "64 bits" in str(calm.post("trials", {**trial, "key": "", "body": {"n": 2**70}}, 400))


def test_a_gateway_that_does_not_answer_is_said(calm):
    trial = {"dialect": "openai.chat", "model": "small", "prompt": "hi"}
    lines = calm.client.post("/api/trials", json=trial).text.splitlines()
    assert "127.0.0.1" in lines[0]
    assert "problem" in lines[0]
    assert "seconds" in lines[-1]


def test_all_of_it_is_in_the_document(calm):
    document = calm.ask(OPENAPI.removeprefix("/api/"))
    for path in ("status", "backends", "routes", "limits", "makers", "traffic", "errors"):
        answers = document["paths"][f"/api/{path}"]["get"]["responses"]
        schema = answers["200"]["content"]["application/json"]["schema"]
        whole = {**schema, "components": document["components"]}
        Draft202012Validator(whole).validate(calm.ask(path))


def test_a_dear_question_is_not_asked_for_each_look(used, monkeypatch):
    monkeypatch.setattr(looking, "DEAR", 0.0)
    monkeypatch.setattr(looking, "SHARE", 1_000_000)
    before = used.ask("traffic")
    used.store(attempt(6, NOW - 2))
    assert used.ask("traffic") == before
    assert used.ask("traffic?minutes=59") != before
