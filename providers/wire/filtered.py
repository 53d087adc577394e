"""That a provider refuses what is asked for because of what it says: read from any vendor's words.

Such a refusal is an answer, and no failure: whoever asks another vendor after it goes round a rule
that somebody has made.
"""

import re

from providers.errors import ApiError, Cause

CODES = frozenset(
    {
        # https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter
        "content_filter",
        "contentfilter",
        "responsibleaipolicyviolation",
        # https://platform.openai.com/docs/guides/error-codes, and of pictures
        "content_policy_violation",
        "moderation_blocked",
        "invalid_prompt",
        # DashScope
        "data_inspection_failed",
        "datainspectionfailed",
        # Stability AI
        "content_moderation",
    }
)
BLAMED = frozenset({Cause.INVALID_REQUEST, Cause.PERMISSION})

WORDS = re.compile(
    r"content[ _-](?:filter|management policy|moderation|policy)|safety system"
    r"|usage (?:polic(?:y|ies)|guidelines)|responsible ai|content exists risk"
    r"|inappropriate content|\bmoderation\b|flagged (?:as|by|for)|considered high risk"
    r"|may contain (?:sensitive|severe violation|violence) information"
    r"|(?:unsafe or|includes) sensitive content",
    re.IGNORECASE,
)
"""How Anthropic, Bedrock, DeepSeek, OpenRouter, Vertex AI and xAI say it, who have no code; and
those whose codes are many or elsewhere: Moonshot (https://platform.kimi.com/docs/api/errors), Ark
(https://www.volcengine.com/docs/82379/1299023) and Z.ai (https://docs.z.ai/api-reference/api-code).
"""


def is_filtered(error: ApiError) -> bool:
    """Whether the error is such a refusal."""
    if error.cause not in BLAMED:
        return False
    return (error.code or "").lower() in CODES or WORDS.search(error.message) is not None
