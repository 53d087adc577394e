"""`python -m extproc` is the console script `extproc`."""

import sys

from extproc.cli import main

sys.exit(main())
