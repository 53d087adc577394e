"""Pictures, which are bare base64 here."""

import re
from collections.abc import Iterator

from providers.neutral.chat import Image
from providers.neutral.media import Data, standard_base64
from providers.wire import members
from providers.wire.members import Json

# Pictures come as bare base64; their first bytes tell what they are.
MAGIC = (
    ("iVBORw0KGgo", "image/png"),
    ("/9j/", "image/jpeg"),
    ("R0lGOD", "image/gif"),
    ("UklGR", "image/webp"),
    ("Qk", "image/bmp"),
)
DEFAULT_TYPE = "image/png"

DATA_URI = re.compile(r"data:[^,]*;base64,", re.IGNORECASE)


def parse_pictures(said: Json, at: str = "") -> Iterator[Image]:
    """The pictures beside a text; raises InvalidRequest."""
    for item, place in members.items(said, "images", at):
        if not isinstance(item, str) or not item:
            raise members.wrong(place, "a base64 string")
        yield parse_picture(item)


def parse_picture(text: str) -> Image:
    """A picture of bare base64."""
    text = standard_base64(DATA_URI.sub("", text, count=1))
    kind = next((kind for magic, kind in MAGIC if text.startswith(magic)), DEFAULT_TYPE)
    return Image(source=Data(base64=text, media_type=kind))
