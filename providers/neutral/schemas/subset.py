"""What a subset of JSON Schema has and lacks."""

import re

import msgspec


class Subset(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A part of JSON Schema that one vendor takes in one place."""

    name: str
    keywords: frozenset[str] | None = None
    """Those that are taken beside the common ones; None: all."""
    root_keywords: frozenset[str] | None = None
    """Those that are taken at the root, where they are fewer."""
    formats: frozenset[str] | None = None
    """Values of `format`; None: all."""
    patterns: re.Pattern[str] | None = None
    """What no `pattern` may hold."""
    unions: bool = True
    """`anyOf` is taken, and a list of types."""
    closed: bool = False
    """Every object says `additionalProperties: false`."""
    all_required: bool = False
    """Every property is required; one that may be left out can be null instead."""
    one_required: bool = False
    """Every object has a required property."""
    typed: bool = False
    """Every schema says a type, a choice or a reference: "anything" cannot be said."""
    enums: tuple[type, ...] = (str, int, float, bool, type(None), list, dict)
    """What `enum` holds."""
    most_min_items: int | None = None
    """The largest `minItems`; None: any."""
    lone_references: bool = False
    """Nothing stands beside a `$ref`."""
    references: bool = True
    """`$ref` and `$defs` are taken."""
    recursive: bool = True
    """A schema may refer to itself."""
    unrolls: bool = False
    """One that must not is unrolled a few times, rather than refused."""
    object_root: bool = False
    """The root is an object, and no choice."""
    items: bool = False
    """Every array says its `items`."""
    most_optional: int | None = None
    """Properties that may be left out, in the whole schema."""
    most_unions: int | None = None
    """Choices of types, in the whole schema."""
    most_properties: int | None = None
    most_depth: int | None = None
    """Levels of objects and arrays."""

    @property
    def walks(self) -> bool:
        """Whether what stands below the root must be looked at."""
        return self.keywords is not None or self.patterns is not None or self.items


OPEN = Subset(name="open")
"""Servers of open models hold an answer to almost anything, or leave a constraint out by
themselves (https://docs.vllm.ai/en/latest/features/structured_outputs.html, checked 2026-11)."""


class Schemas(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What one model takes in each place that has a schema."""

    tools: Subset = OPEN
    strict_tools: Subset | None = None
    """For tools that are strict; None: the same."""
    output: Subset = OPEN
    strict_output: Subset | None = None
    """For a strict answer; None: there is no other."""
    strict_by_default: bool = False
    """An answer is asked for strictly unless the client says otherwise."""


class Unfit(Exception):
    """No schema of the subset means the same."""
