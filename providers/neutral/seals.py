"""Signatures of other providers in the guise of base64, which those of all providers are.

Claude Code sends no thought back whose signature is anything else (seen of 2.1, 2026-11).
"""

import binascii
from base64 import b64decode, b64encode

from providers.neutral.chat import SEAL, Signature, seal, unseal

BEGINNING = b64encode(SEAL.encode()).decode().rstrip("=")[: len(SEAL) * 4 // 3]
"""How the base64 of every seal begins."""


def is_sealed(value: str) -> bool:
    """Whether a signature is not of the family that it is shown to."""
    return value.startswith((BEGINNING, SEAL))


def encoded(signature: Signature, reader: str) -> str:
    """The signature as it is shown to a client of family `reader`."""
    sealed = seal(signature, reader)
    return sealed if signature.origin == reader else b64encode(sealed.encode()).decode()


def decoded(value: str, reader: str) -> Signature:
    """The signature that a client of family `reader` echoed, encoded or not."""
    if value.startswith(BEGINNING):
        try:
            return unseal(b64decode(value, validate=True).decode(), reader)
        except (binascii.Error, UnicodeDecodeError):
            pass  # it was cut, and is nobody's
    return unseal(value, reader)
