"""Envoy's own answers, in the client's form of an error.

Every answer that no provider gave passes here: a filter's refusal, a direct response, an error of
the router. Those that are complete say so in dynamic metadata. Adding a form for clients of
another dialect adds one entry to FORMS.
"""

from collections.abc import Callable

import msgspec
from envoy_data_plane.envoy.config.accesslog.v3 import (
    AccessLogFilter,
    AndFilter,
    ComparisonFilter,
    ComparisonFilterOp,
    HeaderFilter,
    MetadataFilter,
    ResponseFlagFilter,
    StatusCodeFilter,
)
from envoy_data_plane.envoy.config.core.v3 import (
    DataSource,
    RuntimeUInt32,
    SubstitutionFormatString,
)
from envoy_data_plane.envoy.config.route.v3 import HeaderMatcher
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import (
    LocalReplyConfig,
    ResponseMapper,
)
from envoy_data_plane.envoy.type.matcher.v3 import (
    MetadataMatcher,
    MetadataMatcherPathSegment,
    ValueMatcher,
)
from envoy_data_plane.google.protobuf import Struct

from extproc.render.typed import Json
from extproc.wire import REPLY_NAMESPACE

MODEL_HEADER = "x-ai-model"

DETAILS = "%RESPONSE_CODE_DETAILS%"
REQUEST = "(request %REQ(X-REQUEST-ID)%)"
"""Finds the exchange in the access log, which has the details: they may name inner addresses."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What a status says, in the words of OpenAI's API."""

    status: int
    kind: str
    message: str
    code: str | None = None
    param: str | None = None
    above: bool = False
    """True: also for every status above it that has no reply of its own."""
    known: bool = False
    """True: only where the model finder has found a model."""
    flags: tuple[str, ...] = ()
    """Only with one of these response flags, as the access log names them."""


def replies(max_body_bytes: int) -> tuple[Reply, ...]:
    """All that Envoy says by itself; the first that fits is taken."""
    return (*_of_the_client(max_body_bytes), *_UNAVAILABLE, *_OF_THE_SERVER)


def _of_the_client(max_body_bytes: int) -> tuple[Reply, ...]:
    invalid = "invalid_request_error"
    return (
        Reply(status=400, kind=invalid, message=f"The request is not valid ({DETAILS})."),
        Reply(
            status=401,
            kind=invalid,
            message="Incorrect API key provided. Send yours as 'Authorization: Bearer KEY'.",
            code="invalid_api_key",
        ),
        Reply(status=403, kind="permission_error", message=f"That is not allowed ({DETAILS})."),
        Reply(
            status=404,
            known=True,
            kind=invalid,
            message=f"The model '%REQ({MODEL_HEADER})%' does not exist or you do not have access"
            " to it.",
            param="model",
            code="model_not_found",
        ),
        Reply(
            status=404,
            kind=invalid,
            message="Unknown request URL: %REQ(:METHOD)% %PATH(NQ)%. There is no such operation.",
            code="unknown_url",
        ),
        Reply(
            status=408,
            kind="timeout_error",
            message="The request did not arrive completely in time.",
            code="request_timeout",
        ),
        Reply(
            status=413,
            kind=invalid,
            message=f"The request body is larger than the {max_body_bytes} bytes that are allowed.",
            code="request_too_large",
        ),
        Reply(
            status=429,
            kind="rate_limit_error",
            message="Rate limit reached. Try again after as many seconds as retry-after says.",
            code="rate_limit_exceeded",
        ),
    )


def _unavailable(message: str, *flags: str) -> Reply:
    return Reply(
        status=503,
        kind="server_error",
        message=f"{message} {REQUEST}",
        code="service_unavailable",
        flags=flags,
    )


_UNAVAILABLE = (
    _unavailable("Too many requests to this model are under way; try again later.", "UO"),
    _unavailable("No provider of this model is healthy.", "UH"),
    _unavailable("No provider of this model could be reached.", "UF"),
    _unavailable("The provider closed the connection before it answered.", "UC", "UR"),
    _unavailable("The gateway is not available."),
)

_OF_THE_SERVER = (
    Reply(status=500, kind="server_error", message=f"The gateway failed. {REQUEST}"),
    Reply(
        status=502,
        kind="server_error",
        message=f"The provider's answer is not valid HTTP. {REQUEST}",
        code="bad_gateway",
    ),
    Reply(
        status=504,
        kind="timeout_error",
        message=f"The provider did not answer in time. {REQUEST}",
        code="timeout",
    ),
    Reply(status=500, above=True, kind="server_error", message=f"The request failed. {REQUEST}"),
    Reply(
        status=400,
        above=True,
        kind="invalid_request_error",
        message=f"The request cannot be answered ({DETAILS}).",
    ),
)


def openai(reply: Reply) -> Json:
    """https://platform.openai.com/docs/guides/error-codes"""
    return {
        "error": {
            "message": reply.message,
            "type": reply.kind,
            "param": reply.param,
            "code": reply.code,
        }
    }


class Form(msgspec.Struct, frozen=True):
    """How clients of one dialect want their errors, and which clients they are."""

    body: Callable[[Reply], Json]
    clients: HeaderMatcher | None = None
    """None: all that no form before it has taken."""


FORMS = (Form(openai),)


def local_replies(max_body_bytes: int) -> LocalReplyConfig:
    """`local_reply_config` of a connection manager."""
    table = replies(max_body_bytes)
    mappers = [_mapper(form, reply) for form in FORMS for reply in table]
    return LocalReplyConfig(mappers=[_complete(), *mappers])


def _complete() -> ResponseMapper:
    """Bodies that are ready for the client; everything else below would wrap them again."""
    return ResponseMapper(
        filter=AccessLogFilter(
            metadata_filter=MetadataFilter(
                matcher=MetadataMatcher(
                    filter=REPLY_NAMESPACE,
                    path=[MetadataMatcherPathSegment(key="ready")],
                    value=ValueMatcher(bool_match=True),
                ),
                match_if_key_not_found=False,
            )
        ),
        body_format_override=SubstitutionFormatString(
            text_format_source=DataSource(inline_string="%LOCAL_REPLY_BODY%"),
            content_type="application/json",
        ),
    )


def _mapper(form: Form, reply: Reply) -> ResponseMapper:
    return ResponseMapper(
        filter=_all(_filters(form, reply)),
        body_format_override=SubstitutionFormatString(
            json_format=Struct.from_dict(form.body(reply)),
        ),
    )


def _filters(form: Form, reply: Reply) -> list[AccessLogFilter]:
    filters = [_status(reply)]
    if reply.known:
        filters.append(_header(HeaderMatcher(name=MODEL_HEADER, present_match=True)))
    if reply.flags:
        flags = ResponseFlagFilter(flags=list(reply.flags))
        filters.append(AccessLogFilter(response_flag_filter=flags))
    if form.clients is not None:
        filters.append(_header(form.clients))
    return filters


def _header(header: HeaderMatcher) -> AccessLogFilter:
    return AccessLogFilter(header_filter=HeaderFilter(header=header))


def _all(filters: list[AccessLogFilter]) -> AccessLogFilter:
    if len(filters) == 1:
        return filters[0]
    return AccessLogFilter(and_filter=AndFilter(filters=filters))


def _status(reply: Reply) -> AccessLogFilter:
    return AccessLogFilter(
        status_code_filter=StatusCodeFilter(
            comparison=ComparisonFilter(
                op=ComparisonFilterOp.GE if reply.above else ComparisonFilterOp.EQ,
                # The key is only for overrides at runtime, which nobody makes.
                value=RuntimeUInt32(default_value=reply.status, runtime_key="extproc.local_reply"),
            )
        )
    )
