"""What each generation of Claude takes, as far as a request must be written differently for it.

https://platform.claude.com/docs/en/build-with-claude/thinking
https://platform.claude.com/docs/en/build-with-claude/effort
https://platform.claude.com/docs/en/about-claude/models/migration-guide
https://platform.claude.com/docs/en/build-with-claude/structured-outputs (checked 2026-11)
"""

import re
from functools import lru_cache

import msgspec

from providers.bridging.fidelity import Feature
from providers.neutral.chat import ChatRequest

DEFAULT_MAX_TOKENS = 4_096
"""Sent where the client gave no limit and the model is unknown or old: the most that every Claude
since 3 accepts. Models that think have room for their thoughts: `Family.max_tokens`."""

ROOM = 32_000
"""The smallest output limit among the models that think (Opus 4 and 4.1)."""

LEVELS = ("low", "medium", "high", "max")
ALL_LEVELS = ("low", "medium", "high", "xhigh", "max")


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """Models that take the same request."""

    manual: bool = False
    """`thinking: {type: enabled, budget_tokens}` is accepted."""
    adaptive: bool = False
    """`thinking: {type: adaptive}` is accepted."""
    starts_on: bool = False
    """Thinks where `thinking` is absent."""
    off: str | None = None
    """The `thinking.type` that turns it off; None: it cannot be turned off, or never thinks."""
    efforts: tuple[str, ...] = ()
    """Values of `output_config.effort`."""
    sampling: bool = False
    """temperature, top_p and top_k are accepted."""
    both_samplers: bool = False
    """temperature and top_p are accepted together."""
    structured: bool = False
    """Answers and arguments can be held to a schema."""
    system_turns: bool = False
    """Messages of role `system` are accepted after a user's turn."""
    max_tokens: int = ROOM
    search: str = "web_search_20250305"
    """The tool that searches the web; empty: none. What newer ones add costs code that is run."""

    @property
    def thinks(self) -> bool:
        """Whether the models can think at all."""
        return self.manual or self.adaptive


PLAIN_SEARCHING = Family(sampling=True, both_samplers=True, max_tokens=DEFAULT_MAX_TOKENS)
PLAIN = msgspec.structs.replace(PLAIN_SEARCHING, search="")
MANUAL = Family(manual=True, off="disabled", sampling=True, both_samplers=True)
MANUAL_ONE = Family(manual=True, off="disabled", sampling=True)
MANUAL_STRUCTURED = Family(manual=True, off="disabled", sampling=True, structured=True)
EITHER = Family(
    manual=True, adaptive=True, off="disabled", efforts=LEVELS, sampling=True, structured=True
)
ADAPTIVE = Family(adaptive=True, off="disabled", efforts=ALL_LEVELS, structured=True)
ADAPTIVE_SYSTEM = msgspec.structs.replace(ADAPTIVE, system_turns=True)
SONNET_5 = msgspec.structs.replace(ADAPTIVE, starts_on=True)
FIVE = msgspec.structs.replace(SONNET_5, system_turns=True)
BETWEEN = msgspec.structs.replace(FIVE, off="between_tools")
ALWAYS = msgspec.structs.replace(FIVE, off=None)

UNKNOWN = Family(
    manual=True,
    off="disabled",
    sampling=True,
    both_samplers=True,
    max_tokens=DEFAULT_MAX_TOKENS,
    search="",
)
"""Models of others behind this format (DeepSeek, Kimi, GLM, vLLM, Ollama), and names that hide
the model: they follow the form of the format that was there first."""

# The first row whose line (None: any) and first version fit decides. A Claude without a readable
# version is taken for a new one.
FAMILIES = (
    ("fable", (0, 0), ALWAYS),
    ("mythos", (0, 0), ALWAYS),
    ("opus", (5, 5), ALWAYS),
    ("sonnet", (5, 5), BETWEEN),
    ("sonnet", (5, 0), SONNET_5),
    (None, (5, 0), FIVE),
    (None, (4, 8), ADAPTIVE_SYSTEM),
    (None, (4, 7), ADAPTIVE),
    (None, (4, 6), EITHER),
    (None, (4, 5), MANUAL_STRUCTURED),
    (None, (4, 1), MANUAL_ONE),
    (None, (3, 7), MANUAL),
    (None, (3, 5), PLAIN_SEARCHING),
    (None, (0, 0), PLAIN),
)

# claude-opus-4-1-20250805, us.anthropic.claude-sonnet-4-20250514-v1:0, claude-opus-4-5@20251101,
# claude-3-7-sonnet-latest, anthropic/claude-4.7-opus, claude-2.1; claude-v2 matches LINE only.
NAME = re.compile(
    r"claude-(?:(?P<line>[a-z]+)-)?(?P<major>\d{1,2})(?!\d)(?:[-.](?P<minor>\d{1,2})(?!\d))?"
    r"(?:-(?P<after>[a-z]+))?"
)
LINE = re.compile(r"claude-(?P<line>[a-z]+)")


@lru_cache(maxsize=1024)
def family(model: str) -> Family:
    """The family of `model`, as any platform spells its name."""
    name = model.lower()
    found = NAME.search(name)
    if found is None:
        line = LINE.search(name)
        if line is None:
            return UNKNOWN
        return PLAIN if line["line"] in ("instant", "v") else ALWAYS
    version = (int(found["major"]), int(found["minor"] or 0))
    lines = (found["line"], found["after"], None)
    return next(row for line, first, row in FAMILIES if line in lines and version >= first)


NOTHING: frozenset[Feature] = frozenset()
UNSTRUCTURED = frozenset({Feature.JSON_SCHEMA, Feature.TOOL_STRICT})


def lacks(request: ChatRequest) -> frozenset[Feature]:
    """What the model refuses of what its format can say."""
    return NOTHING if family(request.known_as).structured else UNSTRUCTURED
