"""Where who runs the gateway looks at it."""

from extproc.config.base import Model
from extproc.config.process import ServerTls
from extproc.config.values import FilePath, Flag, Port, SecretRef
from extproc.config.web import IpAddress


class Admin(Model):
    """The management API, served by a process of its own."""

    address: IpAddress = "127.0.0.1"
    """IP address; whoever reaches it needs the key, too."""
    port: Port = 8081
    """TCP port."""
    key: SecretRef
    """Where the key is that callers send as `Authorization: Bearer KEY`."""
    write: Flag = False
    """Whether backends may be changed there, too: in gateway.yaml, which must be writable."""
    history: FilePath = "gateway.history"
    """A directory, relative to this file, for what gateway.yaml was before each such change."""
    envoy: Flag = False
    """Whether Envoy's admin interface on this machine is asked which backends it passes over."""
    tls: ServerTls | None = None
    """Serve https; with `client_ca`, mutual TLS. Default: plain http."""
