"""Envoy's own answers: what each status says, and when it is said.

Every answer that no provider gave passes here: a filter's refusal, a direct response, an error of
the router. Those that are complete say so in dynamic metadata; `forms` gives all others the shape
that the client's dialect has for an error.
"""

from typing import Any

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
from envoy_data_plane.envoy.config.core.v3 import RuntimeUInt32
from envoy_data_plane.envoy.config.route.v3 import HeaderMatcher
from envoy_data_plane.envoy.type.matcher.v3 import (
    MetadataMatcher,
    MetadataMatcherPathSegment,
    RegexMatcher,
    StringMatcher,
    ValueMatcher,
)

from extproc.exchange.compile import KEY_HEADERS
from extproc.ratelimit.descriptors import KIND
from extproc.ratelimit.reply import SPENT
from extproc.render.filters import KEY_QUERY, RATELIMIT

MODEL_HEADER = "x-ai-model"

SAID = "%LOCAL_REPLY_BODY%"
"""What a filter has said is wrong."""
REFUSED = ("ai.finder", "refused")
"""Metadata: the model finder's answer is a sentence for the client."""
MEANT = ("ai.finder", "meant")
"""Metadata: the path that is most like the one that is not known."""
DETAILS = "%RESPONSE_CODE_DETAILS%"
KEY_IN_QUERY = StringMatcher(safe_regex=RegexMatcher(regex=f".*[?&]{KEY_QUERY}=.*"))
REQUEST = "(request %REQ(X-REQUEST-ID)%)"
"""Finds the exchange in the access log, which has the details: they may name inner addresses."""


KEYS = (
    "You didn't provide an API key. Send yours as 'Authorization: Bearer KEY'.",
    "Incorrect API key provided. Send yours as 'Authorization: Bearer KEY'.",
)
TOKENS = (
    "You didn't provide a token. Send yours as 'Authorization: Bearer TOKEN'.",
    f"The token is not accepted: {SAID}.",
)
"""Of who shows nothing, and of who shows what is not right."""


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
    marked: tuple[str, str] | None = None
    """Only where the dynamic metadata have this (namespace, key)."""
    value: str = ""
    """And only with this text; empty: with any value."""
    finer: bool = False
    """True: what a later one says, too, but for a type or code that only OpenAI's form has."""
    absent: tuple[str, ...] = ()
    """Only where none of these headers has come, and no key in the query."""
    flags: tuple[str, ...] = ()
    """Only with one of these response flags, as the access log names them."""
    unserved: bool = False
    """True: no provider has answered, and nothing may be charged."""


def replies(max_body_bytes: int, *, tokens: bool = False) -> tuple[Reply, ...]:
    """All that Envoy says by itself; the first that fits is taken. `tokens`: clients show tokens
    instead of keys."""
    return (*_of_the_client(max_body_bytes, tokens=tokens), *_UNAVAILABLE, *_OF_THE_SERVER)


def _of_the_client(max_body_bytes: int, *, tokens: bool) -> tuple[Reply, ...]:
    invalid = "invalid_request_error"
    absent, wrong = TOKENS if tokens else KEYS
    return (
        Reply(status=400, marked=REFUSED, kind=invalid, message=SAID),
        Reply(status=404, marked=REFUSED, kind=invalid, message=SAID),
        Reply(status=413, marked=REFUSED, kind=invalid, message=SAID, code="request_too_large"),
        Reply(status=415, marked=REFUSED, kind=invalid, message=SAID),
        Reply(status=400, kind=invalid, message=f"The request is not valid ({DETAILS})."),
        Reply(
            status=401,
            absent=KEY_HEADERS,
            kind=invalid,
            message=absent,
        ),
        Reply(
            status=401,
            kind=invalid,
            message=wrong,
            code="invalid_api_key",
        ),
        Reply(status=403, kind=invalid, message=f"That is not allowed ({DETAILS})."),
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
            marked=MEANT,
            kind=invalid,
            message=f"Unknown request URL: %REQ(:METHOD)% %PATH(NQ)%. Did you mean POST"
            f" %DYNAMIC_METADATA({MEANT[0]}:{MEANT[1]})%?",
            code="unknown_url",
        ),
        Reply(
            status=404,
            kind=invalid,
            message="Unknown request URL: %REQ(:METHOD)% %PATH(NQ)%. There is no such operation"
            " here; what a provider has beside these may pass as it is (the gateway's setting"
            " passthrough).",
            code="unknown_url",
        ),
        Reply(
            status=408,
            kind=invalid,
            message="The request did not arrive completely in time.",
            code="request_timeout",
        ),
        Reply(
            status=413,
            kind=invalid,
            message=f"The request body is larger than the {max_body_bytes} bytes that are allowed.",
            code="request_too_large",
        ),
        *map(_spent, SPENT),
        Reply(
            status=429,
            kind="requests",
            message="Rate limit reached. Try again after as many seconds as retry-after says.",
            code="rate_limit_exceeded",
        ),
    )


def _spent(what: str) -> Reply:
    """What the limiter says where this is spent; with requests, where anything else is, too."""
    kind, code = SPENT[what]
    rest = what == "requests"
    return Reply(
        status=429,
        marked=(RATELIMIT, KIND),
        value="" if rest else what,
        finer=not rest,
        kind=kind,
        message=SAID,
        code=code,
    )


def _unavailable(message: str, *flags: str) -> Reply:
    return Reply(
        status=503,
        kind="server_error",
        message=f"{message} {REQUEST}",
        code="service_unavailable",
        flags=flags,
        unserved=bool(flags),
    )


_UNAVAILABLE = (
    _unavailable("The rate limits cannot be checked at the moment; try again later.", "RLSE"),
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
        kind="server_error",
        message=f"The provider did not answer in time. {REQUEST}",
        code="timeout",
        unserved=True,
    ),
    Reply(status=500, above=True, kind="server_error", message=f"The request failed. {REQUEST}"),
    Reply(
        status=400,
        above=True,
        kind="invalid_request_error",
        message=f"The request cannot be answered ({DETAILS}).",
    ),
)


def condition(reply: Reply) -> AccessLogFilter:
    """When `reply` is said."""
    filters = [status_is(reply.status, above=reply.above)]
    if reply.known:
        filters.append(_header(MODEL_HEADER, present_match=True))
    filters += [_header(name, present_match=True, invert_match=True) for name in reply.absent]
    if reply.absent:
        filters.append(_header(":path", string_match=KEY_IN_QUERY, invert_match=True))
    if reply.marked:
        filters.append(metadata_is(*reply.marked, _value(reply.value)))
    if reply.flags:
        flags = ResponseFlagFilter(flags=list(reply.flags))
        filters.append(AccessLogFilter(response_flag_filter=flags))
    return filters[0] if len(filters) == 1 else AccessLogFilter(and_filter=AndFilter(filters))


def _header(name: str, **match: Any) -> AccessLogFilter:
    return AccessLogFilter(header_filter=HeaderFilter(header=HeaderMatcher(name=name, **match)))


def _value(text: str) -> ValueMatcher:
    if not text:
        return ValueMatcher(present_match=True)
    return ValueMatcher(string_match=StringMatcher(exact=text))


def metadata_is(
    namespace: str, key: str, value: ValueMatcher, *, absent: bool = False
) -> AccessLogFilter:
    """Whether dynamic metadata have `value`; `absent` is the answer where they have no such key."""
    return AccessLogFilter(
        metadata_filter=MetadataFilter(
            matcher=MetadataMatcher(
                filter=namespace, path=[MetadataMatcherPathSegment(key=key)], value=value
            ),
            match_if_key_not_found=absent,
        )
    )


def status_is(status: int, *, above: bool = False) -> AccessLogFilter:
    """Whether that is the status, or, with `above`, at least that."""
    return AccessLogFilter(
        status_code_filter=StatusCodeFilter(
            comparison=ComparisonFilter(
                op=ComparisonFilterOp.GE if above else ComparisonFilterOp.EQ,
                # The key is only for overrides at runtime, which nobody makes.
                value=RuntimeUInt32(default_value=status, runtime_key="extproc.local_reply"),
            )
        )
    )
