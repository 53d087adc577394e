"""Runs the cases of a driver, each by itself, and says what became of each."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

LIMIT = 30
"""Seconds for one case."""


def late(*_: Any) -> None:
    raise TimeoutError(f"{LIMIT} s")


def run(cases: dict[str, Callable[[], Any]]) -> None:
    """Prints `ok NAME` or `failed NAME: why` for each; ends the process."""
    signal.signal(signal.SIGALRM, late)
    for name, case in cases.items():
        signal.alarm(LIMIT)
        try:
            case()
            print("ok", name)
        except Exception as error:
            said = f"{type(error).__name__}: {error}".replace("\n", " ")
            print(f"failed {name}: {said[:500]}")
        signal.alarm(0)
    sys.stdout.flush()
    # Some frameworks leave threads behind that never end.
    os._exit(0)
