"""The access log of what the server does not see: requests that no backend was asked for."""

from envoy_data_plane.envoy.config.accesslog.v3 import (
    AccessLog,
    AccessLogFilter,
    AndFilter,
    OrFilter,
)
from envoy_data_plane.envoy.config.core.v3 import ApiVersion, GrpcService, GrpcServiceEnvoyGrpc
from envoy_data_plane.envoy.extensions.access_loggers.grpc.v3 import (
    CommonGrpcAccessLogConfig,
    HttpGrpcAccessLogConfig,
)
from envoy_data_plane.envoy.type.matcher.v3 import StringMatcher, ValueMatcher
from envoy_data_plane.envoy.type.matcher.v3 import ValueMatcherNullMatch as Null

from extproc import NAMESPACE
from extproc.exchange.proof import CLIENT
from extproc.render.ext_proc import SERVER_CLUSTER
from extproc.render.replies import metadata_is, status_is
from extproc.render.typed import packed, seconds

NAME = "envoy.access_loggers.http_grpc"
EVERY = 1.0
"""Seconds that entries wait for others."""
BUFFER = 16 * 1024
"""Bytes of entries that do not wait any longer; a worker reads as many at once."""


def unasked(*conditions: AccessLogFilter) -> AccessLog:
    """Failures of which the server has not reported anything, to the server itself; `conditions`
    say of which others it is not told, either."""
    return AccessLog(
        name=NAME,
        # The status first: of a request that was served, nothing else is looked at.
        filter=AccessLogFilter(and_filter=AndFilter([_failed(), *conditions, *_unreported()])),
        typed_config=packed(
            HttpGrpcAccessLogConfig(
                common_config=CommonGrpcAccessLogConfig(
                    log_name="unasked",
                    grpc_service=GrpcService(
                        envoy_grpc=GrpcServiceEnvoyGrpc(cluster_name=SERVER_CLUSTER)
                    ),
                    transport_api_version=ApiVersion.V3,
                    buffer_flush_interval=seconds(EVERY),
                    buffer_size_bytes=BUFFER,
                ),
                additional_request_headers_to_log=[CLIENT],
            )
        ),
    )


def _failed() -> AccessLogFilter:
    """A client that has gone before anything was answered leaves no status."""
    return AccessLogFilter(or_filter=OrFilter([status_is(400, above=True), status_is(0)]))


def _unreported() -> list[AccessLogFilter]:
    """Neither a backend nor an error of the server's own: it writes no record then."""
    return [
        metadata_is(NAMESPACE, "backend", ValueMatcher(null_match=Null()), absent=True),
        metadata_is(
            NAMESPACE,
            "error_type",
            ValueMatcher(string_match=StringMatcher(exact="")),
            absent=True,
        ),
    ]
