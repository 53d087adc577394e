"""What Converse leaves to each family of models: `additionalModelRequestFields`, as data.

Sampling: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
Thinking: https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-adaptive-thinking.html
Nova: https://docs.aws.amazon.com/nova/latest/nova2-userguide/using-converse-api.html
Schemas: https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html
Choices: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolChoice.html
(checked 2026-11)
"""

import re
from enum import StrEnum
from functools import lru_cache

import msgspec

from providers.bridging.fidelity import Feature
from providers.models.claude.models import EITHER
from providers.models.claude.models import Family as Claude
from providers.models.claude.models import family as generation_of
from providers.neutral.chat import ChatRequest
from providers.neutral.schemas.subset import Schemas
from providers.neutral.schemas.subsets import OF_CLAUDE, OF_NOVA


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
    hidden: Claude | None = None
    """The generation by which a wish to think is told, where nobody knows whose model it is."""
    structured: bool = False
    """Answers and arguments can be held to a schema."""
    forces: bool = True
    """A tool can be demanded."""
    signs: bool = False
    """Signs its thoughts, and takes them back."""
    top_k: tuple[str, ...] = ()
    """Where `top_k` stands in additionalModelRequestFields; empty: the models have none."""
    caches: bool = False
    """Takes cache points; a model that does not refuses the request."""
    caches_tools: bool = False
    """Takes them behind tools and tool results too, and for an hour."""
    schemas: Schemas = OF_CLAUDE
    errors: bool = False
    """Takes the `status` of a tool result."""


FAMILIES = {
    # https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
    # https://docs.aws.amazon.com/nova/latest/userguide/tool-use-definition.html
    "amazon": Family(top_k=("inferenceConfig", "topK"), caches=True, errors=True, schemas=OF_NOVA),
    "cohere": Family(top_k=("k",), forces=False),
    "mistral": Family(top_k=("top_k",)),
    "meta": Family(forces=False),
    "ai21": Family(forces=False),
    "writer": Family(forces=False),
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

STRUCTURED = re.compile(
    r"(?:^|\.)(?:qwen\.|openai\.|deepseek\.v3|google\.|minimax\.|moonshot(?:ai)?\.|nvidia\."
    r"|mistral\.(?:magistral|ministral-3|mistral-large-3|voxtral))"
)
"""Models of other families than Claude whose answers can be held to a schema."""

UNKNOWN = Family(
    thinks=Thinks.CLAUDE, hidden=EITHER, signs=True, caches=True, caches_tools=True, errors=True
)
"""An ARN of one's own inference profile, deployment or prompt tells no family; most are of Claude
or Nova, which have in common what stands here. Whoever asks it to think knows that it can, and
asks in the words of the client; a configuration that names the `family` helps."""


@lru_cache(maxsize=1024)
def family_of(model: str) -> Family:
    """The family of a model id, an inference profile id or an ARN of either."""
    name = model.rsplit("/", 1)[-1].lower()
    words = name.split(".")
    if "anthropic" in words[:-1] or name.startswith("claude"):
        return _claude(name)
    vendor = next((word for word in words[:-1] if word in FAMILIES), "")
    if vendor == "amazon" and "nova-2" in name:
        return msgspec.structs.replace(FAMILIES["amazon"], thinks=Thinks.NOVA)
    family = FAMILIES.get(vendor, UNKNOWN)
    return msgspec.structs.replace(family, structured=bool(STRUCTURED.search(name)))


def _claude(name: str) -> Family:
    generation = generation_of(name)
    return Family(
        thinks=Thinks.CLAUDE if generation.thinks else Thinks.NEVER,
        claude=generation,
        structured=generation.structured,
        signs=True,
        top_k=("top_k",),
        caches=True,
        caches_tools=True,
        errors=True,
    )


UNSTRUCTURED = frozenset({Feature.JSON_SCHEMA, Feature.TOOL_STRICT})
FORCED = frozenset({Feature.TOOL_CHOICE_REQUIRED, Feature.TOOL_CHOICE_NAMED})
PARALLEL = frozenset({Feature.PARALLEL_TOOL_CALLS})
NOTHING: frozenset[Feature] = frozenset()


def lacks(request: ChatRequest) -> frozenset[Feature]:
    """What the model refuses of what Converse can say."""
    family = family_of(request.known_as)
    return (
        (NOTHING if family.structured else UNSTRUCTURED)
        | (NOTHING if family.forces else FORCED)
        # Only Claude has a word for it, in its own format.
        | (PARALLEL if family.claude is None else NOTHING)
    )
