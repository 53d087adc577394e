"""Masks of OpenAI's clients, whose transparent pixels may change, as models on Bedrock take them.

Amazon's: black is changed, white is kept.
https://docs.aws.amazon.com/nova/latest/userguide/image-gen-req-resp-structure.html
Stability's: white is changed, black is kept.
https://docs.aws.amazon.com/bedrock/latest/userguide/stable-image-services.html
"""

import binascii
from base64 import b64decode, b64encode

from providers.errors import InvalidRequest
from providers.neutral.images import Size
from providers.neutral.media import Data
from providers.wire import png

MOST = 2_097_152
"""Pixels of a mask that is read here."""
AMAZONS = bytes([0]) + b"\xff" * 255
STABILITYS = b"\xff" + bytes(255)
"""How opaque a pixel is → its grey."""


def drawn(mask: Data, greys: bytes) -> tuple[str, Size]:
    """(the mask in black and white, in Base64; its size); raises InvalidRequest."""
    try:
        seen = png.opacity(b64decode(mask.base64, validate=True), MOST)
    except binascii.Error:
        raise InvalidRequest("mask must be a PNG", param="mask") from None
    except ValueError as error:
        raise InvalidRequest(f"mask {error}", param="mask") from None
    made = png.grey(seen.plane.translate(greys), seen.width)
    return b64encode(made).decode(), Size(seen.width, seen.height)


def shows_through(picture: Data) -> bool:
    """Whether a picture may say by itself where it is to change."""
    head = png.header_in(picture.base64)
    return head is not None and head.colour in png.ALPHA
