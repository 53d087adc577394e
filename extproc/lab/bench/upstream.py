"""The provider of all loads: the simulator in a process of its own, which checks nothing.

`python -m extproc.lab.bench.upstream PORT`
"""

import sys

from extproc.lab.simulator import run

if __name__ == "__main__":
    # Nothing is remembered of a request: a copy of each body would be all that grows.
    run(port=int(sys.argv[1]), validate=False, keep=1, keep_body=0)
