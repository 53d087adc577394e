"""`local_reply_config`: Envoy's own answers in the form of each client dialect.

The table is plain data, for its hundred entries refer to the same few filters. How a dialect says
an error, the dialect itself knows; by which path its clients are known stands in PLACES.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
import orjson
from envoy_data_plane.envoy.config.accesslog.v3 import (
    AccessLogFilter,
    AndFilter,
    HeaderFilter,
    OrFilter,
)
from envoy_data_plane.envoy.config.core.v3 import (
    DataSource,
    HeaderValue,
    HeaderValueOption,
    HeaderValueOptionHeaderAppendAction,
    SubstitutionFormatString,
)
from envoy_data_plane.envoy.config.route.v3 import HeaderMatcher
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import (
    ResponseMapper,
)
from envoy_data_plane.envoy.type.matcher.v3 import RegexMatcher, StringMatcher, ValueMatcher

from extproc.exchange.passing import UNSERVED
from extproc.exchange.wire import REPLY_NAMESPACE
from extproc.render.replies import Reply, condition, metadata_is, replies
from extproc.render.typed import Json, plain, struct
from providers.bridging.dialect import Dialect
from providers.catalog import DIALECTS, RESOURCES
from providers.errors import ApiError, cause_of

OWN = "openai"
"""The family whose form everybody gets who is not known to want another."""

LIKE = {"mistral": OWN, "vllm": OWN}
"""Families whose clients know errors in the form of another."""

APART = {"gemini.interactions": "interactions"}
"""Dialects whose errors have another form than their family's; they are looked for before it."""

PLACES = {
    "anthropic": "/v1/messages(?:/.*)?|/v1/complete(?:/.*)?|/anthropic/.*"
    "|/v1/projects/.*/publishers/anthropic/.*",
    "bedrock": "/(?:model|model-invocation-jobs?|async-invoke|retrieveAnd[A-Za-z]+)(?:/.*)?",
    "cohere": "/v2/.*|/v1/(?:generate|embed|rerank|(?:de)?tokenize)(?:/.*)?|/v1/chat|/rerank",
    "elevenlabs": "/v1/(?:text-to-speech|speech-to-text)(?:/.*)?",
    "gemini": "/(?:up|down)load/.*|/v1[ab].*|/v1/models/[^/]+:[A-Za-z]+"
    "|/v1/(?:projects/.*/)?(?:publishers/g|cachedC|batchP|rankingC).*",
    "huggingface": "/generate(?:_stream)?(?:/.*)?|(?:/hf-inference)?/models/.*/pipeline/.*",
    "interactions": "/v1[a-z]*/interactions(?:/.*)?",
    "ollama": "/api/.*",
}
"""Family of dialects → RE2 expression of all paths where its clients may be, wrong ones too; short,
for an Envoy of somebody else's refuses long ones."""

CALL = ("ai.finder", "call")
JSON = "application/json"


class LocalReplies(msgspec.Struct, frozen=True, eq=False):
    """`local_reply_config`, and names for the objects in it that stand in several places."""

    config: Json
    anchors: Mapping[int, str]


@lru_cache(maxsize=8)
def local_replies(max_body_bytes: int, prefix: str = "", *, tokens: bool = False) -> LocalReplies:
    """All that Envoy says by itself; `prefix` is a path below which clients may be, too."""
    table = replies(max_body_bytes, tokens=tokens)
    said = [plain(condition(reply)) for reply in table]
    anchors = {id(when): f"reply-{number}" for number, when in enumerate(said, 1)}
    mappers = [plain(_complete())]
    for family, dialect in forms().items():
        clients = plain(_clients(family, PLACES.get(family) or _endpoints(dialect), prefix))
        anchors[id(clients)] = f"clients-of-{family}"
        for reply, when in zip(table, said, strict=True):
            if reply.finer:
                continue
            both = {"and_filter": {"filters": [clients, when]}}
            mappers.append({"filter": both, **plain(_in_form(dialect, reply))})
    for reply, when in zip(table, said, strict=True):
        mappers.append({"filter": when, **plain(_mapper(openai(reply), None, _marks(reply)))})
    return LocalReplies({"mappers": mappers}, anchors)


def forms() -> dict[str, Dialect]:
    """Each family with a form of its own, and a dialect that knows it."""
    found: dict[str, Dialect] = {}
    for dialect in sorted(DIALECTS.values(), key=lambda one: one.name not in APART):
        if dialect.client and family_of(dialect) != OWN:
            found.setdefault(family_of(dialect), dialect)
    return found


def family_of(dialect: Dialect) -> str:
    """The first word of its name; a family has one form for its errors, most of the time."""
    family = APART.get(dialect.name) or dialect.name.partition(".")[0]
    return LIKE.get(family, family)


def _endpoints(dialect: Dialect) -> str:
    paths = [endpoint.path.split("{model}") for endpoint in dialect.client]
    return "|".join("[^/]+".join(map(re.escape, parts)) for parts in paths)


def _clients(family: str, places: str, prefix: str) -> AccessLogFilter:
    """Whether a request came to one of `places`, or is about what is kept in the family's format.

    The finder's call says so; before it, the path itself does, or a header where several families
    have a path. Afterwards the path may be the provider's.
    """
    calls = [f"[a-z]+\n(?:{places})(?:[?].*)?\n.*", f"kept\n.*\n{family}[.].*"]
    found = [metadata_is(*CALL, ValueMatcher(string_match=_expression(one))) for one in calls]
    before = f"(?:{re.escape(prefix)})?" if prefix else ""
    path = _expression(f"{before}(?:{places})(?:[?].*)?")
    said = [HeaderMatcher(name=":path", string_match=path)]
    said += [HeaderMatcher(name=name, present_match=True) for name in _marks_of(family)]
    never = ValueMatcher(string_match=StringMatcher(exact="-"))
    early = [metadata_is(*CALL, never, absent=True), _any_of(said)]
    early_on = AccessLogFilter(and_filter=AndFilter(early))
    return AccessLogFilter(or_filter=OrFilter([*found, early_on]))


def _any_of(headers: list[HeaderMatcher]) -> AccessLogFilter:
    """Whether one of them is so."""
    each = [AccessLogFilter(header_filter=HeaderFilter(header=header)) for header in headers]
    return AccessLogFilter(or_filter=OrFilter(each)) if len(each) > 1 else each[0]


def _marks_of(family: str) -> list[str]:
    """Headers by which the family's clients are known where others have the same paths."""
    kinds = [kept for kept in RESOURCES.values() if family_of(kept) == family]
    return sorted({kept.marked for kept in kinds if kept.marked})


def _expression(expression: str) -> StringMatcher:
    return StringMatcher(safe_regex=RegexMatcher(regex=expression))


def _complete() -> ResponseMapper:
    """Bodies that are ready for the client; everything else below would wrap them again."""
    return ResponseMapper(
        filter=metadata_is(REPLY_NAMESPACE, "ready", ValueMatcher(bool_match=True)),
        body_format_override=SubstitutionFormatString(
            text_format_source=DataSource(inline_string="%LOCAL_REPLY_BODY%"), content_type=JSON
        ),
    )


def _mapper(
    body: Any, status: int | None = None, headers: Mapping[str, str] | None = None
) -> ResponseMapper:
    overwrite = HeaderValueOptionHeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD
    return ResponseMapper(
        status_code=status,
        body_format_override=SubstitutionFormatString(json_format=struct(body)),
        headers_to_add=[
            HeaderValueOption(header=HeaderValue(key=key, value=value), append_action=overwrite)
            for key, value in (headers or {}).items()
        ],
    )


def _in_form(dialect: Dialect, reply: Reply) -> ResponseMapper:
    error = ApiError(status=reply.status, cause=cause_of(reply.status), message=reply.message)
    status, headers, body = dialect.render_error(error)
    changed = None if status == reply.status or reply.above else status
    own = {name: value for name, value in headers.items() if name != "content-type"}
    return _mapper(orjson.loads(body), changed, {**own, **_marks(reply)})


def _marks(reply: Reply) -> Mapping[str, str]:
    return {UNSERVED: "true"} if reply.unserved else {}


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
