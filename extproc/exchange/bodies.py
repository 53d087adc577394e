"""The bodies of clients, read: JSON, or a form."""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec
import orjson

from extproc.exchange import acts, ids
from extproc.exchange.ids import Seal, Showing
from providers.bridging.dialect import Dialect, Sent
from providers.bridging.kept_ids import Ids
from providers.errors import InvalidRequest
from providers.wire import multipart
from providers.wire.budget import Bounds
from providers.wire.members import Json
from providers.wire.multipart import Form
from providers.wire.splice import edit


class Named(Protocol):
    """Headers, by name."""

    def get(self, name: str) -> str | None: ...


def read(data: bytes, bounds: Bounds) -> Json:
    """A JSON object; raises InvalidRequest."""
    bounds.request(data)
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"the body is not valid JSON: {error}") from None
    if not isinstance(body, dict):
        raise InvalidRequest("the body must be a JSON object")
    return body


NO_BODY = "the request has no body"


def parts_of(
    data: bytes, dialect: Dialect, headers: Named, bounds: Bounds
) -> tuple[Form | None, Json]:
    """A body as its dialect has it, if that is a form, and its members; raises InvalidRequest."""
    is_form = dialect.form
    if dialect.either:
        is_form = multipart.is_form(headers.get("content-type") or "")
    if not is_form:
        return None, read(data, bounds)
    form = multipart.parse(data, headers.get("content-type") or "")
    return form, form.members()


def opened(data: bytes, body: Json, dialect: Dialect, seal: Seal) -> tuple[bytes, Json]:
    """A body with the provider's ids of what it keeps; raises NotFound."""
    assert dialect.ids is not None
    known = ids.opened(data, body, dialect.ids(body), seal)
    return known, body if known is data else orjson.loads(known)


def renamed(
    data: bytes, body: Json, dialect: Dialect, name: Callable[[str], str]
) -> tuple[bytes, Json]:
    """A body with the provider's names of the models beside its own; raises what `name` does."""
    found: Any = body
    for way in dialect.others:
        found = acts.renamed(found, way, name)
    changes = {member: value for member, value in found.items() if value is not body[member]}
    return (edit(data, body, changes), found) if changes else (data, body)


def opened_form(
    form: Form, members: Json, dialect: Dialect, seal: Seal, content_type: str
) -> tuple[Form, Json]:
    """A form with the provider's ids of what it keeps; raises NotFound."""
    assert dialect.ids is not None
    data = ids.opened_form(form, members, dialect.ids(members), seal)
    if data is form.data:
        return form, members
    known = multipart.parse(data, content_type)
    return known, known.members()


def reaching(sent: Sent, data: bytes, places: Ids, seal: Seal | None) -> Sent:
    """What goes to a provider whose ids stand in URLs; raises NotFound for one that is not the
    client's."""
    if not places.named(data):
        return sent
    assert seal is not None
    return msgspec.structs.replace(sent, body=ids.opened(data, orjson.loads(data), places, seal))


def showing(body: Json, dialect: Dialect, seal: Seal | None, bounds: Bounds) -> Showing | None:
    """How the ids in an answer are shown; None: as they are."""
    if dialect.ids is None:
        return None
    places = dialect.shown or dialect.ids(body)
    return Showing(ids=places, seal=seal, bounds=bounds) if places.answers else None
