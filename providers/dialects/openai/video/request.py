"""A request for a film in OpenAI's format.

https://platform.openai.com/docs/api-reference/videos/create
"""

import re

from providers.dialects.openai.images.edits import uploaded
from providers.dialects.openai.media import source
from providers.errors import GatewayError
from providers.neutral.images import size
from providers.neutral.media import Data, FileId, Url
from providers.neutral.video import USUAL, VideoRequest, duration
from providers.usage import Units
from providers.wire import members
from providers.wire.members import Json
from providers.wire.multipart import Upload

REFERENCE = "input_reference"
PARTS = ("image_url", "file_id")
"""What an object in that place says, which a form writes with brackets."""
SEED = re.compile(r"-?[0-9]{1,18}")
KNOWN = frozenset({"model", "prompt", "seconds", "size", REFERENCE})
KNOWN |= {f"{REFERENCE}[{part}]" for part in PARTS}
KNOWN |= {"seed", "negative_prompt", "user"}
"""What is understood; the last three are of servers of open models."""


def parse_request(body: Json, path_model: str) -> VideoRequest:
    """A text, how long and how large, and perhaps a picture."""
    return VideoRequest(
        prompt=members.required_text(body, "prompt"),
        seconds=duration(body.get("seconds")),
        size=size(members.text(body, "size"), "size"),
        picture=_picture(body),
        negative=members.text(body, "negative_prompt"),
        seed=_seed(body),
        user=members.text(body, "user"),
        extras=members.beyond(body, KNOWN),
    )


def _seed(body: Json) -> int | None:
    said = body.get("seed")
    if isinstance(said, str) and SEED.fullmatch(said):
        return int(said)  # a form has texts alone
    return members.integer(body, "seed")


def _picture(body: Json) -> Data | Url | FileId | None:
    given = body.get(REFERENCE)
    if isinstance(given, Upload):
        return uploaded(given)
    if given is None:
        given = {part: body.get(f"{REFERENCE}[{part}]") for part in PARTS}
        if not any(given.values()):
            return None
    if not isinstance(given, dict):
        raise members.wrong(REFERENCE, "a file, or an object with image_url or file_id")
    file = members.text(given, "file_id", f"{REFERENCE}.")
    if file is not None:
        return FileId(id=file)
    found = source(members.required_text(given, "image_url", f"{REFERENCE}."), REFERENCE)
    assert isinstance(found, Data | Url)
    return found


def uses(body: Json) -> Units:
    """The seconds that are asked for; who says nothing gets four."""
    try:
        seconds = duration(body.get("seconds"))
    except GatewayError:
        seconds = None
    return Units(seconds=seconds or USUAL)
