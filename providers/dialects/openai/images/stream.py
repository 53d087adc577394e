"""A stream of pictures in OpenAI's format: watched as it passes, or made of a whole answer.

https://platform.openai.com/docs/api-reference/images-streaming
"""

import re

import msgspec
import orjson

from providers.bridging.dialect import Context
from providers.bridging.watching import WatchingRelay
from providers.dialects.openai.images.response import format_of, render_usage, usage_of
from providers.errors import ApiError, BadAnswer
from providers.neutral.chat import Finish
from providers.neutral.images import ImageAnswer, Picture
from providers.usage import Usage
from providers.wire import members, sse
from providers.wire.compatible_errors import describe, error_event
from providers.wire.members import Json

COMPLETED = "image_generation.completed"
EDITED = "image_edit.completed"
DEFAULT_FORMAT = "png"
UNSAID = "auto"
"""What is said in the place of what the provider has chosen and nobody knows."""
NOTHING = Usage()
DRAFT = 100
"""Tokens of an unfinished picture
(https://platform.openai.com/docs/guides/image-generation#partial-images-cost)."""

BASE64 = re.compile(rb"[A-Za-z0-9+/=]{256,}+")
"""The inside of a picture; without it an event is valid JSON still, and a few hundred bytes."""
NOTABLE = re.compile(rb'generation\.completed|edit\.completed|\.partial_image"|"error"')


class ImagesRelay(WatchingRelay):
    """Passes a stream of pictures on, and counts those that are complete, and one that has begun:
    who goes away before its end has seen nearly all of it."""

    def __init__(self, wants_usage: bool) -> None:
        super().__init__(sse.Splitter(), b"\n\n")
        self._told: list[Json] = []
        """The counts of each picture."""
        self._drafts = 0
        """Of the picture that is not complete."""

    def feed(self, data: bytes) -> None:
        """The bytes go as they are; nobody here keeps the pictures in them."""
        super().feed(BASE64.sub(b"", data))

    def _notable(self, data: bytes) -> bool:
        return NOTABLE.search(data) is not None

    def _object(self, piece: bytes) -> bytes:
        return sse.parse(piece)[1]

    def _said(self, said: Json) -> None:
        if said.get("error"):
            self.seen.error, self.seen.finish = describe(said, None), Finish.ERROR
            self._drafts, self.seen.generated = 0, 0
            self.seen.usage = self._counted(said) if self._told else None
        elif members.string(said.get("type")).endswith("partial_image"):
            self._drafts += 1
            self.seen.usage = self._counted(said)
        else:
            usage = said.get("usage")
            self._told.append(usage if isinstance(usage, dict) else {})
            self._drafts = 0
            self.seen.usage, self.seen.finish = self._counted(said), Finish.STOP

    def _counted(self, said: Json) -> Usage:
        """All pictures, of which the last may be one whose tokens nobody has said yet."""
        images, told = len(self._told) + bool(self._drafts), tuple(self._told)
        found = usage_of(images, told, said.get("size"), said.get("quality"))
        if not self._drafts:
            return found
        output = found.output + DRAFT * self._drafts
        self.seen.generated = output
        return msgspec.structs.replace(found, output=output, estimated=True)

    def _estimate(self, data: bytes) -> None:
        """Nothing: pictures have no words."""

    def _render(self, error: ApiError) -> bytes:
        return error_event(error)


def render_stream(answer: ImageAnswer, context: Context) -> bytes:
    """Each picture as it is complete; what all of them took is said with the last one."""
    return _stream(COMPLETED, answer, context)


def render_edit_stream(answer: ImageAnswer, context: Context) -> bytes:
    """The same for pictures that were made out of others."""
    return _stream(EDITED, answer, context)


def _stream(kind: str, answer: ImageAnswer, context: Context) -> bytes:
    if not answer.pictures:
        raise BadAnswer("the provider's answer has no pictures")
    *others, last = answer.pictures
    free = msgspec.structs.replace(answer, usage=NOTHING, seen=0, drawn=None)
    events = [_event(kind, picture, free, context) for picture in others]
    return b"".join([*events, _event(kind, last, answer, context)])


def _event(kind: str, picture: Picture, answer: ImageAnswer, context: Context) -> bytes:
    if not picture.base64:
        raise BadAnswer("the provider answered with a URL, which no stream of pictures can say")
    event = {
        "type": kind,
        "b64_json": orjson.Fragment(picture.base64),
        "created_at": answer.created or context.now,
        "output_format": format_of(picture) or DEFAULT_FORMAT,
        "size": answer.size or UNSAID,
        "quality": answer.quality or UNSAID,
        "background": answer.background or UNSAID,
        "usage": render_usage(answer),
    }
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), orjson.dumps(event))
