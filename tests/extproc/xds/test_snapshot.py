"""What is served is what the complete bootstrap says, part by part."""

import json
from pathlib import Path

import pytest
import yaml
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import extension_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import (
    http_connection_manager_pb2 as manager_pb2,
)
from google.protobuf.json_format import MessageToDict

from extproc.config import load
from extproc.exchange import compile
from extproc.render import render
from extproc.render.parts import parts
from extproc.xds.snapshot import CLUSTERS, FILTERS, LISTENERS, ROUTES, Snapshot, snapshot
from extproc.xds.trees import filled
from tests.extproc.render.examples import CLIENT_KEYS, sources


def options(source: Path) -> dict:
    gateway = load(source)
    return {
        "client_keys": CLIENT_KEYS if gateway.clients else None,
        "limits": compile.limits(gateway),
        "prefix": gateway.listen.prefix,
    }


def made(source: Path) -> Snapshot:
    return snapshot(parts(load(source), **options(source)))


def static(source: Path) -> dict:
    document = yaml.load(render(load(source), **options(source)), yaml.CSafeLoader)
    return document["static_resources"]


@pytest.fixture(params=sources(), ids=lambda path: path.stem, scope="module")
def both(request) -> tuple[Snapshot, dict]:
    return made(request.param), static(request.param)


def test_every_cluster_of_a_provider_is_served_as_it_is_rendered(both):
    served, resources = both
    wanted = {
        one["name"]: filled(cluster_pb2.Cluster(), one)
        for one in resources["clusters"]
        if one["name"] not in ("extproc", "ratelimit")
    }
    found = {
        name: cluster_pb2.Cluster.FromString(one.body)
        for name, one in served.kinds[CLUSTERS].items()
    }
    assert found == wanted


def test_the_listener_with_its_routes_and_filters_put_back_is_the_rendered_one(both):
    served, resources = both
    wanted = {one["name"]: one for one in resources["listeners"]}
    assert wanted.keys() == served.kinds[LISTENERS].keys()
    listener = listener_pb2.Listener.FromString(served.kinds[LISTENERS]["gateway"].body)
    place = listener.filter_chains[0].filters[0].typed_config
    manager = manager_pb2.HttpConnectionManager()
    assert place.Unpack(manager)
    routes = manager.rds.route_config_name
    manager.route_config.ParseFromString(served.kinds[ROUTES][routes].body)
    asked = [one for one in manager.http_filters if one.HasField("config_discovery")]
    assert asked
    for one in asked:
        filter = extension_pb2.TypedExtensionConfig()
        filter.ParseFromString(served.kinds[FILTERS][one.name].body)
        assert list(one.config_discovery.type_urls) == [filter.typed_config.type_url]
        one.typed_config.CopyFrom(filter.typed_config)
    rendered = wanted["gateway"]["filter_chains"][0]["filters"][0]["typed_config"]
    del rendered["@type"]
    wanted_manager = filled(manager_pb2.HttpConnectionManager(), rendered)
    # An order in maps, which does not matter, stands in the bytes of what is packed.
    assert MessageToDict(manager) == MessageToDict(wanted_manager)


def test_routes_are_served_as_they_are_rendered(both):
    served, resources = both
    manager = resources["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    wanted = filled(route_pb2.RouteConfiguration(), manager["route_config"])
    (found,) = served.kinds[ROUTES].values()
    assert route_pb2.RouteConfiguration.FromString(found.body) == wanted


def test_a_version_is_the_same_for_the_same_and_another_for_another():
    one, other = sources()[:2]
    assert made(one) == made(one)
    assert made(one).version != made(other).version


def test_keys_change_a_filter_alone():
    source = next(path for path in sources() if load(path).clients)
    gateway, said = load(source), options(source)
    before = snapshot(parts(gateway, **said))
    after = snapshot(parts(gateway, **{**said, "client_keys": {"search": ["another"]}}))
    changed = [
        (kind, name)
        for kind, resources in after.kinds.items()
        for name, one in resources.items()
        if before.kinds[kind][name] != one
    ]
    assert changed == [(FILTERS, "envoy.filters.http.api_key_auth")]


def test_what_only_the_newer_library_knows_is_served_too(tmp_path):
    source = tmp_path / "gateway.yaml"
    source.write_text(
        """
        version: 1
        backends:
          one: {provider: openai, credential: none}
          two: {provider: anthropic, credential: none}
        routes:
          - models: [small]
            backends: [{backend: one}, {backend: two, priority: 1}]
            retry: {lossless: true}
        """
    )
    kinds = made(source).kinds
    (served,) = kinds[ROUTES].values()
    configuration = route_pb2.RouteConfiguration.FromString(served.body)
    host = json.dumps(MessageToDict(configuration.virtual_hosts[0].matcher))
    assert '"inlineClusterSpecifierPlugin"' in host
    # Field 14, true: xds-protos calls it unknown.
    assert b"\x70\x01" in served.body
    for name in ("ai/one+two@1", "ai/one+two@1!one", "ai/one+two@1!two"):
        assert name.encode() in served.body
    alone = cluster_pb2.Cluster.FromString(kinds[CLUSTERS]["ai/one+two@1!two"].body)
    aside, asked = alone.load_assignment.endpoints
    assert (aside.locality.zone, asked.locality.zone, asked.priority) == ("", "two", 1)
    assert [aside.lb_endpoints[0].health_status, asked.lb_endpoints[0].health_status] == [2, 0]


def test_what_only_envoy_itself_knows_is_served_too(tmp_path):
    source = tmp_path / "gateway.yaml"
    source.write_text(
        """
        version: 1
        backends:
          one: {provider: openai, credential: none}
          two: {provider: anthropic, credential: none}
        routes:
          - models: [small]
            backends: [{backend: one}, {backend: two, priority: 1}]
            balance: {client_order: true}
        """
    )
    kinds = made(source).kinds
    (served,) = kinds[ROUTES].values()
    # Field 14, true: refresh_cluster_on_retry.
    for part in (b"priority_group.v3.PriorityGroupClusterSpecifier", b"ai.order", b"\x70\x01"):
        assert part in served.body
    for name in ("ai/one+two@1", "ai/one+two@1!one", "ai/one+two@1!two"):
        assert name.encode() in served.body
        assert name in kinds[CLUSTERS]
