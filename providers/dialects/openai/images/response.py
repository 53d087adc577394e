"""Pictures in OpenAI's format: read without looking at them, and written.

https://platform.openai.com/docs/api-reference/images/object
"""

from typing import Any

import msgspec
import orjson

from providers.bridging.dialect import Context, Seen
from providers.dialects.openai.answers import seconds
from providers.dialects.openai.images.request import worded
from providers.errors import BadAnswer
from providers.neutral.asking import reader
from providers.neutral.images import ImageAnswer, Picture, is_text, used
from providers.usage import Usage, count
from providers.wire import members
from providers.wire.members import Json


class Item(msgspec.Struct):
    """One picture."""

    b64_json: msgspec.Raw = msgspec.Raw()
    url: Any = None
    revised_prompt: Any = None


class Answer(msgspec.Struct):
    """What is read of an answer."""

    data: list[Item]
    created: Any = None
    model: Any = None
    size: Any = None
    quality: Any = None
    background: Any = None
    output_format: Any = None
    usage: Any = None
    svg_usage: Any = None
    """Of the model that has drawn after the picture, where a drawing is wanted."""


read = reader(Answer, "pictures")


def usage_of(images: int, told: tuple[Any, ...], size: Any, quality: Any) -> Usage:
    """All counts of `told` together, and pictures of the size and quality that are said."""
    counts = [one for one in told if isinstance(one, dict)]
    found = used(images, (_sum(counts, "input_tokens"), _sum(counts, "output_tokens")))
    if not (worded(size) and worded(quality)) or found.units is None:
        return found
    units = msgspec.structs.replace(found.units, kind=worded(size, quality))
    return msgspec.structs.replace(found, units=units)


def _sum(counts: list[Json], name: str) -> int | None:
    said = [count(one.get(name)) for one in counts]
    return sum(filter(None, said)) if any(one is not None for one in said) else None


def _usage(answer: Answer) -> Usage:
    told = (answer.usage, answer.svg_usage)
    return usage_of(len(answer.data), told, answer.size, answer.quality)


def watch(answer: Answer) -> Seen:
    """Usage; some servers say the model, too."""
    return Seen(usage=_usage(answer), model=members.string(answer.model))


def parse_response(answer: Answer) -> ImageAnswer:
    """The pictures."""
    format = members.string(answer.output_format)
    return ImageAnswer(
        created=seconds(answer.created),
        pictures=tuple(_picture(item, format) for item in answer.data),
        usage=_usage(answer),
        size=members.string(answer.size),
        quality=members.string(answer.quality),
        background=members.string(answer.background),
    )


def _picture(item: Item, format: str) -> Picture:
    inline, url = is_text(item.b64_json), members.string(item.url)
    if not inline and not url:
        raise BadAnswer("the provider's answer has a picture without bytes and without a URL")
    return Picture(
        base64=bytes(item.b64_json) if inline else b"",
        url=url,
        media_type=f"image/{format}" if format else "",
        prompt=members.string(item.revised_prompt),
    )


def render_response(answer: ImageAnswer, context: Context) -> Json:
    """As OpenAI's own models answer: bytes, and what they are."""
    return members.optional(
        created=answer.created or context.now,
        data=[_item(picture) for picture in answer.pictures],
        output_format=format_of(answer.pictures[0]) if answer.pictures else None,
        usage=render_usage(answer) if answer.usage.total else None,
    )


def _item(picture: Picture) -> Json:
    return members.optional(
        b64_json=orjson.Fragment(picture.base64) if picture.base64 else None,
        url=picture.url or None,
        revised_prompt=picture.prompt or None,
    )


def format_of(picture: Picture) -> str | None:
    """The last word of its media type."""
    return picture.media_type.partition("/")[2] or None


def render_usage(answer: ImageAnswer) -> Json:
    """Tokens, and which of them are of pictures, as far as anybody says."""
    usage, seen = answer.usage, min(answer.seen, answer.usage.input)
    said: Json = {
        "input_tokens": usage.input,
        "input_tokens_details": {"text_tokens": usage.input - seen, "image_tokens": seen},
        "output_tokens": usage.output,
        "total_tokens": usage.total,
    }
    if answer.drawn is not None:
        drawn = min(answer.drawn, usage.output)
        shares = {"text_tokens": usage.output - drawn, "image_tokens": drawn}
        said["output_tokens_details"] = shares
    return said
