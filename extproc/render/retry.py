"""When a failed attempt is made again, and where."""

from collections.abc import Sequence

from envoy_data_plane.envoy.config.route.v3 import (
    HeaderMatcher,
    RetryPolicy,
    RetryPolicyRateLimitedRetryBackOff,
    RetryPolicyResetHeader,
    RetryPolicyResetHeaderFormat,
    RetryPolicyRetryBackOff,
    RetryPolicyRetryHostPredicate,
    RetryPolicyRetryPriority,
)
from envoy_data_plane.envoy.extensions.retry.host.previous_hosts.v3 import PreviousHostsPredicate
from envoy_data_plane.envoy.extensions.retry.priority.previous_priorities.v3 import (
    PreviousPrioritiesConfig,
)

from extproc.config.gateway import Gateway
from extproc.config.retry import CONDITIONS
from extproc.config.route import Route
from extproc.exchange.again import MARK, is_read
from extproc.render.typed import packed, seconds

# Envoy counts an attempt that timed out as one that was reset.
WORDS = {"timeout": "reset"}

SILENT = frozenset(
    {"connect-failure", "refused-stream", "reset", "reset-before-request", "timeout"}
)
MARKED = [HeaderMatcher(name=MARK, present_match=True)]
HOST_ATTEMPTS = 5
"""How often a host that was tried before is drawn anew."""


def retry_policy(gateway: Gateway, route: Route, *, marked: bool = True) -> RetryPolicy | None:
    """The route's `retry`; None where there is one attempt, with as much time as the exchange.

    `marked`: whether the server reads refusals; else all goes by the status.
    """
    per_try = _per_try(gateway, route)
    if route.attempts < 2:
        # Envoy knows no other place for the time of an attempt.
        return RetryPolicy(num_retries=0, per_try_timeout=seconds(per_try)) if per_try else None
    words = _conditions(route)
    judged = marked and route.lossless
    read = [word for word in words if judged or is_read(word)] if marked else []
    statuses = [int(word) for word in words if word.isdigit() and word not in read]
    several = route.levels > 1
    return RetryPolicy(
        retry_on=",".join(_unheard(words) if judged else _words(words, statuses, read)),
        retriable_status_codes=statuses,
        retriable_headers=MARKED if read else [],
        rate_limited_retry_back_off=_waiting(route.retry.retry_after),
        num_retries=route.attempts - 1,
        per_try_timeout=seconds(per_try) if per_try else None,
        per_try_idle_timeout=seconds(_idle(gateway, route)),
        retry_priority=_other_priorities() if several else None,
        retry_host_predicate=[
            RetryPolicyRetryHostPredicate(
                name="envoy.retry_host_predicates.previous_hosts",
                typed_config=packed(PreviousHostsPredicate()),
            )
        ],
        host_selection_retry_max_attempts=HOST_ATTEMPTS,
        refresh_cluster_on_retry=marked and (route.lossless or route.ordered),
        retry_back_off=RetryPolicyRetryBackOff(
            base_interval=seconds(route.retry.backoff),
            max_interval=seconds(route.retry.max_backoff),
        ),
    )


def same_again(gateway: Gateway) -> RetryPolicy:
    """For requests of our own, each to one backend: again, where the provider was too busy."""
    timeouts = gateway.envoy.timeouts
    return RetryPolicy(
        retry_on="5xx,connect-failure,refused-stream,reset,retriable-status-codes",
        retriable_status_codes=[429],
        num_retries=2,
        per_try_timeout=seconds(timeouts.per_try) if timeouts.per_try else None,
        retry_back_off=RetryPolicyRetryBackOff(base_interval=seconds(0.1), max_interval=seconds(2)),
    )


def marks(route: Route) -> bool:
    """Whether the server marks refusals after which another attempt is made."""
    return route.attempts > 1 and (route.lossless or any(map(is_read, _conditions(route))))


def _conditions(route: Route) -> tuple[str, ...]:
    return route.retry.conditions(len(route.backends))


def _words(conditions: Sequence[str], statuses: Sequence[int], read: Sequence[str]) -> list[str]:
    words = [WORDS.get(word, word) for word in conditions if word in CONDITIONS]
    if statuses:
        words.append("retriable-status-codes")
    if read:
        words.append("retriable-headers")
    return list(dict.fromkeys(words))


def _unheard(conditions: Sequence[str]) -> list[str]:
    """What remains for Envoy to judge, where the server marks each answer that is to be replaced:
    what nobody has answered."""
    silent = "reset" if {"5xx", "gateway-error"} & {*conditions} else ""
    words = [WORDS.get(word, word) for word in conditions if word in SILENT]
    return list(dict.fromkeys(filter(None, ["retriable-headers", *words, silent])))


def _waiting(most: float | None) -> RetryPolicyRateLimitedRetryBackOff | None:
    """Envoy does as an answer says, if that is not too long; else as ever."""
    if most is None:
        return None
    said = RetryPolicyResetHeader(name="retry-after", format=RetryPolicyResetHeaderFormat.SECONDS)
    return RetryPolicyRateLimitedRetryBackOff(reset_headers=[said], max_interval=seconds(most))


def _per_try(gateway: Gateway, route: Route) -> float | None:
    """Envoy has one for a route: its own, else the most patient backend's."""
    if route.retry.per_try_timeout:
        return route.retry.per_try_timeout
    backends = [gateway.backends[backend.backend] for backend in route.backends]
    given = [b.timeouts.per_try for b in backends if b.timeouts.per_try]
    return max(given, default=gateway.envoy.timeouts.per_try or 0) or None


def _idle(gateway: Gateway, route: Route) -> float:
    return route.timeouts.stream_idle or gateway.envoy.timeouts.stream_idle


def _other_priorities() -> RetryPolicyRetryPriority:
    return RetryPolicyRetryPriority(
        name="envoy.retry_priorities.previous_priorities",
        typed_config=packed(PreviousPrioritiesConfig(update_frequency=1)),
    )
