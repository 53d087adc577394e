"""What Converse leaves to each family of models: `additionalModelRequestFields`, as data.

Sampling: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
Thinking: https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-adaptive-thinking.html
Nova: https://docs.aws.amazon.com/nova/latest/nova2-userguide/using-converse-api.html
"""

from enum import StrEnum

import msgspec

from providers.models.claude.models import Family as Claude
from providers.models.claude.models import family as generation_of


class Thinks(StrEnum):
    """How a model is told to think."""

    NEVER = "never"
    CLAUDE = "claude"
    """Claude's own `thinking`, and `outputConfig.effort`."""
    NOVA = "nova"
    """`reasoningConfig: {type, maxReasoningEffort}`."""
    EFFORT = "effort"
    """`reasoning_effort`; cannot be switched off."""


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """What a family of models has in common."""

    thinks: Thinks = Thinks.NEVER
    claude: Claude | None = None
    """Of Claude, its generation."""
    signs: bool = False
    """Signs its thoughts, and takes them back."""
    top_k: tuple[str, ...] = ()
    """Where `top_k` stands in additionalModelRequestFields; empty: the models have none."""
    caches: bool = False
    """Takes cache points; a model that does not refuses the request."""
    caches_tools: bool = False
    """Takes them behind tools and tool results too, and for an hour."""
    plain_schemas: bool = False
    """Of a tool's schema takes `type`, `properties` and `required` alone at the top."""
    errors: bool = False
    """Takes the `status` of a tool result."""


FAMILIES = {
    # https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
    # https://docs.aws.amazon.com/nova/latest/userguide/tool-use-definition.html
    "amazon": Family(
        top_k=("inferenceConfig", "topK"), caches=True, errors=True, plain_schemas=True
    ),
    "cohere": Family(top_k=("k",)),
    "mistral": Family(top_k=("top_k",)),
    "meta": Family(),
    "ai21": Family(),
    "writer": Family(),
    "deepseek": Family(),
    "qwen": Family(),
    "openai": Family(thinks=Thinks.EFFORT, caches=True, caches_tools=True),
    "moonshotai": Family(thinks=Thinks.EFFORT),
    "moonshot": Family(thinks=Thinks.EFFORT),
    "minimax": Family(),
    "google": Family(),
    "nvidia": Family(),
    "zai": Family(),
    "luma": Family(),
    "stability": Family(),
}

UNKNOWN = Family(signs=True, caches=True, caches_tools=True, errors=True)
"""An ARN of one's own inference profile, deployment or prompt tells no family; most are of Claude
or Nova, which have in common what stands here."""


def family_of(model: str) -> Family:
    """The family of a model id, an inference profile id or an ARN of either."""
    name = model.rsplit("/", 1)[-1].lower()
    words = name.split(".")
    if "anthropic" in words[:-1] or name.startswith("claude"):
        return _claude(name)
    vendor = next((word for word in words[:-1] if word in FAMILIES), "")
    if vendor == "amazon" and "nova-2" in name:
        return msgspec.structs.replace(FAMILIES["amazon"], thinks=Thinks.NOVA)
    return FAMILIES.get(vendor, UNKNOWN)


def _claude(name: str) -> Family:
    generation = generation_of(name)
    return Family(
        thinks=Thinks.CLAUDE if generation.thinks else Thinks.NEVER,
        claude=generation,
        signs=True,
        top_k=("top_k",),
        caches=True,
        caches_tools=True,
        errors=True,
    )
