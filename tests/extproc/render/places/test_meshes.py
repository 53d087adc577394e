"""What is said to Istio and Envoy Gateway, done to a configuration as they make them."""

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from extproc.config import Gateway
from extproc.exchange.compile import limits
from extproc.render.guest import Guest, guest
from extproc.render.parts import parts
from extproc.render.places import envoy_gateway, istio
from extproc.render.places.objects import Impossible
from extproc.render.places.rendering import rendering
from tests.extproc.process.server import until
from tests.extproc.render import foreign
from tests.extproc.render.places.sources import ENVIRON, documents, source
from tests.extproc.render.support import Envoy, Provider, Server, backend, route, started

HERE = {"host": foreign.DOMAIN, "x-api-key": "right"}
MESHES = ["istio", "envoy-gateway"]


def by_istio(found: Guest, settings: Gateway, base: dict[str, Any]) -> dict[str, Any]:
    """https://istio.io/latest/docs/reference/config/networking/envoy-filter/"""
    resources, manager = base["static_resources"], foreign.manager(base)
    for patch in chain(*istio.patches_of(settings, found).values()):
        value = patch["patch"]["value"]
        match patch["applyTo"], patch["patch"]["operation"]:
            case "CLUSTER", "ADD":
                resources["clusters"].append(value)
            case "LISTENER", "ADD":
                resources["listeners"].append(value)
            case "LISTENER", "MERGE":
                resources["listeners"][0].update(value)
            case "HTTP_FILTER", "INSERT_BEFORE":
                names = [one["name"] for one in manager["http_filters"]]
                wanted = patch["match"]["listener"]["filterChain"]["filter"]["subFilter"]["name"]
                manager["http_filters"].insert(names.index(wanted), value)
            case "NETWORK_FILTER", "MERGE":
                assert value["name"] == foreign.HCM
                assert value["typed_config"]["@type"] == manager["@type"]
                added = value["typed_config"].pop("access_log", [])
                manager["access_log"] = [*manager.get("access_log", []), *added]
                manager.update(value["typed_config"])
            case "VIRTUAL_HOST", "ADD":
                manager["route_config"]["virtual_hosts"].append(value)
            case other:
                raise AssertionError(other)
    return base


def by_envoy_gateway(found: Guest, settings: Gateway, base: dict[str, Any]) -> dict[str, Any]:
    """A Gateway without routes, and JSON patches (RFC 6902) of its resources."""
    del settings
    listener, name = base["static_resources"]["listeners"][0], "ns/ai-gateway/http"
    listener["name"], listener["default_filter_chain"] = name, listener.pop("filter_chains")[0]
    manager = listener["default_filter_chain"]["filters"][0]["typed_config"]
    routes: dict[str, Any] = {"name": name}
    known = {(envoy_gateway.LISTENER, name): listener, (envoy_gateway.ROUTES, name): routes}
    for patch in envoy_gateway.patches_of("ns", found):
        operation = patch["operation"]
        assert operation["op"] == "add"
        if operation["path"]:
            add(known[patch["type"], patch["name"]], operation["path"], operation["value"])
        else:
            known[patch["type"], patch["name"]] = operation["value"]
    of = {kind: [one for (type, _), one in known.items() if type == kind] for kind, _ in known}
    base["static_resources"]["listeners"] = of[envoy_gateway.LISTENER]
    base["static_resources"]["clusters"] += of[envoy_gateway.CLUSTER]
    manager["route_config"] = routes
    return base


def add(document: Any, path: str, value: Any) -> None:
    """One `add` of RFC 6902."""
    *parents, last = path.split("/")[1:]
    for one in parents:
        document = document[int(one) if isinstance(document, list) else one]
    if isinstance(document, list):
        assert int(last) <= len(document)
        document.insert(int(last), value)
    else:
        document[last] = value


APPLY = {"istio": by_istio, "envoy-gateway": by_envoy_gateway}


@contextmanager
def mesh(name: str, directory: Path) -> Iterator[Envoy]:
    provider, server = Provider(), Server()
    server.listen(directory / "worker-0.sock")
    settings = Gateway.model_validate(
        {
            "version": 1,
            "backends": {"one": backend(provider.port)},
            "routes": [route(["small"], "one")],
            "extproc": {"sockets": str(directory), "workers": 1},
            "usage": {"store": "sqlite:///usage.db"},
        }
    )
    bounds = limits(settings)
    made = parts(settings, client_keys={"someone": ["right"]}, limits=bounds)
    found = guest(settings, made, bounds, (foreign.DOMAIN,))
    base = foreign.bootstrap(provider.port, str(directory / "access.log"))
    document = APPLY[name](copy.deepcopy(found), settings, base)
    with started(yaml.safe_dump(document), directory) as (admin, port):
        yield Envoy(port, admin, directory / "access.log", server, "")
    server.stop()
    provider.stop()


@pytest.mark.parametrize("name", MESHES)
def test_models_answer_through_what_is_patched(name: str, tmp_path: Path) -> None:
    with mesh(name, tmp_path) as envoy:
        path = "/v1/chat/completions"
        body = json.dumps({"model": "small", "messages": "x" * 2_000_000})
        assert envoy.request("POST", path, body, HERE).json() == {"ok": True}
        refused = envoy.request("POST", path, body, {**HERE, "x-api-key": "wrong"})
        assert (refused.status, refused.error["code"]) == (401, "invalid_api_key")
        if name == "istio":
            until(lambda: envoy.server.logged, "what Envoy has refused")
        assert envoy.request("GET", "/v1/models", headers=HERE).body == b'{"object":"list"}'


@pytest.mark.parametrize("name", MESHES)
def test_the_pods_have_the_server_and_its_sockets(name: str, tmp_path: Path) -> None:
    found = documents(rendering(name, source(tmp_path), None, ENVIRON).text)
    kinds = {one["kind"]: one for one in found}
    if name == "istio":
        pod = kinds["Deployment"]["spec"]["template"]["spec"]
        container, volumes, server = pod["containers"][0], pod["volumes"], pod["initContainers"][0]
    else:
        spec = kinds["EnvoyProxy"]["spec"]["provider"]["kubernetes"]["envoyDeployment"]
        container, volumes = spec["container"], spec["pod"]["volumes"]
        server = spec["initContainers"][0]
    sockets = {"name": "sockets", "mountPath": "/run/extproc"}
    assert sockets in container["volumeMounts"]
    assert sockets in server["volumeMounts"]
    assert {one["name"] for one in server["volumeMounts"]} <= {one["name"] for one in volumes}


@pytest.mark.parametrize("name", MESHES)
def test_domains_are_those_that_are_asked_for(name: str, tmp_path: Path) -> None:
    text = rendering(name, source(tmp_path), ["a.test", "b.test"], ENVIRON).text
    assert "a.test" in text
    assert "ai.example.com" not in text


@pytest.mark.parametrize("name", MESHES)
def test_it_says_that_it_holds_keys(name: str, tmp_path: Path) -> None:
    assert "HOLDS SECRETS" in rendering(name, source(tmp_path), None, ENVIRON).text
    open_ = rendering(name, source(tmp_path, clients=None, limits=[]), None, ENVIRON).text
    assert "HOLDS SECRETS" not in open_


@pytest.mark.parametrize("name", MESHES)
def test_a_number_of_workers_is_needed(name: str, tmp_path: Path) -> None:
    with pytest.raises(Impossible, match="workers"):
        rendering(name, source(tmp_path, extproc={}), None, ENVIRON)
