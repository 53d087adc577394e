"""The family's signatures, and the place that texts and calls have for one.

Google's OpenAI-compatible endpoint puts thought signatures into `extra_content`:
https://ai.google.dev/gemini-api/docs/thought-signatures
"""

from providers.neutral.chat import Signature, seal, unseal
from providers.wire.members import Json

FAMILY = "openai"

EXTRA = "extra_content"

SEPARATOR = ":"
"""Between a reasoning item's id and its encrypted content, in a signature of the Responses API.

OpenAI refuses encrypted content under another id than its own, and most dialects have no place for
the id of a thought. Neither ids nor base64 have a colon.
"""


def parse_extra(owner: Json) -> Signature | None:
    """The signature that stands beside a text or a call."""
    extra = owner.get(EXTRA)
    google = extra.get("google") if isinstance(extra, dict) else None
    value = google.get("thought_signature") if isinstance(google, dict) else None
    return unseal(value, FAMILY) if isinstance(value, str) and value else None


def render_extra(signature: Signature | None) -> Json:
    """The member that says it, for the client to echo; nothing where there is none."""
    if signature is None:
        return {}
    return {EXTRA: {"google": {"thought_signature": seal(signature, FAMILY)}}}
