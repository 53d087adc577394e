"""ProcessingRequest bytes → Event, Action → ProcessingResponse bytes.

The only room that knows Envoy's protobuf messages. An exchange is four small messages each way, so
their few fields are read from the bytes where they stand and written as bytes: a protobuf library
costs more than all the rest of a message. Tests hold both directions against the library.
"""

from extproc.exchange.wire.reading import WireError, decode
from extproc.exchange.wire.text import metadata
from extproc.exchange.wire.writing import REPLY_NAMESPACE, encode

__all__ = ("REPLY_NAMESPACE", "WireError", "decode", "encode", "metadata")
