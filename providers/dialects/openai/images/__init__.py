"""The openai.images dialect: pictures made from a text.

https://platform.openai.com/docs/api-reference/images/create
"""

import msgspec

from providers.bridging.dialect import Endpoint, Uneventful
from providers.bridging.plain import PlainDialect
from providers.dialects.openai.images.edits import (
    parse_edit,
    parse_variation,
    render_edit,
    render_variation,
)
from providers.dialects.openai.images.request import parse_request, render_request, uses
from providers.dialects.openai.images.response import parse_response, read, render_response, watch
from providers.dialects.openai.images.stream import ImagesRelay, render_edit_stream, render_stream
from providers.neutral.images import ImageAnswer, ImageRequest
from providers.operations import Operation
from providers.wire.compatible_errors import parse_error, render_error
from providers.wire.splice import model_edit

DIALECT = PlainDialect[ImageRequest, ImageAnswer](
    name="openai.images",
    operation=Operation.IMAGES,
    client=(
        Endpoint(path="/v1/images/generations"),
        Endpoint(path="/openai/v1/images/generations"),
        Endpoint(path="/openai/deployments/{model}/images/generations"),
    ),
    upstream=(Endpoint(path="/images/generations"),),
    request_id="x-request-id",
    carries=frozenset(
        {"n", "size", "quality", "style", "transparent", "moderation", "format", "compression"}
        | {"delivery", "partials", "negative", "seed", "user"}
    ),
    names={
        "transparent": "background",
        "format": "output_format",
        "compression": "output_compression",
        "delivery": "response_format",
        "partials": "partial_images",
        "negative": "negative_prompt",
    },
    parse_request=parse_request,
    render_request=render_request,
    parse_response=parse_response,
    render_response=render_response,
    render_stream=render_stream,
    parse_error=parse_error,
    render_error=render_error,
    read=read,
    watch=watch,
    relay=ImagesRelay,
    edits=model_edit,
    uses=uses,
)
EDITS = msgspec.structs.replace(
    DIALECT,
    name="openai.image_edits",
    operation=Operation.IMAGE_EDITS,
    client=(
        Endpoint(path="/v1/images/edits"),
        Endpoint(path="/openai/v1/images/edits"),
        Endpoint(path="/openai/deployments/{model}/images/edits"),
    ),
    upstream=(Endpoint(path="/images/edits"),),
    form=True,
    names={**DIALECT.names, "pictures": "image"},
    carries=DIALECT.carries | {"pictures", "mask"},
    parse_request=parse_edit,
    render_request=render_edit,
    render_stream=render_edit_stream,
)
VARIATIONS = msgspec.structs.replace(
    EDITS,
    name="openai.image_variations",
    client=(
        Endpoint(path="/v1/images/variations"),
        Endpoint(path="/openai/v1/images/variations"),
    ),
    upstream=(Endpoint(path="/images/variations"),),
    carries=frozenset({"n", "size", "delivery", "user", "pictures", "variation"}),
    parse_request=parse_variation,
    render_request=render_variation,
    render_stream=None,
    relay=Uneventful,
)
"""Made by a retired model of OpenAI's, and by servers of its format."""

DIALECTS = (DIALECT, EDITS, VARIATIONS)
