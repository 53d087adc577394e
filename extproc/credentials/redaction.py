"""Secrets that come back: a provider that refuses a request may quote its headers.

A quoted secret may be escaped as JSON or a URL does, or stand in Base64 beside other text.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache

from providers.signing.sign import Secret

SHORTEST = 8
"""Characters of a secret that is looked for: a shorter one, such as `none`, is any word."""
PLAIN = frozenset({"region", "service", "x-amz-date"})
"""Parts of a credential, and headers made of it, that are no secret."""
SHOWN = b"[redacted]"

# How many Base64 digits before a text depend on what stands before it, for each offset.
BEFORE = (0, 2, 3)


def texts(secret: Secret, signed: Mapping[str, str]) -> tuple[str, ...]:
    """What must not be shown of a credential, and of the headers that were made of it."""
    parts = [value for name, value in secret.items() if name not in PLAIN]
    proofs = [value.rpartition(" ")[2] for name, value in signed.items() if name not in PLAIN]
    found = dict.fromkeys([*parts, *proofs])
    return tuple(text for text in found if len(text) >= SHORTEST)


def redacted(data: bytes, secrets: tuple[str, ...]) -> bytes:
    """`data` without any of `secrets`."""
    return _pattern(secrets).sub(SHOWN, data) if secrets else data


def begun(data: bytes, secrets: tuple[str, ...]) -> int:
    """How many bytes at the end of `data` may be the beginning of a secret."""
    longest = 0
    for secret in secrets:
        text = secret.encode()
        sizes = range(min(len(text) - 1, len(data)), longest, -1)
        longest = next((size for size in sizes if data.endswith(text[:size])), longest)
    return longest


@lru_cache(maxsize=256)
def _pattern(secrets: tuple[str, ...]) -> re.Pattern[bytes]:
    forms = [form for secret in secrets for form in (_escaped(secret), *_encoded(secret))]
    return re.compile(b"|".join(forms))


def _escaped(secret: str) -> bytes:
    return "".join([char if char.isalnum() else _sign(char) for char in secret]).encode()


def _sign(char: str) -> str:
    code = f"{ord(char):02x}"
    return rf"(?:\\?{re.escape(char)}|\\u00{code}|\\u00{code.upper()}|%{code}|%{code.upper()})"


def _encoded(secret: str) -> list[bytes]:
    """The secret's part of a Base64 text, for each of its three offsets."""
    found = []
    for offset, before in enumerate(BEFORE):
        digits = b64encode(bytes(offset) + secret.encode()).rstrip(b"=")
        whole = len(digits) - ((offset + len(secret)) % 3 > 0)
        part = digits[before:whole].replace(b"+", b"[+-]").replace(b"/", rb"(?:\\?/|_)")
        found.append(part)
    return found
