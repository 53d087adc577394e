"""How much of what asks for work and carries nothing a peer may send."""

from collections.abc import Callable

from extproc.transport.frames import Code, ConnectionFault


class Patience:
    """A bucket of `burst` such frames that refills with `rate` of them per second."""

    def __init__(self, burst: int, rate: float, clock: Callable[[], float]) -> None:
        self._burst = burst
        self._rate = rate
        self._clock = clock
        self._spent = 0.0
        self._at = clock()

    def spend(self, cost: int = 1) -> None:
        """Counts one frame; ConnectionFault once there are too many."""
        now = self._clock()
        self._spent = max(0.0, self._spent - (now - self._at) * self._rate) + cost
        self._at = now
        if self._spent > self._burst:
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "too many frames that carry nothing")
