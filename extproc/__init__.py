"""The ext_proc server: the only package that knows Envoy, the clock, files and sockets."""

import os

from extproc import native

__version__ = "0.1.0"

NAMESPACE = "ai.extproc"
"""Of the dynamic metadata that we report, and of what an endpoint says of its backend."""

native.install()

# Else pydantic reads the metadata of everything installed, and runs what it finds there
# (https://docs.pydantic.dev/latest/concepts/plugins/).
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
