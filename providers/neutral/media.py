"""Media in strings: data URIs and the base64 in them.

https://www.rfc-editor.org/rfc/rfc2397
"""

import re

from providers.neutral.chat import Data

DATA_URI = re.compile(r"data:([^;,]*)(?:;[^;,]*)*?;base64,", re.IGNORECASE)

ESCAPES = {"%2B": "+", "%2F": "/", "%3D": "="}


def parse_data_uri(text: str) -> Data | None:
    """The bytes in a base64 data URI; None where it is another URI."""
    match = DATA_URI.match(text)
    if match is None:
        return None
    payload = text[match.end() :]
    if "%" in payload:
        for escape, char in ESCAPES.items():
            payload = payload.replace(escape, char)
    return Data(
        base64=standard_base64(payload),
        media_type=match[1].lower() or "application/octet-stream",
    )


def standard_base64(payload: str) -> str:
    """Base64 in the standard alphabet, padded, without line breaks."""
    if any(char in payload for char in "-_\r\n "):
        payload = payload.translate({45: "+", 95: "/", 13: None, 10: None, 32: None})
    return payload + "=" * (-len(payload) % 4)


def render_data_uri(data: Data) -> str:
    """The data URI that holds the bytes."""
    return f"data:{data.media_type};base64,{data.base64}"
