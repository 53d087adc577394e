"""Which headers pass: a client's to its provider, and a provider's to the client.

Between equal dialects what nobody should see is taken out. Between two, only what has a meaning on
the other side goes on. docs/limits.md has the whole rule.
"""

from collections.abc import Iterable

from providers.signing.sign import CREDENTIAL_HEADERS

UNSERVED = "x-ai-unserved"
"""Header of Envoy's own answers where no provider has served: the charge is taken back."""

MAX_KNOWN = 1_024
"""Sets of header names whose answer is kept; clients can think of any number."""

INTERNAL = (
    *("x-ai-model", "x-ai-eg-model", "x-ai-client", "x-ai-backend", "x-ai-cluster"),
    *("x-ai-session", "x-ai-call", "x-ai-next", "x-ai-route"),
)
# No compression is asked for: what must be read had better be plain.
CLIENT_ONLY = (
    "accept-encoding",
    "expect",
    "x-envoy-expected-rq-timeout-ms",
    "x-envoy-attempt-count",
)
# https://cloud.google.com/apis/docs/http: another method is another act.
METHODS = ("x-http-method-override", "x-http-method", "x-method-override")
# Codex sends two of them without a prefix; the Gemini, AWS and Anthropic SDKs tell of themselves.
TELEMETRY = frozenset({"origin", "originator", "referer", "x-app", "session_id", "conversation_id"})
TELEMETRY |= {"x-goog-api-client", "x-amz-user-agent", "x-client-request-id", "forwarded", "via"}
TELEMETRY |= {"anthropic-dangerous-direct-browser-access", "x-real-ip"}
TELEMETRY_PREFIXES = (
    "x-stainless-",
    "x-codex-",
    "x-claude-code-",
    "x-fern-",
    "amz-sdk-",
    "sec-",
    "x-ai-",
    "x-forwarded-",
)

NEVER = frozenset({*CREDENTIAL_HEADERS, *INTERNAL, *CLIENT_ONLY, *METHODS, *TELEMETRY})
"""Headers of clients that no provider must see."""

# https://platform.openai.com/docs/api-reference/authentication: they choose whose account pays,
# among those of the client's key.
ACCOUNT = frozenset({"openai-organization", "openai-project"})

TRACING = frozenset({"traceparent", "tracestate", "b3", "x-cloud-trace-context", "x-request-id"})
TRACING |= {"x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled", "x-b3-flags"}
PASSED = TRACING | {"accept", "content-type", "content-length", "transfer-encoding", "te", "host"}
PASSED |= {"user-agent"}
"""Headers of clients that mean the same everywhere."""


class Passing:
    """A rule for headers, with what it has said of each set of them."""

    def __init__(
        self,
        *,
        allowed: frozenset[str] | None = None,
        denied: frozenset[str] = frozenset(),
        prefixes: tuple[str, ...] = (),
    ) -> None:
        """`allowed`: the only ones that pass, if there is such a list; the rest never does."""
        self._allowed = allowed
        self._denied = denied
        self._prefixes = prefixes
        self._known: dict[str, Removed] = {}

    def passes(self, name: str) -> bool:
        """Whether the header `name` goes on."""
        if name in self._denied or name.startswith(self._prefixes):
            return False
        return self._allowed is None or name in self._allowed or name.startswith(":")

    def removed(self, names: str) -> "Removed":
        """Those of `names`, one a line, that do not go on."""
        found = self._known.get(names)
        if found is None:
            every = dict.fromkeys(names.split("\n"))
            found = Removed([name for name in every if name and not self.passes(name)])
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._known[names] = found
        return found


class Removed(tuple[str, ...]):
    """Names of headers that do not go on."""

    here: tuple[str, ...]
    """Those that another backend may have to find again."""

    def __new__(cls, names: Iterable[str]) -> "Removed":
        """`names`, in the order in which they came."""
        made = super().__new__(cls, names)
        made.here = tuple([name for name in made if not is_never_sent(name)])
        return made


def to_provider(
    *, translated: bool, own: frozenset[str], wanted: Iterable[str], foreign: frozenset[str]
) -> Passing:
    """The rule for requests to one backend.

    `own`: headers of the provider's dialect; `wanted`: what the user lets through; `foreign`: what
    this backend must not get.
    """
    kept = own | frozenset(wanted)
    return Passing(
        allowed=(PASSED | kept) if translated else None,
        denied=(NEVER - frozenset(wanted)) | foreign,
        prefixes=TELEMETRY_PREFIXES,
    )


FETCHING_PREFIXES = ("sec-fetch-", "sec-ch-", "sec-gpc")
HANDSHAKE_PREFIXES = tuple(prefix for prefix in TELEMETRY_PREFIXES if prefix != "sec-")
PROTOCOLS = "sec-websocket-protocol"
COMPRESSION = frozenset({"sec-websocket-extensions"})
"""What must be read of a session had better be plain, as of an answer."""


def in_session(*, wanted: Iterable[str], foreign: frozenset[str]) -> Passing:
    """The rule for handshakes of WebSockets, whose own headers begin as browsers' do."""
    return Passing(
        denied=(NEVER - frozenset(wanted)) | foreign | COMPRESSION,
        prefixes=HANDSHAKE_PREFIXES + FETCHING_PREFIXES,
    )


def is_never_sent(name: str) -> bool:
    """Whether no backend gets the header, so that none has to find it again."""
    return name in NEVER or name.startswith(TELEMETRY_PREFIXES)


# A provider's cookies, services, security and redirections are about its host, not ours; whose
# account has paid is nobody's business.
ANSWERS = (
    *("set-cookie", "alt-svc", "strict-transport-security", "location", "content-location"),
    *("www-authenticate", "proxy-authenticate", "server-timing", "nel", "report-to", "via"),
    *("openai-organization", "openai-project", "anthropic-organization-id"),
    *("content-security-policy", "reporting-endpoints", "x-powered-by", UNSERVED),
)
"""Headers of providers that no client must see."""

TRANSLATED_ANSWERS = Passing(
    allowed=TRACING
    | {"content-type", "content-length", "content-encoding", "transfer-encoding", "date", "server"}
    | {"retry-after", "retry-after-ms", "x-should-retry", "cache-control"}
)
"""The same where the client speaks another dialect: rate limits and ids have other names there."""
