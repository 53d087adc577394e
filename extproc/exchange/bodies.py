"""The bodies of clients, read: JSON, or a form."""

import orjson

from extproc.exchange import ids
from extproc.exchange.ids import Seal
from providers.bridging.dialect import Dialect
from providers.errors import InvalidRequest
from providers.wire import multipart
from providers.wire.budget import Bounds
from providers.wire.members import Json
from providers.wire.multipart import Form


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


def is_form(dialect: Dialect, content_type: str) -> bool:
    """Whether a body has several parts."""
    return multipart.is_form(content_type) if dialect.either else dialect.form


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
