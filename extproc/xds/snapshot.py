"""All that Envoy is told of one gateway.yaml, as the resources of its discovery services."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
from envoy.config.core.v3 import config_source_pb2, extension_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import (
    http_connection_manager_pb2 as manager_pb2,
)

from extproc.render.filters import MODEL_FINDER, SUBJECTS
from extproc.render.forms import LocalReplies
from extproc.render.parts import Parts
from extproc.render.tokens import API_KEY_AUTH
from extproc.xds.trees import filled, routes

PREFIX = "type.googleapis.com/envoy.config."
CLUSTERS = f"{PREFIX}cluster.v3.Cluster"
LISTENERS = f"{PREFIX}listener.v3.Listener"
ROUTES = f"{PREFIX}route.v3.RouteConfiguration"
FILTERS = f"{PREFIX}core.v3.TypedExtensionConfig"

MOVING = frozenset({API_KEY_AUTH, MODEL_FINDER, SUBJECTS})
"""Filters of which the settings change: by themselves, so that no connection is given up."""

FROM_SERVER = config_source_pb2.ConfigSource(
    ads=config_source_pb2.AggregatedConfigSource(),
    resource_api_version=config_source_pb2.ApiVersion.V3,
)


class Resource(msgspec.Struct, frozen=True):
    """One resource; its name is beside it."""

    version: str
    body: bytes


Resources = Mapping[str, Resource]
"""Name → resource."""


class Snapshot(msgspec.Struct, frozen=True):
    """One state of all resources."""

    version: str
    kinds: Mapping[str, Resources]
    """Type URL → resources."""
    hosts: Mapping[str, tuple[str, ...]]
    """Cluster → the names that must be resolved before it can be used."""


def snapshot(parts: Parts) -> Snapshot:
    """The resources of what was rendered."""
    listener, filters = _listener(parts)
    inner = {one.name: bytes(one) for one in parts.inner}
    listeners = {parts.listener.name: listener, **inner}
    kinds = {
        CLUSTERS: _resources({each.name: bytes(each) for each in parts.clusters}),
        LISTENERS: _resources(listeners),
        ROUTES: _resources({parts.routes["name"]: routes(parts.routes)}),
        FILTERS: _resources(filters),
    }
    versions = [one.version for kind in kinds.values() for one in kind.values()]
    return Snapshot(_digest("".join(versions).encode()), kinds, _hosts(parts))


def _resources(bodies: Mapping[str, bytes]) -> Resources:
    return {name: Resource(_digest(body), body) for name, body in bodies.items()}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _hosts(parts: Parts) -> dict[str, tuple[str, ...]]:
    return {
        cluster.name: tuple(
            one.endpoint.address.socket_address.address
            for group in cluster.load_assignment.endpoints
            for one in group.lb_endpoints
            if one.endpoint and one.endpoint.address and one.endpoint.address.socket_address
        )
        for cluster in parts.clusters
        if cluster.load_assignment
    }


def _listener(parts: Parts) -> tuple[bytes, dict[str, bytes]]:
    """The listener, which asks for its routes and moving filters, and these."""
    frame = listener_pb2.Listener.FromString(bytes(parts.listener))
    (filter,) = frame.filter_chains[0].filters
    manager = manager_pb2.HttpConnectionManager()
    filter.typed_config.Unpack(manager)
    found = {}
    for one in manager.http_filters:
        if one.name in MOVING:
            moving = extension_pb2.TypedExtensionConfig(
                name=one.name, typed_config=one.typed_config
            )
            found[one.name] = moving.SerializeToString(deterministic=True)
            one.config_discovery.CopyFrom(_asking(one.typed_config.type_url))
    manager.local_reply_config.ParseFromString(_replies(parts.replies))
    manager.rds.config_source.CopyFrom(FROM_SERVER)
    manager.rds.route_config_name = parts.routes["name"]
    filter.typed_config.Pack(manager, deterministic=True)
    return frame.SerializeToString(deterministic=True), found


@lru_cache(maxsize=8)
def _replies(replies: LocalReplies) -> bytes:
    found: bytes = filled(manager_pb2.LocalReplyConfig(), replies.config).SerializeToString()
    return found


def _asking(kind: str) -> Any:
    return config_source_pb2.ExtensionConfigSource(config_source=FROM_SERVER, type_urls=[kind])
