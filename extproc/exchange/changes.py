"""What is done to an answer as a whole."""

import msgspec
import orjson

from extproc.exchange import metadata
from extproc.exchange.events import Action, Change
from extproc.exchange.header_values import address
from extproc.exchange.ids import Showing

REWRITTEN = ("content-encoding", "content-length", "etag", "content-md5", "digest")
"""What is about the bytes of a body, and wrong of any other."""
USED = "x-ai-used"
"""In which the answer to a request of our own says what it used."""


def telling(action: Action) -> Action:
    """The same answer, which says what was used in a header, too."""
    if not isinstance(action, Change) or action.metadata is None:
        return action
    told = (USED, orjson.dumps(dict(action.metadata)).decode())
    return msgspec.structs.replace(action, set_headers=(*action.set_headers, told))


def redirect(location: str, showing: Showing | None, record: metadata.Record) -> Change:
    """RFC 9110, section 15.4.3; a path is one of this gateway's, where ids are shown otherwise."""
    if location.startswith("/") and showing is not None:
        location = showing.place(location)
    return Change(
        body=b"",
        remove_headers=(*REWRITTEN, "content-type"),
        set_headers=(
            (":status", "302"),
            ("content-length", "0"),
            ("location", address(location)),
        ),
        metadata=record,
    )
