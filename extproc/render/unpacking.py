"""Compressed request bodies, unpacked before the model finder reads them.

The filters are off: a request costs nothing more unless it says that it is compressed. Its first
route then turns one on; the finder chooses the real route as ever.
"""

from collections.abc import Iterator

from betterproto2 import Message
from envoy_data_plane.envoy.config.core.v3 import Metadata, RuntimeFeatureFlag, TypedExtensionConfig
from envoy_data_plane.envoy.config.route.v3 import DirectResponseAction, FilterConfig, RouteMatch
from envoy_data_plane.envoy.config.route.v3 import Route as EnvoyRoute
from envoy_data_plane.envoy.extensions.compression.brotli.decompressor.v3 import Brotli
from envoy_data_plane.envoy.extensions.compression.gzip.decompressor.v3 import Gzip
from envoy_data_plane.envoy.extensions.compression.zstd.decompressor.v3 import Zstd
from envoy_data_plane.envoy.extensions.filters.http.decompressor.v3 import (
    Decompressor,
    DecompressorCommonDirectionConfig,
    DecompressorRequestDirectionConfig,
    DecompressorResponseDirectionConfig,
)
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpFilter

from extproc.render import matching
from extproc.render.typed import Json, http_filter, packed, plain, struct

LUA = "envoy.filters.http.lua"
"""The model finder."""

CHUNK = 65_536
"""Bytes that are unpacked at a time."""

UNPACKED = "unpacked"
"""Metadata of the first route, for the model finder."""

LIBRARIES: dict[str, Message] = {
    "gzip": Gzip(chunk_size=CHUNK),
    "br": Brotli(chunk_size=CHUNK),
    "zstd": Zstd(chunk_size=CHUNK),
}
"""`content-encoding` → what undoes it. What deflate is, clients do not agree (RFC 9110, section
8.4.1.2), and Envoy has nothing for it."""


def name_of(encoding: str) -> str:
    """The filter's name."""
    return f"envoy.filters.http.decompressor.{encoding}"


def filters() -> Iterator[HttpFilter]:
    """A filter for each encoding; all are off."""
    for encoding, library in LIBRARIES.items():
        yield http_filter(name_of(encoding), _unpacks(encoding, library), disabled=True)


def _unpacks(encoding: str, library: Message) -> Decompressor:
    off = RuntimeFeatureFlag(default_value=False, runtime_key="extproc.unpack_answers")
    return Decompressor(
        decompressor_library=TypedExtensionConfig(name=encoding, typed_config=packed(library)),
        request_direction_config=DecompressorRequestDirectionConfig(
            advertise_accept_encoding=False
        ),
        response_direction_config=DecompressorResponseDirectionConfig(
            common_config=DecompressorCommonDirectionConfig(enabled=off)
        ),
    )


def by_encoding(otherwise: Json) -> Json:
    """What is compressed is unpacked; all else goes on to `otherwise`."""
    actions = {encoding: _on(encoding) for encoding in LIBRARIES}
    return matching.exactly("content-encoding", actions, matching.nested(otherwise))


def told(words: Json) -> Metadata | None:
    """What a route's metadata say to the model finder, if anything."""
    return Metadata(filter_metadata={LUA: struct(words)}) if words else None


def _on(encoding: str) -> Json:
    nowhere = EnvoyRoute(
        match=RouteMatch(prefix="/"),
        direct_response=DirectResponseAction(status=404),
        metadata=told({UNPACKED: True}),
    )
    action = matching.action(f"unpack-{encoding}", nowhere)
    # An Any without a type turns a filter on as it is; typed messages cannot hold one.
    enabled = {**plain(packed(FilterConfig())), "config": {}}
    action["action"]["typed_config"]["typed_per_filter_config"] = {name_of(encoding): enabled}
    return action
