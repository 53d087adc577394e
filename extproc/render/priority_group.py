"""Envoy's cluster specifier by which each attempt of a request has clusters of its own.

Envoy 1.40 has it (https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/http/cluster_specifier/priority_group,
checked 2026-11), the library of its messages not yet: these are its fields that are used here.
"""

import betterproto2
from envoy_data_plane.google.protobuf import UInt32Value
from envoy_data_plane.message_pool import default_message_pool
from pydantic.dataclasses import dataclass

PACKAGE = "envoy.extensions.router.cluster_specifiers.priority_group.v3"


@dataclass(eq=False, repr=False, config={"extra": "forbid"})
class ClusterWeight(betterproto2.Message):
    """A cluster of a group, and its share."""

    cluster_name: str = betterproto2.field(1, betterproto2.TYPE_STRING)
    weight: int | None = betterproto2.field(
        2, betterproto2.TYPE_MESSAGE, unwrap=lambda: UInt32Value, optional=True
    )


@dataclass(eq=False, repr=False, config={"extra": "forbid"})
class PriorityGroup(betterproto2.Message):
    """Clusters for one attempt, under a name by which a request may ask for them."""

    name: str = betterproto2.field(1, betterproto2.TYPE_STRING)
    clusters: list[ClusterWeight] = betterproto2.field(2, betterproto2.TYPE_MESSAGE, repeated=True)


@dataclass(eq=False, repr=False, config={"extra": "forbid"})
class PriorityGroupClusterSpecifier(betterproto2.Message):
    """The groups of the first attempt, the second, and so on; the last one's serves all others."""

    priority_groups: list[PriorityGroup] = betterproto2.field(
        1, betterproto2.TYPE_MESSAGE, repeated=True
    )
    override_metadata_namespace: str = betterproto2.field(2, betterproto2.TYPE_STRING)
    """Where a filter says which groups a request has instead, by their names."""


for _message in (ClusterWeight, PriorityGroup, PriorityGroupClusterSpecifier):
    default_message_pool.register_message(PACKAGE, _message.__name__, _message)
