"""The ext_proc server: the only package that knows Envoy, the clock, files and sockets."""

from extproc import native

__version__ = "0.1.0"

NAMESPACE = "ai.extproc"
"""Of the dynamic metadata that we report, and of what an endpoint says of its backend."""

native.install()
