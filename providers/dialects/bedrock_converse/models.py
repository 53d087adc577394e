"""What Converse leaves to each family of models: `additionalModelRequestFields`, as data.

Sampling: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
Thinking: https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-adaptive-thinking.html
Nova: https://docs.aws.amazon.com/nova/latest/nova2-userguide/using-converse-api.html
"""

import re
from enum import StrEnum

import msgspec


class Thinks(StrEnum):
    """How a model is told to think."""

    NEVER = "never"
    BUDGET = "budget"
    """`thinking: {type: enabled, budget_tokens}`."""
    ADAPTIVE = "adaptive"
    """`thinking: {type: adaptive}` and `outputConfig.effort`; may be switched off."""
    ALWAYS = "always"
    """As ADAPTIVE, but cannot be switched off."""
    NOVA = "nova"
    """`reasoningConfig: {type, maxReasoningEffort}`."""
    EFFORT = "effort"
    """`reasoning_effort`; cannot be switched off."""


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """What a family of models has in common."""

    thinks: Thinks = Thinks.NEVER
    top_k: tuple[str, ...] = ()
    """Where `top_k` stands in additionalModelRequestFields; empty: the models have none."""
    caches: bool = False
    """Takes cache points; a model that does not refuses the request."""
    sampling: bool = True
    """Takes temperature, top_p and top_k."""
    temperature_or_top_p: bool = False
    """Refuses both at once."""
    errors: bool = False
    """Takes the `status` of a tool result."""
    parallel: bool = False
    """Can be told to call one tool at a time (`tool_choice.disable_parallel_tool_use`)."""


CLAUDE = Family(top_k=("top_k",), caches=True, errors=True, parallel=True)

FAMILIES = {
    "anthropic": CLAUDE,
    "amazon": Family(top_k=("inferenceConfig", "topK"), caches=True, errors=True),
    "cohere": Family(top_k=("k",)),
    "mistral": Family(top_k=("top_k",)),
    "meta": Family(),
    "ai21": Family(),
    "writer": Family(),
    "deepseek": Family(),
    "qwen": Family(),
    "openai": Family(thinks=Thinks.EFFORT, caches=True),
    "moonshotai": Family(thinks=Thinks.EFFORT),
    "moonshot": Family(thinks=Thinks.EFFORT),
    "minimax": Family(),
    "google": Family(),
    "nvidia": Family(),
    "zai": Family(),
    "luma": Family(),
    "stability": Family(),
}

UNKNOWN = Family(caches=True, errors=True)
"""An ARN of one's own inference profile, deployment or prompt tells no family; most are of Claude
or Nova, which have in common what stands here."""

# `claude-opus-4-6-v1`, `claude-3-7-sonnet-20250219`; a date is no minor version.
VERSION = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")


def family_of(model: str) -> Family:
    """The family of a model id, an inference profile id or an ARN of either."""
    name = model.rsplit("/", 1)[-1].lower()
    words = name.split(".")
    vendor = next((word for word in words[:-1] if word in FAMILIES), "")
    if vendor == "anthropic" or (not vendor and name.startswith("claude")):
        return _claude(name)
    if vendor == "amazon" and "nova-2" in name:
        return msgspec.structs.replace(FAMILIES["amazon"], thinks=Thinks.NOVA)
    return FAMILIES.get(vendor, UNKNOWN)


def _claude(name: str) -> Family:
    match = VERSION.search(name)
    if "mythos" in name or "fable" in name:
        return msgspec.structs.replace(CLAUDE, thinks=Thinks.ALWAYS, sampling=False)
    version = (int(match[1]), int(match[2] or 0)) if match else (2, 0)
    if version >= (4, 7):
        return msgspec.structs.replace(CLAUDE, thinks=Thinks.ADAPTIVE, sampling=False)
    if version < (3, 7):
        return CLAUDE
    return msgspec.structs.replace(
        CLAUDE,
        thinks=Thinks.ADAPTIVE if version >= (4, 6) else Thinks.BUDGET,
        temperature_or_top_p=version >= (4, 1),
    )
