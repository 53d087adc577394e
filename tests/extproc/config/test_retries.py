"""What backends say of further attempts."""

import pytest

from extproc.config import ConfigError
from extproc.config.load import parse


def route(*said, **retry):
    """The route to backends that say these things, by priority."""
    backends = {
        f"b{number}": {"provider": "vllm", "base_url": "http://x", "retry": one}
        for number, one in enumerate(said)
    }
    entries = [{"backend": name, "priority": number} for number, name in enumerate(backends)]
    routes = [{"models": ["m"], "backends": entries, "retry": retry}]
    (found,) = parse({"version": 1, "backends": backends, "routes": routes}).routes
    return found


def test_a_backend_speaks_for_a_route_that_says_nothing():
    found = route({"attempts": 1})
    assert (found.attempts, found.retry.backoff) == (1, 0.025)
    found = route({"attempts": 5, "backoff": "1s", "max_backoff": "3s"}, on=["5xx"])
    assert (found.attempts, found.retry.backoff, found.retry.max_backoff) == (5, 1, 3)
    assert found.retry.on == ("5xx",)


def test_a_route_speaks_for_itself():
    said = {"attempts": 5, "backoff": "100ms", "max_backoff": "3s"}
    found = route(said, attempts=2, max_backoff="1s")
    assert (found.attempts, found.retry.backoff, found.retry.max_backoff) == (2, 0.1, 1)


def test_the_most_patient_one_holds_and_nobody_stops_a_failover():
    found = route({"backoff": "10ms"}, {"attempts": 4, "backoff": "50ms"})
    assert (found.attempts, found.retry.backoff) == (4, 0.05)
    assert route({"attempts": 1}, {}, {"attempts": 2}).attempts == 3


@pytest.mark.parametrize(
    ("own", "retry", "where"),
    [
        ({"backoff": "2s"}, {}, "backends.b0.retry.backoff"),
        ({"backoff": "2s", "max_backoff": "3s"}, {"max_backoff": "1s"}, "routes"),
    ],
)
def test_waits_that_could_only_fall_are_refused(own, retry, where):
    with pytest.raises(ConfigError, match="max_backoff") as caught:
        route(own, **retry)
    assert where in str(caught.value)
