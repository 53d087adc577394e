"""Ids that OpenAI takes: those that others made may be too long for it.

https://platform.openai.com/docs/guides/error-codes (`string_above_max_length`)
"""

from hashlib import sha256

from providers.wire.members import Json

CHAT = 40
"""Characters of a call's id in chat (seen in its errors, 2026-11)."""
RESPONSES = 64

LENGTHS = {"user": 64, "prompt_cache_key": 64, "safety_identifier": 128}
"""Members of a request, and how many characters they may have.

What Claude Code says of its user has more than 150.
"""

DIGEST = 16


def short_id(id: str, limit: int) -> str:
    """The id, or one of `limit` characters that is always the same for it."""
    if len(id) <= limit:
        return id
    return f"{id[: limit - DIGEST - 1]}_{sha256(id.encode()).hexdigest()[:DIGEST]}"


def keep_lengths(body: Json, dropped: list[str]) -> None:
    """Shortens what is too long to another word that tells users apart as well."""
    for name, limit in LENGTHS.items():
        value = body.get(name)
        if value is not None and len(value) > limit:
            body[name] = short_id(value, limit)
            dropped.append(name)
