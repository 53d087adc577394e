"""Changes of gateway.yaml by the management API."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from extproc.admin.application import application
from extproc.admin.editing import Editor, edited
from extproc.admin.guard import LONGEST_BODY, Guard
from extproc.admin.writing import Refusal, Writing
from extproc.config import load
from tests.extproc.admin.test_application import BEARER, KEY, Clock
from tests.extproc.transport.certificates import Authority

TEXT = """\
# What the team of search uses.
version: 1
backends:
  own: {provider: openai, credential: {api_key: env:OPENAI_KEY}}  # the first one
  spare:
    provider: "vllm"   # quoted by somebody
    base_url: http://127.0.0.1:9

    # Not before Monday.
    credential: none
routes:
  - models: [m]
    backends:
      - {backend: own}
# The end.
"""


KINDS_OF_FILES = ("file_upload", "file_list", "file_retrieve", "file_delete", "file_content")


class World:
    def __init__(self, directory: Path) -> None:
        self.file = directory / "gateway.yaml"
        self.file.write_text(TEXT)
        self.file.chmod(0o640)
        self.history = directory / "gateway.history"
        writing = Writing(Editor(self.file, self.history, lambda: 5.0))
        guarded = Guard(application(lambda: load(self.file), writing), lambda: KEY, Clock())
        self.client = TestClient(guarded, headers=BEARER, raise_server_exceptions=False)

    def call(self, method: str, path: str, status: int = 200, **more):
        answer = self.client.request(method, f"/api{path}", **more)
        assert answer.status_code == status, answer.text
        return answer.json()

    def get(self, name: str) -> dict:
        return self.call("GET", f"/providers/{name}")

    def patch(self, name: str, status: int = 200, /, *, dry: bool = False, **change):
        lock = {"config_hash": self.get(name)["config_hash"]}
        path = f"/providers/{name}{'?dry_run=true' if dry else ''}"
        return self.call("PATCH", path, status, json={**lock, **change})

    def refused(self, name: str, /, **change) -> str:
        before = self.file.read_bytes()
        said = self.patch(name, 400, **change)["error"]["message"]
        assert self.file.read_bytes() == before
        return said


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_KEY", "sk-0123456789abcdefghij")
    return World(tmp_path)


def test_what_is_not_changed_stays_to_the_byte():
    assert edited(TEXT.encode(), lambda data: None).decode() == TEXT


def test_bodies_are_kept_from_now_on_and_no_longer(world):
    assert world.refused("spare", store_raw_request_response=True)  # nobody says where
    world.file.write_text(f"{TEXT}usage: {{store: 'sqlite:///u.db'}}\n")
    assert world.patch("spare", store_raw_request_response=True)["store_raw_request_response"]
    assert load(world.file).backends["spare"].store_raw
    world.patch("spare", store_raw_request_response=False)
    assert "store_raw" not in world.file.read_text()


def test_a_field_is_changed_and_all_comments_stay(world):
    said = world.patch("spare", description="for nights", network_config={"base_url": "http://x:1"})
    assert said["description"] == "for nights"
    assert said == world.get("spare")
    wanted = TEXT.replace("http://127.0.0.1:9", "http://x:1")
    text = world.file.read_text()
    assert "    description: for nights\n" in text
    assert text.replace("    description: for nights\n", "") == wanted
    assert world.file.stat().st_mode & 0o777 == 0o640


def test_every_field_that_can_be_changed_is_told_afterwards(world):
    change = {
        "description": "d",
        "network_config": {
            "base_url": "https://eu.example.com",
            "extra_headers": {"x-team": "search"},
            "default_request_timeout_in_seconds": 7,
            "insecure_skip_verify": True,
        },
        "concurrency_and_buffer_size": {"concurrency": 3, "buffer_size": 3},
        "custom_provider_config": {"request_path_overrides": {"chat_completion": "/v9/chat"}},
    }
    said = world.patch("own", **change)
    for part in ("network_config", "concurrency_and_buffer_size"):
        assert change[part].items() <= said[part].items()
    paths = said["custom_provider_config"]["request_path_overrides"]
    assert paths["chat_completion_stream"] == "/v9/chat"
    backend = load(world.file).backends["own"]
    assert (backend.max_in_flight, backend.timeouts.per_try) == (3, 7.0)
    back = {"concurrency_and_buffer_size": {"concurrency": 2**32 - 1, "buffer_size": 2**32 - 1}}
    world.patch("own", **back, description="")
    assert load(world.file).backends["own"].max_in_flight is None
    assert load(world.file).backends["own"].description is None


def test_a_proxy_is_put_before_a_provider_and_taken_away(world):
    def proxy():
        said = load(world.file).backends["own"].proxy
        return said and (said.url, said.username, said.password)

    told = world.patch("own", proxy_config={"url": "http://p:3128"})["proxy_config"]
    assert told == {"url": "http://p:3128", "username": "", "password": "", "ca_cert_pem": ""}
    assert "proxy: http://p:3128" in world.file.read_text()
    who = {"username": "ann", "password": "env.OPENAI_KEY"}
    told = world.patch("own", proxy_config=who)["proxy_config"]
    assert (told["username"], told["password"]) == ("ann", "")
    assert proxy() == ("http://p:3128", "ann", "env:OPENAI_KEY")
    assert world.call("PUT", "/providers/own", json=world.get("own"))["proxy_config"] == told
    assert proxy() == ("http://p:3128", "ann", "env:OPENAI_KEY")
    world.patch("own", proxy_config={"url": ""})
    assert proxy() is None


def test_how_often_it_is_asked_again_is_said_for_routes_that_do_not(world):
    waits = {"retry_backoff_initial": 700, "retry_backoff_max": 9_000}
    told = world.patch("own", network_config={"max_retries": 4, **waits})["network_config"]
    assert {"max_retries": 4, **waits}.items() <= told.items()
    (route,) = load(world.file).routes
    assert (route.attempts, route.retry.backoff, route.retry.max_backoff) == (
        5,
        pytest.approx(0.7),
        9,
    )
    text = world.file.read_text()
    world.file.write_text(text.replace("models: [m]", "models: [m]\n    retry: {attempts: 3}"))
    assert world.get("own")["network_config"]["max_retries"] == 2
    said = world.refused("own", network_config={"max_retries": 1})
    assert said.startswith("network_config.max_retries: a route says it")
    world.patch("own", network_config={"retry_backoff_max": 8_000})


def test_a_failover_is_no_matter_of_one_backend(world):
    text = world.file.read_text().replace("{backend: own}", "{backend: own}\n{backend: spare}")
    text = text.replace("\n{backend: spare}", "\n      - {backend: spare, priority: 1}")
    world.file.write_text(text)
    assert "priorities" in world.refused("own", network_config={"max_retries": 0})
    assert world.patch("own", network_config={"max_retries": 2})
    assert world.get("spare")["network_config"]["max_retries"] == 2


def test_a_new_backend_keeps_what_it_said_of_retries(world):
    made = {"name": "n", "custom_provider_config": {"base_provider_type": "vllm"}}
    made["network_config"] = {"base_url": "http://127.0.0.1:8000", "max_retries": 0}
    assert world.call("POST", "/providers", json=made)["network_config"]["max_retries"] == 0
    world.file.write_text(world.file.read_text().replace("{backend: own}", "{backend: n}"))
    (route,) = load(world.file).routes
    assert route.attempts == 1


def test_authorities_stand_in_the_file_and_take_the_place_of_one(world, tmp_path):
    Authority(tmp_path)
    pem = (tmp_path / "ca.pem").read_text()
    told = world.patch("spare", network_config={"ca_cert_pem": pem})
    assert told["network_config"]["ca_cert_pem"] == pem
    assert "      ca_pem: |\n        -----BEGIN CERTIFICATE-----\n" in world.file.read_text()
    proxy = {"url": "https://p:1", "ca_cert_pem": pem.replace("\n", "\r\n")}
    assert world.patch("own", proxy_config=proxy)["proxy_config"]["ca_cert_pem"] == pem
    assert load(world.file).backends["spare"].tls.ca_pem == pem
    assert load(world.file).backends["own"].proxy.ca_pem == pem
    world.patch("own", proxy_config={"ca_cert_pem": ""})
    assert "proxy: https://p:1" in world.file.read_text()
    world.patch("spare", network_config={"ca_cert_pem": ""})
    assert "tls" not in world.file.read_text()


def test_a_file_of_authorities_stays_until_others_are_said(world, tmp_path):
    Authority(tmp_path)
    pem = (tmp_path / "ca.pem").read_text()
    named = f"credential: none\n    tls: {{ca: {tmp_path}/ca.pem}}"
    world.file.write_text(world.file.read_text().replace("credential: none", named))
    assert world.get("spare")["network_config"]["ca_cert_pem"] == pem
    world.patch("spare", description="d")
    assert load(world.file).backends["spare"].tls.ca == f"{tmp_path}/ca.pem"
    world.patch("spare", network_config={"ca_cert_pem": pem * 2})
    assert load(world.file).backends["spare"].tls.ca is None


def test_private_networks_are_shut_and_opened(world):
    told = world.patch("own", network_config={"allow_private_network": False})
    assert told["network_config"]["allow_private_network"] is False
    for url in ("http://10.0.0.1", "http://169.254.169.254", "http://[::1]:9", "http://redis"):
        assert "private" in world.refused("own", network_config={"base_url": url})
    assert "private" in world.refused("own", proxy_config={"url": "http://127.0.0.1:3128"})
    inside = {"allow_private_network": True, "base_url": "http://10.0.0.1"}
    world.patch("own", network_config=inside)
    assert "private_network" not in world.file.read_text()


def allowing(world, **kinds):
    said = world.patch("own", custom_provider_config={"allowed_requests": kinds})
    return said["custom_provider_config"]["allowed_requests"]


def test_requests_are_allowed_by_their_operations(world):
    everything = world.get("own")["custom_provider_config"]["allowed_requests"]
    off = dict.fromkeys(("speech", "speech_stream", "batch_results", *KINDS_OF_FILES), False)
    assert allowing(world, **off) == {**everything, **off}
    operations = load(world.file).backends["own"].operations
    assert "chat" in operations
    assert not {"speech", "files", "realtime_direct"} & {*operations}
    assert allowing(world, **dict.fromkeys(off, True)) == everything
    assert "operations" not in world.file.read_text()


@pytest.mark.parametrize("name", ["send_back_raw_request", "send_back_raw_response"])
def test_what_is_sent_back_is_switched_on_and_off(world, name):
    assert world.get("own")[name] is False
    assert world.patch("own", **{name: True})[name] is True
    assert getattr(load(world.file).backends["own"], name) is True
    world.patch("own", **{name: False})
    assert name not in world.file.read_text()


def test_what_get_answers_can_be_put_back_whole(world):
    view = world.get("spare")
    assert world.call("PUT", "/providers/spare", json=view) == view
    assert world.file.read_text() == TEXT
    assert not world.history.exists()
    lacking = {name: value for name, value in view.items() if name != "network_config"}
    said = world.call("PUT", "/providers/spare", 400, json=lacking)
    assert "network_config" in said["error"]["message"]


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (
            {"network_config": {"allow_private_network": False, "base_url": "http://10.0.0.1"}},
            "private",
        ),
        ({"network_config": {"ca_cert_pem": "x"}}, "tls.ca_pem"),
        ({"network_config": {"retry_backoff_initial": 0}}, "retry.backoff"),
        ({"network_config": {"retry_backoff_initial": 900}}, "max_backoff"),
        ({"network_config": {"max_retries": -1}}, "retry.attempts"),
        ({"proxy_config": {"url": "ftp://p"}}, "proxy: must begin"),
        ({"proxy_config": {"url": "http://p", "username": "ann"}}, "password"),
        ({"proxy_config": {"url": "http://p", "password": "open sesame"}}, "password"),
        ({"proxy_config": {"url": "https://p", "ca_cert_pem": "x"}}, "proxy.ca_pem"),
        ({"network_config": {"max_retries": 10}}, "retry.attempts"),
        ({"custom_provider_config": {"allowed_requests": {"list_models": False}}}, "list_models"),
        ({"custom_provider_config": {"allowed_requests": {"responses": False}}}, "chat_completion"),
        ({"custom_provider_config": {"allowed_requests": {"batch_list": False}}}, "batch_create"),
        ({"network_config": {"max_retries": "9"}}, "network_config.max_retries"),
        ({"nothing": 1}, "nothing"),
        ({"name": "other"}, "name"),
        ({"keys": [{"value": "sk-0123456789abcdefghij"}]}, "keys"),
        ({"network_config": {"base_url": "ftp://x"}}, "base_url"),
        ({"network_config": {"base_url": None}}, "base_url"),
        ({"concurrency_and_buffer_size": {"concurrency": 1, "buffer_size": 2}}, "one bound"),
        ({"custom_provider_config": {"base_provider_type": "opnai"}}, "openai"),
        ({"custom_provider_config": {"request_path_overrides": {"x": "/y"}}}, "no path"),
        ({"network_config": {"default_request_timeout_in_seconds": 0}}, "per_try"),
    ],
)
def test_what_cannot_be_said_there_is_refused_by_name(world, change, names):
    said = world.refused("own", **change)
    assert names in said
    assert "sk-0123" not in said


def test_who_has_not_seen_the_last_version_changes_nothing(world):
    old = world.get("own")["config_hash"]
    world.patch("own", description="by somebody else")
    change = {"description": "late"}
    world.call("PATCH", "/providers/own", 428, json=change)
    world.call("PATCH", "/providers/own", 409, json={**change, "config_hash": old})
    world.call("DELETE", f"/providers/spare?config_hash={old}", 409)
    world.call("DELETE", "/providers/spare", 428)
    assert "late" not in world.file.read_text()


class Slow(Editor):
    """Somebody else is always a little faster."""

    meanwhile: Callable[[], object] | None = None

    def change(self, *said, **more):
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        return super().change(*said, **more)


@pytest.mark.parametrize("act", ["update", "delete", "create"])
def test_what_was_seen_is_what_is_changed(world, act):
    editor = Slow(world.file, world.history)
    writing = Writing(editor)
    lock = world.get("spare")["config_hash"]
    own = {"custom_provider_config": {"base_provider_type": "vllm"}}
    own["network_config"] = {"base_url": "http://127.0.0.1:1"}
    fresh = {"name": "n", **own}
    acts = {
        "update": lambda text: writing.update(
            "spare", {"config_hash": lock, "description": text}, whole=False, dry=False
        ),
        "delete": lambda text: writing.delete("spare", lock, dry=False),
        "create": lambda text: writing.create({**fresh, "description": text}, dry=False),
    }
    first = acts["create" if act == "create" else "update"]
    editor.meanwhile = lambda: first("first")
    with pytest.raises(Refusal) as caught:
        acts[act]("second")
    assert caught.value.status == 409
    name = "n" if act == "create" else "spare"
    assert load(world.file).backends[name].description == "first"


def test_a_dry_run_says_what_would_be_and_changes_nothing(world):
    assert world.patch("own", dry=True, description="d")["description"] == "d"
    assert world.file.read_text() == TEXT
    assert sorted(one.name for one in world.file.parent.iterdir()) == ["gateway.yaml"]


def test_a_backend_is_made_and_goes(world):
    made = {
        "name": "claude",
        "custom_provider_config": {"base_provider_type": "anthropic"},
        "keys": [{"value": "env.CLAUDE_KEY"}, {"value": "file:/run/claude"}],
        "description": "new",
    }
    assert world.call("POST", "/providers", json=made)["name"] == "claude"
    backend = load(world.file).backends["claude"]
    assert [str(key.ref) for key in backend.credential.api_key] == [
        "env:CLAUDE_KEY",
        "file:/run/claude",
    ]
    world.call("POST", "/providers", 409, json=made)
    lock = world.get("claude")["config_hash"]
    gone = world.call("DELETE", f"/providers/claude?config_hash={lock}")
    assert gone["provider_status"] == "deleted"
    assert world.file.read_text() == TEXT
    world.call("GET", "/providers/claude", 404)


def test_a_server_of_ones_own_is_made_without_a_key(world):
    made = {
        "name": "local",
        "custom_provider_config": {"base_provider_type": "vllm"},
        "network_config": {"base_url": "http://127.0.0.1:8000"},
    }
    said = world.call("POST", "/providers", json=made)
    assert said["custom_provider_config"]["is_key_less"] is True
    world.call("POST", "/providers", 400, json={"name": "a b"})
    world.call("POST", "/providers", 400, json={"name": "nobody"})


def test_a_backend_that_a_route_needs_stays(world):
    lock = world.get("own")["config_hash"]
    said = world.call("DELETE", f"/providers/own?config_hash={lock}", 400)
    assert "there is no such backend" in said["error"]["message"]
    assert world.file.read_text() == TEXT


def test_changes_are_written_down_and_taken_back_one_after_the_other(world):
    world.patch("own", description="one")
    world.patch("own", description="two")
    changes = world.call("GET", "/history")["changes"]
    assert [(one["number"], one["act"], one["fields"]) for one in changes] == [
        (2, "update", ["description"]),
        (1, "update", ["description"]),
    ]
    world.call("POST", "/history/undo?dry_run=true")
    assert world.get("own")["description"] == "two"
    world.call("POST", "/history/undo")
    assert world.get("own")["description"] == "one"
    assert world.call("GET", "/history")["changes"][0]["of"] == 2
    assert world.history.stat().st_mode & 0o777 == 0o700


def test_what_a_person_has_changed_since_is_not_taken_back(world):
    world.call("POST", "/history/undo", 409)
    world.patch("own", description="one")
    world.file.write_text(world.file.read_text() + "# by hand\n")
    world.call("POST", "/history/undo", 409)
    assert world.file.read_text().endswith("# by hand\n")


def test_a_file_that_is_broken_or_gone_is_said(world):
    lock = world.get("own")["config_hash"]
    world.file.write_text("version: [")
    change = {"json": {"config_hash": lock, "description": "d"}}
    world.call("PATCH", "/providers/own", 400, **change)
    world.file.unlink()
    world.call("PATCH", "/providers/own", 400, **change)
    assert not world.file.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"x"', 400),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, 400),
        (b" " * (LONGEST_BODY + 1), 413),
    ],
)
def test_hostile_bodies_are_refused(world, body, status):
    headers = {"content-type": "application/json"}
    world.call("PATCH", "/providers/own", status, content=body, headers=headers)


def test_without_the_setting_nothing_can_be_changed(world):
    guarded = Guard(application(lambda: load(world.file)), lambda: KEY, Clock())
    with TestClient(guarded, headers=BEARER) as client:
        for method, path in (("POST", "providers"), ("PATCH", "providers/own")):
            assert client.request(method, f"/api/{path}", json={}).status_code == 405
        assert client.get("/api/history").status_code == 404


def test_lists_stay_indented_as_they_are():
    flat = "a:\n- b\n- c: 1\n  d:\n  - e\n"
    deep = "a:\n  - b\n  - c: 1\n    d:\n      - e\n"
    for text in (flat, deep):
        assert edited(text.encode(), lambda data: None).decode() == text
