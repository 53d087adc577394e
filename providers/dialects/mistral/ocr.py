"""The mistral.ocr dialect, which nobody else speaks: pages of documents, read.

https://docs.mistral.ai/api/#tag/ocr
"""

from typing import Any

from providers.bridging.dialect import Dialect, Endpoint, Seen
from providers.errors import BadAnswer
from providers.operations import Operation
from providers.usage import Units, Usage, count
from providers.wire import members
from providers.wire.compatible_errors import parse_error, render_error
from providers.wire.members import Json
from providers.wire.splice import model_edit


def watch(body: Json) -> Seen:
    """How many pages were read."""
    pages, said = body.get("pages"), body.get("usage_info")
    if not isinstance(pages, list):
        raise BadAnswer("the provider's answer has no pages")
    number = count(_member(said, "pages_processed"))
    units = Units(pages=len(pages) if number is None else number)
    return Seen(usage=Usage(units=units), model=members.string(body.get("model")))


def _member(owner: Any, name: str) -> Any:
    return owner.get(name) if isinstance(owner, dict) else None


DIALECT = Dialect(
    name="mistral.ocr",
    operation=Operation.OCR,
    client=(Endpoint(path="/v1/ocr"),),
    upstream=(Endpoint(path="/ocr"),),
    parse_error=parse_error,
    render_error=render_error,
    watch=watch,
    edits=model_edit,
)

DIALECTS = (DIALECT,)
