"""Ids that say more than what a provider calls a thing, so that nothing need be remembered."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TypeVar

import msgspec

from providers.errors import NotFound

Said = TypeVar("Said", bound=msgspec.Struct)


def written(said: msgspec.Struct) -> str:
    """An id that every SDK takes for one."""
    return urlsafe_b64encode(msgspec.json.encode(said)).rstrip(b"=").decode()


def read(text: str, kind: type[Said]) -> Said:
    """What an id says; raises NotFound."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        return msgspec.json.decode(urlsafe_b64decode(padded), type=kind)
    except (ValueError, msgspec.DecodeError):
        raise NotFound(f"there is nothing with the id {text[:200]!r}") from None
