"""Words for building Envoy's messages."""

from envoy_data_plane.envoy.config.cluster.v3 import Cluster
from envoy_data_plane.envoy.config.listener.v3 import Listener

import extproc.render.typed  # noqa: F401  (which keeps what is evaluated)


def test_the_annotations_of_a_class_are_evaluated_once():
    assert Cluster._type_hints() is Cluster._type_hints()
    assert Cluster._type_hints() is not Listener._type_hints()
