"""How soon backends begin to answer, as Envoy is told it to share requests out by that.

Envoy's client_side_weighted_round_robin reads what an answer says of its server's load, in the form
of ORCA (https://github.com/cncf/xds/blob/main/xds/data/orca/v3/orca_load_report.proto), and gives
an address requests in proportion to `rps / utilization`. Seconds stand for the utilization here.
"""

LOAD = "endpoint-load-metrics"
"""Header of an answer, which no client gets."""
SHARE = 0.1
"""Of the latest answer in the average."""
FAILED = 10.0
"""Seconds that a failure counts for at least, or the first to refuse would look the fastest."""
LEAST = 0.001


class Pace:
    """The average of one backend, as one process sees it."""

    __slots__ = ("_seconds",)

    def __init__(self) -> None:
        self._seconds = 0.0

    def told(self, seconds: float, status: int) -> tuple[str, str]:
        """The header that says it, after an answer of this status has begun in so many seconds."""
        if status >= 500 or status == 429:
            seconds = max(seconds, FAILED)
        known = self._seconds or seconds
        self._seconds = max(known + SHARE * (seconds - known), LEAST)
        return LOAD, f"TEXT application_utilization={self._seconds:.6f},rps_fractional=1"
