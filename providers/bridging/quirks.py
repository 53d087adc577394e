"""What one backend changes in every body, beside what its dialect does."""

from collections.abc import Mapping
from typing import Any

import msgspec


class Quirks(msgspec.Struct, frozen=True, kw_only=True):
    """What one backend changes in every body of its provider's dialect."""

    defaults: Mapping[str, Any] = {}
    override: Mapping[str, Any] = {}
    remove: tuple[tuple[str, ...], ...] = ()
    """Paths of members; the user's wish, so not named as dropped."""
    drops: frozenset[str] = frozenset()
    refuses: frozenset[str] = frozenset()
    renames: Mapping[str, str] = {}
    stream_usage: bool = True
    family: str = ""
    """A model that takes the same, where the backend's own name does not say what it is."""
    provider: str = ""
    drop_tools: bool = False
    """Tools that another provider would run are left out and named, not refused."""
    functions_only: bool = False
    """Tools that clients run must be functions, although the dialect has others."""
    cache: str = ""
    """For how long prompts are cached of which the client says nothing; empty: the provider's
    affair."""
    bucket: str = ""
    """Where films are put that the provider hands to nobody."""
    fan_out: bool = True
    """Whether a request may become several where the provider takes only a part of it at once."""

    def known_as(self, model: str) -> str:
        """A name that says what the model takes."""
        return self.family or model
