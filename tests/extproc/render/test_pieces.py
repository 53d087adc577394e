"""The gateway's parts, pasted into an Envoy of somebody else's."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from extproc.config.gateway import Gateway
from extproc.exchange.compile import limits
from extproc.render.parts import manager_of, parts
from extproc.render.pieces import piece
from extproc.render.placed import unheeded
from extproc.usage.logged import Reader
from tests.extproc.process.server import until
from tests.extproc.render import foreign
from tests.extproc.render.foreign import DOMAIN
from tests.extproc.render.support import Answer, Envoy, Provider, Server, backend, route, started

KEYS = {"someone": ["right"]}
HERE = {"host": DOMAIN, "x-api-key": "right"}


def gateway(directory: Path, **settings: Any) -> Gateway:
    return Gateway.model_validate(
        {
            "version": 1,
            "extproc": {"sockets": str(directory), "workers": 1},
            "envoy": {"access_log": None},
            **settings,
        }
    )


def pieces(gateway: Gateway, *kinds: str) -> Iterator[dict[str, Any]]:
    """Each as somebody reads it who pastes it."""
    bounds = limits(gateway)
    made = parts(gateway, client_keys=KEYS, limits=bounds)
    for kind in kinds:
        yield yaml.load(piece(kind, gateway, made, bounds, (DOMAIN,)), Loader=yaml.CSafeLoader)


def pasted(gateway: Gateway, document: dict[str, Any]) -> str:
    """The whole configuration."""
    kinds = ("clusters", "filter", "routes", "replies", "loopback", "refusals")
    clusters, filters, routes, replies, loopback, refusals = pieces(gateway, *kinds)
    resources, manager = document["static_resources"], foreign.manager(document)
    resources["clusters"] += clusters["clusters"]
    resources["listeners"] += loopback["listeners"]
    manager["http_filters"][-1:-1] = filters["http_filters"]
    manager["route_config"]["virtual_hosts"] += routes["virtual_hosts"]
    manager.update(replies)
    manager["access_log"] += refusals["access_log"]
    return yaml.safe_dump(document)


@pytest.fixture(scope="module")
def theirs() -> Iterator[Provider]:
    provider = Provider(body=b"from their server")
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def envoy(tmp_path_factory: pytest.TempPathFactory, theirs: Provider) -> Iterator[Envoy]:
    directory = tmp_path_factory.mktemp("guest")
    provider = Provider()
    server = Server()
    server.listen(directory / "worker-0.sock")
    server.listen(directory / "ratelimit.sock")  # It limits nobody: `on_error: allow`.
    settings = gateway(
        directory,
        backends={
            "one": backend(provider.port, operations=["chat", "files", "embeddings"]),
            "talks": backend(provider.port, provider="openai"),
        },
        routes=[
            route(["small", "match", "typed_per_filter_config"], "one"),
            route(["talk"], "talks"),
        ],
        limits=[{"per": "header:x-user-id", "tokens": 1000, "every": "minute"}],
        resources={"secret": "env:RESOURCES_SECRET"},
        usage={"store": "sqlite:///usage.db"},
        listen={"cors": {"origins": ["https://app.test"]}},
    )
    access_log = directory / "access.log"
    text = pasted(settings, foreign.bootstrap(theirs.port, str(access_log)))
    with started(text, directory) as (admin, port):
        yield Envoy(port, admin, access_log, server, text)
    server.stop()
    provider.stop()


def chat(envoy: Envoy, model: str, **headers: str) -> Answer:
    return envoy.request(
        "POST", "/v1/chat/completions", json.dumps({"model": model}), {**HERE, **headers}
    )


@pytest.mark.parametrize("model", ["small", "match", "typed_per_filter_config"])
def test_the_gateways_models_answer_whatever_they_are_called(envoy: Envoy, model: str) -> None:
    answer = chat(envoy, model)
    assert (answer.status, answer.json()) == (200, {"ok": True})
    assert envoy.server.asked[-1].call == ["body", "/v1/chat/completions", model]


def test_what_was_used_is_in_their_access_log(envoy: Envoy) -> None:
    assert chat(envoy, "small", **{"user-agent": "counts"}).status == 200
    assert envoy.logged("counts")["tokens"] == 29


def test_large_bodies_pass(envoy: Envoy) -> None:
    body = json.dumps({"model": "small", "messages": "x" * 5_000_000})
    assert envoy.request("POST", "/v1/chat/completions", body, HERE).status == 200


def test_the_list_of_models_answers(envoy: Envoy) -> None:
    answer = envoy.request("GET", "/v1/models", headers=HERE)
    assert (answer.status, answer.body) == (200, b'{"object":"list"}')


def test_what_is_kept_leads_to_its_backend(envoy: Envoy) -> None:
    before = len(envoy.server.asked)
    answer = envoy.request("POST", "/v1/batches", b"{}", {**HERE, "x-ai-backend": "talks"})
    assert (answer.status, answer.json()) == (200, {"ok": True})
    (asked,) = envoy.server.asked[before:]
    assert (asked.backend, asked.call[0]) == ("talks", "kept")


def test_clients_need_keys_and_are_told_so_in_their_form(envoy: Envoy) -> None:
    answer = chat(envoy, "small", **{"x-api-key": "wrong"})
    assert answer.status == 401
    assert answer.error["code"] == "invalid_api_key"
    claude = envoy.request("POST", "/v1/messages", b'{"model":"x"}', {"host": DOMAIN})
    assert claude.json()["type"] == "error"


def test_the_server_is_told_what_is_refused_to_the_gateways_clients_alone(envoy: Envoy) -> None:
    assert chat(envoy, "small").status == 200
    assert envoy.request("GET", "/private").status == 401
    assert chat(envoy, "nobody's", **{"user-agent": "tells"}).status == 404
    assert chat(envoy, "small", **{"x-api-key": "wrong"}).status == 401
    reader = Reader(lambda path: path)

    def told() -> set[tuple[str, str, int, str]]:
        kinds = [kind for message in [*envoy.server.logged] for kind in reader.kinds(message, 0)]
        return {(one.client, one.operation, one.status, one.reason) for one in kinds}

    path = "/v1/chat/completions"
    wanted = {("someone", path, 404, "cluster_not_found"), ("", path, 401, "unknown_api_key")}
    until(lambda: told() >= wanted, f"{wanted} among what is told")
    assert not {status for _, path, status, _ in told() if path == "/private" or status < 400}


def test_where_nothing_is_recorded_nobody_is_told(tmp_path: Path) -> None:
    settings = gateway(tmp_path, backends={"one": backend(9)}, routes=[route(["small"], "one")])
    assert [*pieces(settings, "refusals")] == [{"access_log": []}]


def test_an_unknown_model_is_refused_in_the_clients_form(envoy: Envoy) -> None:
    answer = chat(envoy, "nobody's")
    assert answer.status == 404
    assert answer.error["code"] == "model_not_found"


def test_pages_may_call_the_gateway(envoy: Envoy) -> None:
    asked = {"origin": "https://app.test", "access-control-request-method": "POST"}
    headers = {"host": DOMAIN, **asked}
    answer = envoy.request("OPTIONS", "/v1/chat/completions", headers=headers)
    assert answer.headers["access-control-allow-origin"] == "https://app.test"


@pytest.mark.parametrize("name", ["x-ai-cluster", "x-no-cluster"])
@pytest.mark.parametrize("cluster", ["ai/one", "theirs"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/chat/completions"),
        ("POST", "/nowhere"),
        ("GET", "/nowhere"),
        ("GET", "/v1/realtime"),
        ("GET", "/v1/realtime/nowhere"),
    ],
)
def test_no_client_chooses_a_cluster(
    envoy: Envoy, theirs: Provider, name: str, cluster: str, method: str, path: str
) -> None:
    before = len(envoy.server.asked), len(theirs.received)
    headers = {**HERE, name: cluster, "x-ai-session": "1", "x-ai-client": "else", "x-ai-call": "x"}
    upgrade = {"connection": "upgrade", "upgrade": "websocket"} if "realtime" in path else {}
    body = b'{"model":"unknown"}' if method == "POST" else None
    answer = envoy.request(method, path, body, {**headers, **upgrade})
    assert answer.status in (400, 403, 404)
    assert (len(envoy.server.asked), len(theirs.received)) == before


def test_their_routes_answer_as_before(envoy: Envoy, theirs: Provider) -> None:
    asked = len(envoy.server.asked)
    hello = envoy.request("GET", "/hello")
    assert (hello.status, hello.body) == (200, b"theirs\n")
    assert hello.headers["x-theirs"] == "lua"
    ours = {"x-ai-client": "stays", "x-ai-model": "small"}
    answer = envoy.request("POST", "/v1/chat/completions", b'{"model":"small"}', ours)
    assert (answer.status, answer.body) == (200, b"from their server")
    assert theirs.received[-1].headers.items() >= ours.items()
    assert len(envoy.server.asked) == asked


def test_their_own_answers_keep_their_form(envoy: Envoy) -> None:
    answer = envoy.request("GET", "/private/thing")
    assert (answer.status, answer.body) == (401, b"Jwt is missing")
    assert envoy.request("GET", "/private/thing", headers=HERE).body == b"Jwt is missing"


def test_a_listener_of_its_own_goes_beside_theirs(tmp_path: Path, theirs: Provider) -> None:
    provider, server = Provider(), Server()
    server.listen(tmp_path / "worker-0.sock")
    settings = gateway(
        tmp_path,
        backends={"one": backend(provider.port)},
        routes=[route(["small"], "one")],
        listen={"address": "127.0.0.1", "port": 0},
    )
    document = foreign.bootstrap(theirs.port, str(tmp_path / "access.log"))
    listener, clusters = pieces(settings, "listener", "clusters")
    document["static_resources"]["clusters"] += clusters["clusters"]
    document["static_resources"]["listeners"][:0] = listener["listeners"]
    with started(yaml.safe_dump(document), tmp_path) as (admin, port):
        envoy = Envoy(port, admin, tmp_path / "access.log", server, "")
        assert chat(envoy, "small").json() == {"ok": True}
    server.stop()
    provider.stop()


def test_filters_are_off_and_have_names_of_their_own(tmp_path: Path) -> None:
    settings = gateway(tmp_path, backends={"talks": backend(1, provider="openai")})
    (filters,) = pieces(settings, "filter")
    names = [one["name"] for one in filters["http_filters"]]
    assert {"ai.cleaned", "ai.api_key_auth", "ai.lua", "ai.sessions"} <= {*names}
    assert all(re.fullmatch(r"ai\.[a-z_]+(?:\.[a-z]+)?", name) for name in names)
    assert not any(".ai." in name for name in names)
    assert all(one["disabled"] for one in filters["http_filters"])


@pytest.mark.parametrize("kind", ["filter", "clusters", "routes", "placed"])
def test_a_part_says_what_it_is_for(tmp_path: Path, kind: str) -> None:
    settings = gateway(tmp_path, backends={"one": backend(1)}, routes=[route(["m"], "one")])
    text = piece(kind, settings, parts(settings))
    assert text.startswith("# ")
    assert text.count("# ") > 3


def test_each_backend_can_be_chosen_where_one_filter_is_all(tmp_path: Path) -> None:
    backends = {"one": backend(1), "two": backend(2)}
    shared = [{"backend": "one"}, {"backend": "two", "priority": 1}]
    settings = gateway(tmp_path, backends=backends, routes=[{"models": ["m"], "backends": shared}])
    (found,) = pieces(settings, "placed")
    names = [one["name"] for one in found["clusters"]]
    assert names == ["extproc", "ai/one", "ai/two"]
    options = [one["typed_extension_protocol_options"] for one in found["clusters"]]
    assert not any("http_filters" in one for each in options for one in each.values())
    filters = ["ai.cleaned", "ai.api_key_auth", "ai.ext_proc"]
    assert [one["name"] for one in found["http_filters"]] == filters
    assert all(one["disabled"] for one in found["http_filters"])
    (host,) = found["virtual_hosts"]
    health, *others = host["routes"]
    assert health["match"] == {"path": "/healthz"}
    assert "typed_per_filter_config" not in health
    for one in others:
        assert [*one["typed_per_filter_config"]] == filters
    mappers = found["local_reply_config"]["mappers"]
    assert all("'ai.gateway'" in str(one["filter"]) for one in mappers)


def test_a_url_that_proves_who_asks_needs_no_key_where_one_filter_chooses(tmp_path: Path) -> None:
    google = backend(1, provider="gemini")
    settings = gateway(
        tmp_path,
        backends={"one": google, "two": google},
        routes=[route(["m"], "one", "two")],
        resources={"secret": "env:IDS"},
    )
    (found,) = pieces(settings, "placed")
    (host,) = found["virtual_hosts"]
    signed = [one for one in host["routes"] if "query_parameters" in one["match"]]
    assert signed
    for one in signed:
        assert "ai.api_key_auth" not in one["typed_per_filter_config"]
        assert {"ai.cleaned", "ai.lua", "ai.ext_proc"} <= one["typed_per_filter_config"].keys()
        assert one["direct_response"] == {"status": 404}


def test_sessions_and_what_is_kept_are_found_where_one_filter_chooses(tmp_path: Path) -> None:
    backends = {"one": backend(1, provider="openai"), "two": backend(2)}
    settings = gateway(tmp_path, backends=backends, routes=[route(["m"], "one", "two")])
    (found,) = pieces(settings, "placed")
    filters = {one["name"]: one["typed_config"] for one in found["http_filters"]}
    others = ["ai.lua", "ai.ext_proc", "ai.sessions"]
    assert [*filters] == ["ai.cleaned", "ai.api_key_auth", *others]
    assert "local PLACED = true" in filters["ai.lua"]["default_source_code"]["inline_string"]
    names = [one["name"] for one in found["clusters"]]
    assert names == ["extproc", "ai/one", "ai/two", "ws/one"]
    asked = filters["ai.ext_proc"]["request_attributes"]
    assert not any("upstream_host" in one for one in asked)


def test_requests_of_the_server_s_own_come_in_by_a_listener_that_asks_it(tmp_path: Path) -> None:
    backends = {"one": backend(1, provider="voyage"), "two": backend(2)}
    limits = [{"per": "header:x-user-id", "tokens": 1000, "every": "minute"}]
    routes = [route(["m"], "one", "two")]
    settings = gateway(tmp_path, backends=backends, routes=routes, limits=limits)
    (found,) = pieces(settings, "placed")
    (listener,) = found["listeners"]
    assert listener["address"]["pipe"]["path"].endswith("/loopback.sock")
    manager = manager_of(listener)
    asked = [one["typed_config"]["@type"].rpartition(".")[2] for one in manager["http_filters"]]
    assert asked == ["Config"] * 3 + ["ExternalProcessor", "RateLimit", "Router"]
    (host,) = manager["route_config"]["virtual_hosts"]
    (only,) = host["routes"]
    assert only["route"]["cluster_header"] == "x-ai-cluster"
    (limited,) = only["typed_per_filter_config"].values()
    assert any(one.get("apply_on_stream_done") for one in limited["rate_limits"])
    alone = gateway(tmp_path, backends={"two": backend(2)}, routes=[route(["m"], "two")])
    assert "listeners" not in next(pieces(alone, "placed"))


def test_what_nobody_heeds_there_is_told(tmp_path: Path) -> None:
    backends = {"one": backend(1), "two": backend(2)}
    several = {**route(["m"], "one", "two"), "retry": {"attempts": 2}}
    several |= {"balance": {"policy": "least_request"}, "shadow": {"backend": "two"}}
    several |= {"timeouts": {"request": "5s"}}
    settings = gateway(
        tmp_path,
        backends=backends,
        routes=[route(["usual"], "one"), several],
        limits=[{"per": "header:x-user-id", "tokens": 1000, "every": "minute"}],
        listen={"prefix": "/ai"},
        clients={"api_keys": {"file": "clients.yaml"}},
    )
    told = [one.partition(":")[0] for one in unheeded(settings)]
    assert told == [
        *("routes[1].balance", "routes[1].timeouts", "routes[1].retry", "routes[1].shadow"),
        "listen.prefix",
    ]
