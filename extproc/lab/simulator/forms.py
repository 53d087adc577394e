"""Bodies of several parts, read by what Python has for mail: nothing of it is the gateway's."""

from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from extproc.lab.simulator.dialect import Refusal


class File(dict[str, Any]):
    """A file of a form: its `name`, `type` and `data`."""


def members(content_type: str, body: bytes) -> dict[str, Any]:
    """Name → text, File, or a list of them where the name ends in `[]`; raises Refusal."""
    head = f"content-type: {content_type}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    found: dict[str, Any] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            raise Refusal("A part of the form has no name.")
        data = part.get_payload(decode=True)
        filename = part.get_filename()
        content = data if isinstance(data, bytes) else b""
        value: Any
        if filename is None:
            value = content.decode()
        else:
            value = File(name=filename, type=part.get_content_type(), data=content)
        if name.endswith("[]"):
            found.setdefault(name[:-2], []).append(value)
        elif name in found:
            raise Refusal(f"{name} is given more than once.", param=name)
        else:
            found[name] = value
    return found


def related(content_type: str, body: bytes) -> list[tuple[str, bytes]]:
    """(type, content) of each part of a body of parts that have no names."""
    head = f"content-type: {content_type}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    parts = list(message.iter_parts()) if message.is_multipart() else []
    found = [(part.get_content_type(), part.get_payload(decode=True)) for part in parts]
    return [(kind, data) for kind, data in found if isinstance(data, bytes)]
