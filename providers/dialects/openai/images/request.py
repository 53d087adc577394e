"""A request for pictures in OpenAI's format.

https://platform.openai.com/docs/api-reference/images/create
"""

from typing import Any

from providers.errors import Unsupported
from providers.neutral.images import Delivery, ImageRequest, size
from providers.usage import Units
from providers.wire import members
from providers.wire.members import Json

KNOWN = frozenset(
    {"model", "prompt", "n", "size", "quality", "style", "background", "moderation", "stream"}
    | {"output_format", "output_compression", "response_format", "partial_images", "user"}
    | {"seed", "negative_prompt"}
)
"""What is understood; the last two are of servers of open models."""
FORMATS = {"jpg": "jpeg"}


def parse_request(body: Json, path_model: str) -> ImageRequest:
    """A text and how it is to be shown; `auto` says nothing."""
    count = members.integer(body, "n")
    if count is not None and count < 1:
        raise members.wrong("n", "a positive integer")
    format = members.text(body, "output_format")
    return ImageRequest(
        prompt=members.required_text(body, "prompt"),
        n=count or 1,
        size=size(members.text(body, "size"), "size"),
        quality=_chosen(body, "quality"),
        style=members.text(body, "style"),
        transparent=_chosen(body, "background") == "transparent",
        moderation=_chosen(body, "moderation"),
        format=FORMATS.get(format or "", format),
        compression=members.integer(body, "output_compression"),
        delivery=_delivery(body),
        partials=members.integer(body, "partial_images") or None,
        negative=members.text(body, "negative_prompt"),
        seed=members.integer(body, "seed"),
        user=members.text(body, "user"),
        extras=members.beyond(body, KNOWN),
    )


def render_request(request: ImageRequest, model: str, dropped: list[str]) -> Json:
    """The same, as servers of this format take it; what each of them is like, its form says."""
    asked = request.size
    return members.optional(
        prompt=request.prompt,
        n=request.n if request.n > 1 else None,
        size=f"{asked.width}x{asked.height}" if asked else None,
        quality=request.quality,
        style=request.style,
        background="transparent" if request.transparent else None,
        moderation=request.moderation,
        output_format=request.format,
        output_compression=request.compression,
        response_format=request.delivery,
        partial_images=request.partials,
        negative_prompt=request.negative,
        seed=request.seed,
        user=request.user,
    )


def _chosen(body: Json, name: str) -> str | None:
    said = members.text(body, name)
    return None if said == "auto" else said


def _delivery(body: Json) -> Delivery | None:
    said = members.text(body, "response_format")
    if said is not None and said not in tuple(Delivery):
        raise members.wrong("response_format", " or ".join(Delivery))
    if members.boolean(body, "stream"):
        # https://platform.openai.com/docs/api-reference/images-streaming: events hold bytes alone.
        if said == Delivery.LINK:
            raise Unsupported("a stream of pictures cannot say URLs", param="response_format")
        return Delivery.INLINE
    return None if said is None else Delivery(said)


def uses(body: Json) -> Units:
    """Of which size and quality the pictures are to be, on which their price depends."""
    return Units(kind=worded(body.get("size"), body.get("quality")))


def worded(*said: Any) -> str:
    """Those that are a choice, with a space between."""
    return " ".join([one for one in said if isinstance(one, str) and one not in ("", "auto")])
