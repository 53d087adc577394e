"""What families of models take that are spoken to in OpenAI's formats, whoever hosts them.

https://platform.openai.com/docs/guides/reasoning
https://platform.openai.com/docs/guides/latest-model#parameter-compatibility
https://docs.x.ai/docs/guides/reasoning (checked 2026-11)
"""

import re
from functools import lru_cache

import msgspec

from providers.bridging.fidelity import Feature
from providers.neutral.chat import ChatRequest

VOICES = frozenset(
    (
        "alloy",
        "ash",
        "ballad",
        "cedar",
        "coral",
        "echo",
        "fable",
        "marin",
        "nova",
        "onyx",
        "sage",
        "shimmer",
        "verse",
    )
)
"""Nobody else has a voice of these names."""

THOUGHTLESS = re.compile(
    r"(?:^|[/:])(?:gpt-[34]|gpt-5[^/]*-chat|chatgpt|davinci|babbage"
    # Many of xAI's think, and cannot be told how much.
    r"|grok-(?:2|3(?!-mini)|4-(?:0709|fast|1-fast)|4\.20-(?!multi)|code|build)"
    r"|(?:meta-)?llama-[234])"
)
"""Models that cannot be told how much to think, and answer a wish for it with an error."""

LEAST = (
    (re.compile(r"(?:^|[/:])(?:o[1-9]|grok-(?:3-mini|4\.[56]))"), "low"),
    (re.compile(r"(?:^|[/:])gpt-5(?:-(?:mini|nano|codex))?(?:-\d{4}-\d\d-\d\d)?$"), "minimal"),
)
"""Models that cannot be told not to think, and the least that they can be told."""

SEARCHERS = re.compile(r"-search-(?:preview|api)|(?:^|/)sonar\b")
"""Models that search the web in a chat, always; no others can
(https://platform.openai.com/docs/guides/tools-web-search)."""

SEARCHLESS = re.compile(r"(?:^|[/:])(?:gpt-3|gpt-4(?:-|$)|gpt-4\.1-nano|chatgpt|o1|o3-mini)")
"""Models that cannot search the web in the Responses API."""

THINKERS = re.compile(r"(?:^|[/:])(?:o[1-9]|gpt-[5-9])")
"""OpenAI's models that refuse `max_tokens`, which does not count their thoughts.

https://platform.openai.com/docs/api-reference/chat/create#chat-create-max_tokens
"""

SAMPLERS = frozenset({Feature.TEMPERATURE, Feature.TOP_P, Feature.LOGPROBS, Feature.TOP_LOGPROBS})
PENALTIES = frozenset({Feature.PRESENCE_PENALTY, Feature.FREQUENCY_PENALTY})
NEVER = PENALTIES | {Feature.LOGIT_BIAS, Feature.STOP}
DEFAULTS = {Feature.TEMPERATURE: 1, Feature.TOP_P: 1}
"""Values that are taken even where no other is."""


class Takes(msgspec.Struct, frozen=True, kw_only=True):
    """What a family of models refuses."""

    refuses: frozenset[Feature] = frozenset()
    refuses_thinking: frozenset[Feature] = frozenset()
    """The same, as long as it thinks."""
    starts_on: bool = True
    """Thinks where nothing is said of it."""


# The first row whose expression is found in the name decides.
FAMILIES = (
    (r"(?:^|[/:])gpt-5[^/]*-chat", Takes()),
    # "Unsupported parameter: 'parallel_tool_calls' is not supported with this model."
    (r"(?:^|[/:])o(?:1|3-mini)", Takes(refuses=SAMPLERS | NEVER | {Feature.PARALLEL_TOOL_CALLS})),
    (r"(?:^|[/:])(?:o[1-9]|gpt-5(?![.\d]))", Takes(refuses=SAMPLERS | NEVER)),
    (
        r"(?:^|[/:])gpt-(?:5\.|[6-9])",
        Takes(refuses=NEVER, refuses_thinking=SAMPLERS, starts_on=False),
    ),
    (
        r"(?:^|[/:])grok-(?:3-mini|4|code|build)(?!.*non-reasoning)",
        Takes(refuses=PENALTIES | {Feature.STOP}),
    ),
)

ANY = Takes()
NOTHING: frozenset[Feature] = frozenset()


@lru_cache(maxsize=1024)
def family(model: str) -> Takes:
    """The family of `model`, as any host spells its name."""
    name = model.lower()
    return next((takes for pattern, takes in FAMILIES if re.search(pattern, name)), ANY)


def lacks(request: ChatRequest) -> frozenset[Feature]:
    """What the model refuses of what is asked of it."""
    takes = family(request.known_as)
    if takes is ANY:
        return NOTHING
    reasoning = request.reasoning
    thinks = takes.starts_on if reasoning is None else not reasoning.off
    refused = takes.refuses | takes.refuses_thinking if thinks else takes.refuses
    idle = {name for name, value in DEFAULTS.items() if getattr(request, name.value) == value}
    return refused - idle
