"""The access log: what Envoy knows of an exchange, and what the server reports of it."""

from envoy_data_plane.envoy.config.accesslog.v3 import AccessLog
from envoy_data_plane.envoy.config.core.v3 import SubstitutionFormatString
from envoy_data_plane.envoy.extensions.access_loggers.file.v3 import FileAccessLog
from envoy_data_plane.google.protobuf import Struct

from extproc import NAMESPACE
from extproc.ratelimit.descriptors import ABOVE, LIMITS_NAMESPACE, SERVICE_NAMESPACE
from extproc.render.typed import packed

ENVOY = {
    "time": "%START_TIME%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "method": "%REQ(:METHOD)%",
    "path": "%PATH(NQ)%",
    "protocol": "%PROTOCOL%",
    "response_code": "%RESPONSE_CODE%",
    "response_flags": "%RESPONSE_FLAGS%",
    "response_code_details": "%RESPONSE_CODE_DETAILS%",
    "duration": "%DURATION%",
    "bytes_received": "%BYTES_RECEIVED%",
    "bytes_sent": "%BYTES_SENT%",
    "upstream_cluster": "%UPSTREAM_CLUSTER%",
    "upstream_host": "%UPSTREAM_HOST%",
    "upstream_failure": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "route": "%ROUTE_NAME%",
    "client": f"%DYNAMIC_METADATA({LIMITS_NAMESPACE}:client)%",
    "client_address": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
    "user_agent": "%REQ(USER-AGENT)%",
}
"""In milliseconds and bytes. The path is the one that went to the provider, where one did, without
its query, in which some clients put keys; `operation` says what the client asked for."""

REPORTED = (
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_nanousd",
    "estimated",
    "backend",
    "backends",
    "provider",
    "operation",
    "request_model",
    "upstream_model",
    "response_model",
    "stream",
    "status",
    "error_type",
    "finish_reason",
    "lost_members",
    "ttft_ms",
    "duration_ms",
)
"""The keys of the server's dynamic metadata."""


SHADOWS = {"limits_above": f"%DYNAMIC_METADATA({SERVICE_NAMESPACE}:{ABOVE})%"}
"""Names of limits in shadow that would have refused the request."""


def access_log(path: str, *, shadows: bool = False) -> AccessLog:
    """One JSON object for each exchange, in the file at `path`; `shadows`: some limits only
    watch."""
    reported = {key: f"%DYNAMIC_METADATA({NAMESPACE}:{key})%" for key in REPORTED}
    said = {**ENVOY, **reported, **(SHADOWS if shadows else {})}
    return AccessLog(
        name="envoy.access_loggers.file",
        typed_config=packed(
            FileAccessLog(
                path=path,
                log_format=SubstitutionFormatString(json_format=Struct.from_dict(said)),
            )
        ),
    )
