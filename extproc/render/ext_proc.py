"""The ext_proc filters: one before each provider, one for what the server answers itself."""

from collections.abc import Iterable
from typing import Any

from envoy_data_plane.envoy.config.common.mutation_rules.v3 import HeaderMutationRules
from envoy_data_plane.envoy.config.core.v3 import (
    BackoffStrategy,
    GrpcService,
    GrpcServiceEnvoyGrpc,
    RetryPolicy,
    RetryPolicyRetryHostPredicate,
)
from envoy_data_plane.envoy.extensions.filters.http.ext_proc.v3 import (
    ExternalProcessor,
    MetadataOptions,
    MetadataOptionsMetadataNamespaces,
    ProcessingMode,
    ProcessingModeBodySendMode,
    ProcessingModeHeaderSendMode,
)
from envoy_data_plane.envoy.extensions.retry.host.previous_hosts.v3 import PreviousHostsPredicate
from envoy_data_plane.envoy.type.v3 import HttpStatus, StatusCode

from extproc import NAMESPACE
from extproc.exchange import client_headers, tried
from extproc.exchange.dues import attribute
from extproc.exchange.placing import CLEANED, REFUSED, ROUTE
from extproc.exchange.recorded import CLIENT, ID, TRACE
from extproc.exchange.reserved import RESERVED
from extproc.exchange.session import PROTOCOL
from extproc.exchange.wire import REPLY_NAMESPACE
from extproc.ratelimit.descriptors import subjects
from extproc.ratelimit.limit import Limit
from extproc.render.typed import packed, seconds

SERVER_CLUSTER = "extproc"

ATTRIBUTES = [
    f"xds.upstream_host_metadata.filter_metadata['{NAMESPACE}']['backend']",
    "metadata.filter_metadata['ai.finder']['call']",
]
"""Which backend was chosen, and what the model finder found."""

RECORDED = [CLIENT]
"""Who asks, where each exchange is recorded: an attempt does not see the headers of the first."""

KEYS_NAMESPACE = "ai.keys"
"""Dynamic metadata namespace of the keys that clients bring for providers."""

TIMEOUT = 10.0
"""Seconds for one message's reply; our server needs milliseconds."""

Headers, Body = ProcessingModeHeaderSendMode, ProcessingModeBodySendMode


def before_provider(  # noqa: PLR0913  (each is a part of what it must know)
    client_keys: Iterable[str] = (),
    waiting: float = 0,
    *,
    several: bool = False,
    pooled: bool = False,
    recorded: bool = False,
    reserving: bool = False,
) -> ExternalProcessor:
    """Translates each attempt and its answer.

    `client_keys` are headers that it needs to know; `waiting`: seconds for which it may wait for
    others;
    `several`: whether there are several backends, of which one may fail; `pooled`: whether one of
    them has several keys; `recorded`: whether each attempt is written down; `reserving`: whether
    what budgets have reserved depends on who is asked.
    """
    earlier = [client_headers.ATTRIBUTE, tried.EARLIER] if several else []
    earlier += [tried.ATTRIBUTE] if pooled else []
    earlier += RECORDED if recorded else []
    earlier += [RESERVED] if reserving else []
    keys = [f"metadata.filter_metadata['{KEYS_NAMESPACE}']['{key}']" for key in client_keys]
    return ExternalProcessor(
        grpc_service=grpc_service(SERVER_CLUSTER, TIMEOUT + waiting),
        # The server asks for the answer's body as it needs it, by mode_override. Envoy 1.40 crashes
        # with FULL_DUPLEX_STREAMED here, or a body in the reply to the headers.
        processing_mode=ProcessingMode(
            request_header_mode=Headers.SEND,
            request_body_mode=Body.BUFFERED,
            response_header_mode=Headers.SEND,
            response_body_mode=Body.NONE,
            request_trailer_mode=Headers.SKIP,
            response_trailer_mode=Headers.SKIP,
        ),
        allow_mode_override=True,
        request_attributes=[*ATTRIBUTES, *earlier, *keys],
        message_timeout=seconds(TIMEOUT + waiting),
        mutation_rules=HeaderMutationRules(allow_all_routing=True),
        metadata_options=_received(),
        status_on_error=HttpStatus(code=StatusCode.ServiceUnavailable),
        stat_prefix="provider",
    )


def choosing(
    waiting: float = 0, *, limited: bool = False, recorded: bool = False
) -> ExternalProcessor:
    """The filter in somebody's listener: it chooses a backend by itself, since it is told of
    none. `limited`: limits are asked behind it, and their refusals come back as answers;
    `recorded`: whether each request is written down."""
    found = before_provider(waiting=waiting)
    found.request_attributes = [CLEANED, ATTRIBUTES[1], *(RECORDED if recorded else [])]
    found.stat_prefix = "placed"
    if limited:
        found.response_attributes = [REFUSED]
    return found


def answering() -> ExternalProcessor:
    """Answers by itself, from the request's headers."""
    return _reading(Headers.SEND, Headers.SKIP, stat_prefix="answers", request_attributes=[ROUTE])


def hearing(
    *,
    recorded: bool = False,
    traced: bool = False,
    owed: Iterable[Limit] = (),
    waiting: float = 0,
) -> ExternalProcessor:
    """Hears what providers say in sessions, and nothing else; `recorded`: for a record of it,
    `traced`: which says to what trace it belongs; `owed`: the limits that are charged meanwhile,
    for which it may wait `waiting` seconds."""
    asked = [CLIENT, ID] if recorded else []
    asked += [TRACE] if traced else []
    known = subjects(owed)
    asked += [one for one in map(attribute, known) if one not in asked]
    return _reading(
        Headers.SKIP,
        Headers.SEND,
        waiting,
        stat_prefix="sessions",
        allow_mode_override=True,
        response_attributes=[*ATTRIBUTES, PROTOCOL, *asked],
    )


def _reading(
    request: ProcessingModeHeaderSendMode,
    response: ProcessingModeHeaderSendMode,
    waiting: float = 0,
    **more: Any,
) -> ExternalProcessor:
    """A filter of the listener that shows headers alone, until it is told otherwise."""
    return ExternalProcessor(
        grpc_service=grpc_service(SERVER_CLUSTER, TIMEOUT + waiting),
        processing_mode=ProcessingMode(
            request_header_mode=request,
            request_body_mode=Body.NONE,
            response_header_mode=response,
            response_body_mode=Body.NONE,
            request_trailer_mode=Headers.SKIP,
            response_trailer_mode=Headers.SKIP,
        ),
        message_timeout=seconds(TIMEOUT + waiting),
        metadata_options=_received(),
        status_on_error=HttpStatus(code=StatusCode.ServiceUnavailable),
        **more,
    )


def grpc_service(cluster: str, timeout: float) -> GrpcService:
    """A gRPC service of ours, which has `timeout` seconds to answer; a worker that cannot be
    reached is left out, not waited for."""
    return GrpcService(
        envoy_grpc=GrpcServiceEnvoyGrpc(cluster_name=cluster),
        retry_policy=RetryPolicy(
            retry_on="connect-failure,refused-stream",
            num_retries=3,
            # Envoy 1.40 takes max_interval as the timeout of each call, too (tried: with 0.05 s, a
            # service that needs 0.06 s is passed over). Three retries never back off for so long.
            retry_back_off=BackoffStrategy(
                base_interval=seconds(0.005), max_interval=seconds(timeout)
            ),
            retry_host_predicate=[
                RetryPolicyRetryHostPredicate(
                    name="envoy.retry_host_predicates.previous_hosts",
                    typed_config=packed(PreviousHostsPredicate()),
                )
            ],
            host_selection_retry_max_attempts=10,
        ),
    )


def _received() -> MetadataOptions:
    return MetadataOptions(
        receiving_namespaces=MetadataOptionsMetadataNamespaces(untyped=[NAMESPACE, REPLY_NAMESPACE])
    )
