"""Short words for building Envoy's messages."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any as Anything

from betterproto2 import Casing, Message
from envoy_data_plane.envoy.config.core.v3 import (
    Address,
    DataSource,
    HttpProtocolOptions,
    Metadata,
    Pipe,
    SocketAddress,
    TransportSocket,
)
from envoy_data_plane.envoy.extensions.filters.network.http_connection_manager.v3 import HttpFilter
from envoy_data_plane.google.protobuf import Any, Struct
from pydantic_core import SchemaValidator

Json = dict[str, Anything]

# betterproto2 evaluates all annotations of a class again for each of its fields, which is most of
# the time until the first message, and makes the validator of a class again for each message, which
# is half of the time of all others; it asks what warnings there are for each field
# (https://github.com/betterproto/python-betterproto2).
_evaluated: Anything = cache(vars(Message)["_type_hints"].__func__)
setattr(Message, "_type_hints", classmethod(_evaluated))  # noqa: B010


@cache
def _validator(kind: type[Message]) -> SchemaValidator:
    schema: Anything = kind
    return SchemaValidator(schema.__pydantic_core_schema__)


def _validate(message: Message) -> None:
    fields = {**vars(message)}
    del fields["_unknown_fields"]
    _validator(type(message)).validate_python(fields)


def _default(message: Anything, field: str) -> Anything:
    return message._betterproto.default_gen[field]()


setattr(Message, "_validate", _validate)  # noqa: B010
setattr(Message, "_get_field_default", _default)  # noqa: B010

UNBOUNDED = 2**32 - 1
"""For bounds that Envoy sets low where none is given."""


def packed(message: Message) -> Any:
    """The message with its type beside it."""
    return Any.pack(message)


def plain(message: Message) -> Json:
    """The message as YAML says it, in the field names of Envoy's documentation."""
    return message.to_dict(casing=Casing.SNAKE)


def http_filter(name: str, config: Message, *, disabled: bool = False) -> HttpFilter:
    """An HTTP filter; a disabled one works only where a route enables it."""
    return HttpFilter(name=name, typed_config=packed(config), disabled=disabled)


def transport_socket(name: str, config: Message) -> TransportSocket:
    """A transport socket."""
    return TransportSocket(name=name, typed_config=packed(config))


def socket(host: str, port: int) -> Address:
    """A TCP address."""
    return Address(socket_address=SocketAddress(address=host, port_value=port))


def pipe(path: str) -> Address:
    """A Unix socket."""
    return Address(pipe=Pipe(path=path))


def seconds(duration: float) -> timedelta:
    """A duration."""
    return timedelta(seconds=duration)


def file(path: str) -> DataSource:
    """The content of a file on Envoy's machine."""
    return DataSource(filename=path)


def inline(text: str) -> DataSource:
    """The text itself."""
    return DataSource(inline_string=text)


def metadata(namespaces: Mapping[str, Mapping[str, Anything]]) -> Metadata:
    """Namespace → key → value."""
    return Metadata(
        filter_metadata={name: Struct.from_dict(dict(keys)) for name, keys in namespaces.items()}
    )


def struct(fields: Mapping[str, Anything]) -> Struct:
    """Plain data as Envoy's messages hold it."""
    made: Struct = Struct.from_dict(dict(fields))
    return made


def idle(duration: float) -> HttpProtocolOptions:
    """Closes connections that nobody has used for so many seconds."""
    return HttpProtocolOptions(idle_timeout=seconds(duration))
