"""`make fuzz`: every fuzz test, for as long as one likes.

The same tests run in `make test` for seconds; here they get as many examples as fit in the time.
"""

import argparse
import os
import subprocess
import sys
import time

TESTS = (
    "tests/extproc/exchange/test_wire.py",
    "tests/extproc/exchange/test_exchange.py",
    "tests/providers/wire",
    "tests/providers/dialects",
)


def main() -> int:
    """1 as soon as a test fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    seconds = parser.parse_args().seconds
    deadline = time.monotonic() + seconds
    frames = [sys.executable, "-m", "tests.extproc.transport.fuzz_http2", str(seconds / 3)]
    if subprocess.run(frames, check=False).returncode:
        return 1
    rounds = 0
    while time.monotonic() < deadline:
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-k", "not sdk", *TESTS]
        env = {**os.environ, "HYPOTHESIS_PROFILE": "fuzz"}
        if subprocess.run(command, env=env, check=False).returncode:
            return 1
        rounds += 1
    print(f"{rounds} rounds, nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
