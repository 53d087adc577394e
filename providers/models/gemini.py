"""What can be known of a model by its name.

https://ai.google.dev/gemini-api/docs/thinking
"""

import re
from enum import StrEnum
from functools import lru_cache

import msgspec

from providers.neutral.schemas.subset import Schemas
from providers.neutral.schemas.subsets import OF_GEMINI

VERSION = re.compile(r"gemini-(\d+)(?:\.(\d+))?")
THIRD = (3, 0)
THINKS_FROM = (2, 5)
SCHEMAS_FROM = (2, 0)
NEWEST = (99, 0)
MINIMAL_UNTIL = (3, 6)
"""The last flash models that know the level `minimal`."""


class Thinks(StrEnum):
    """The words that a model has for how much it thinks."""

    LEVEL = "level"
    BUDGET = "budget"
    NEVER = "never"


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A family of models."""

    thinks: Thinks = Thinks.LEVEL
    least: int = 0
    """The smallest budget but 0."""
    most: int = 24_576
    """The largest budget."""
    stops_thinking: bool = True
    """Thinking can be switched off."""
    levels: tuple[str, ...] = ("minimal", "low", "medium", "high")
    wants_signatures: bool = True
    """A function call of the current turn must be signed."""
    nests_media: bool = True
    """A function's result may hold pictures and files."""
    combines: bool = True
    """Tools that Google runs may be offered beside functions."""
    takes_json_schema: bool = True
    """Schemas may be JSON Schema; older models only know the subset of OpenAPI."""


@lru_cache(maxsize=1024)
def model_of(name: str) -> Model:
    """The facts of a model; a name that says nothing is taken for one of the newest."""
    name = name.rpartition("/")[2].lower()
    if name.startswith(("gemma", "learnlm", "gemini-pro")) and "latest" not in name:
        return _thoughtless((1, 0))
    match = VERSION.match(name)
    if match is None:
        # An alias of Google's own, such as gemini-flash-latest, stands for a model that thinks.
        own = name.startswith("gemini-")
        return Model(stops_thinking=not own, levels=_levels(name, NEWEST))
    version = int(match[1]), int(match[2] or 0)
    if version < THINKS_FROM or "tts" in name or (version < THIRD and "image" in name):
        return _thoughtless(version)
    if version < THIRD:
        return _budgeted(name)
    return Model(stops_thinking=False, levels=_levels(name, version))


def _levels(name: str, version: tuple[int, int]) -> tuple[str, ...]:
    """The levels that a model knows.

    https://docs.cloud.google.com/vertex-ai/generative-ai/docs/thinking (checked 2026-11)
    """
    if "image" in name:
        return ("minimal", "high") if "flash" in name else ("high",)
    if "flash" in name and version <= MINIMAL_UNTIL:
        return ("minimal", "low", "medium", "high")
    return ("low", "high") if "pro" in name and version == THIRD else ("low", "medium", "high")


def _budgeted(name: str) -> Model:
    pro = "pro" in name
    least = 128 if pro else 512 if "lite" in name else 0
    return Model(
        thinks=Thinks.BUDGET,
        least=least,
        most=32_768 if pro else 24_576,
        stops_thinking=not pro,
        wants_signatures=False,
        nests_media=False,
        combines=False,
    )


def _thoughtless(version: tuple[int, int]) -> Model:
    return Model(
        thinks=Thinks.NEVER,
        wants_signatures=False,
        nests_media=False,
        combines=False,
        takes_json_schema=version >= SCHEMAS_FROM,
    )


OF_OLDER = Schemas()
"""Those that take Google's subset of OpenAPI alone are told by it."""


def schemas_of(name: str) -> Schemas:
    """Which schemas a model takes."""
    return OF_GEMINI if model_of(name).takes_json_schema else OF_OLDER
