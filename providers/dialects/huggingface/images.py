"""The huggingface.images dialect: text to image, whose answer is the bytes of a picture.

https://huggingface.co/docs/inference-providers/tasks/text-to-image
"""

from base64 import b64encode

from providers.bridging.dialect import Endpoint, Seen
from providers.bridging.plain import PlainDialect
from providers.dialects.huggingface.generate.errors import parse_error, render_error
from providers.errors import BadAnswer
from providers.neutral.images import ImageAnswer, ImageRequest, Picture, used
from providers.operations import Operation
from providers.wire import members
from providers.wire.members import Json

NAME = "huggingface.images"
SIGNATURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}
"""How a file of each media type begins."""


def render_request(request: ImageRequest, model: str, dropped: list[str]) -> Json:
    """The path has the model; raises Unsupported for more than one picture."""
    request.inline(model)
    request.at_most(1, model)
    request.made_as(("png",), model, dropped)
    size = request.size
    parameters = members.optional(
        width=size and size.width,
        height=size and size.height,
        negative_prompt=request.negative,
        seed=request.seed,
    )
    return members.optional(inputs=request.prompt, parameters=parameters)


def read(data: bytes) -> tuple[bytes, str]:
    """(the bytes, their media type); raises BadAnswer where they are no picture."""
    for start, media_type in SIGNATURES.items():
        if data.startswith(start):
            return data, media_type
    raise BadAnswer("the provider's answer is no picture")


def watch(answer: tuple[bytes, str]) -> Seen:
    """A picture says nothing of itself."""
    return Seen(usage=used(1))


def parse_response(answer: tuple[bytes, str]) -> ImageAnswer:
    """The only picture."""
    data, media_type = answer
    picture = Picture(base64=b'"' + b64encode(data) + b'"', media_type=media_type)
    return ImageAnswer(pictures=(picture,), usage=used(1))


DIALECT = PlainDialect[ImageRequest, ImageAnswer](
    name=NAME,
    operation=Operation.IMAGES,
    client=(),
    upstream=(Endpoint(path="/models/{org/model}"),),
    # Who accepts anything gets what the model has last been asked for.
    request_headers={"accept": "image/png"},
    carries=frozenset({"n", "size", "format", "delivery", "negative", "seed"}),
    render_request=render_request,
    parse_response=parse_response,
    parse_error=parse_error,
    render_error=render_error,
    read=read,
    watch=watch,
)

DIALECTS = (DIALECT,)
