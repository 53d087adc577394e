"""What a message of Gemini's Live API says was used.

https://ai.google.dev/api/live#UsageMetadata
"""

from providers.bridging.session import Told
from providers.dialects.gemini.generate_content.answers import parse_usage
from providers.wire.members import Json

OTHERS = {
    "candidatesTokenCount": "responseTokenCount",
    "candidatesTokensDetails": "responseTokensDetails",
}
"""What a count is called in answers that are no sessions → in sessions."""


def told(message: Json) -> Told:
    """Counts come with a turn, and may grow until it ends."""
    content = message.get("serverContent")
    ends = isinstance(content, dict) and content.get("turnComplete") is True
    raw = message.get("usageMetadata")
    if not isinstance(raw, dict):
        return Told(ends=ends)
    renamed = {ours: raw[theirs] for ours, theirs in OTHERS.items() if theirs in raw}
    return Told(usage=parse_usage({**raw, **renamed}), ends=ends)
