"""What one backend changes in every body, beside what its dialect does."""

from collections.abc import Mapping
from typing import Any

import msgspec

from providers.errors import Unsupported
from providers.wire.members import Json
from providers.wire.splice import REMOVED


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


ASKS_NOTHING: Mapping[str, Any] = {
    "n": 1,
    "logprobs": False,
    "parallel_tool_calls": True,
    "tools": [],
    "stop": [],
    "modalities": ["text"],
    "output_dtype": "float",
}
"""Values that say what would be so without them."""


def tune(body: Json, changes: dict[str, Any], quirks: Quirks) -> list[str]:
    """Adds what `quirks` ask of `body` to the changes of its top-level members; names of what is
    dropped."""
    for name, value in quirks.defaults.items():
        _put(body, changes, name, value, over=False)
    for name, value in quirks.override.items():
        _put(body, changes, name, value, over=True)
    for path in quirks.remove:
        _remove(body, changes, path)
    if not quirks.refuses.isdisjoint(body):
        _refuse(body, changes, quirks)
    dropped = [] if quirks.drops.isdisjoint(body) else sorted(quirks.drops & body.keys())
    changes.update(dict.fromkeys(dropped, REMOVED))
    if quirks.renames:
        _rename(body, changes, quirks.renames)
    return dropped


def _refuse(body: Json, changes: dict[str, Any], quirks: Quirks) -> None:
    for name in quirks.refuses & body.keys():
        if changes.get(name) is REMOVED:
            continue
        if body[name] is not None and body[name] != ASKS_NOTHING.get(name, REMOVED):
            raise Unsupported(f"{quirks.provider} does not support {name}", param=name)
        changes[name] = REMOVED  # some refuse the mere name


def _put(body: Json, changes: dict[str, Any], path: str, value: Any, *, over: bool) -> None:
    """Puts a value at a dotted path; without `over`, only where there is none."""
    top, _, rest = path.partition(".")
    there = changes.get(top, body.get(top))
    there = None if there is REMOVED else there
    if not rest:
        if over or there is None:
            changes[top] = value
    elif there is None or isinstance(there, dict):
        changes[top] = _with(there or {}, rest, value, over=over)


def _with(owner: Json, path: str, value: Any, *, over: bool) -> Json:
    """The object with a value at a path in it, if there are only objects on the way."""
    name, _, rest = path.partition(".")
    there = owner.get(name)
    if not rest:
        return {**owner, name: value} if over or there is None else owner
    if there is not None and not isinstance(there, dict):
        return owner
    return {**owner, name: _with(there or {}, rest, value, over=over)}


def _remove(body: Json, changes: dict[str, Any], path: tuple[str, ...]) -> None:
    top, *rest = path
    value = changes.get(top, body.get(top))
    if not rest:
        if top in body or top in changes:
            changes[top] = REMOVED
    elif isinstance(value, dict):
        changes[top] = _without(value, rest)


def _without(value: Json, path: list[str]) -> Json:
    name, *rest = path
    if rest and isinstance(value.get(name), dict):
        return {**value, name: _without(value[name], rest)}
    return value if rest else {key: item for key, item in value.items() if key != name}


def _rename(body: Json, changes: dict[str, Any], renames: Mapping[str, str]) -> None:
    for name, other in renames.items():
        value = changes.get(name, body.get(name, REMOVED))
        if value is REMOVED:
            continue
        if name in body:
            changes[name] = REMOVED
        else:
            changes.pop(name, None)
        if other not in body:
            changes[other] = value
