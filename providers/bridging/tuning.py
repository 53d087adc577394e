"""Bodies as one backend wants them, beside what all of its dialect want."""

from collections.abc import Mapping
from typing import Any

from providers.bridging.dialect import Call, Dialect, FitHeaders
from providers.bridging.quirks import Quirks
from providers.errors import Unsupported
from providers.wire.members import Json
from providers.wire.splice import REMOVED

NOTHING_TOLD: Mapping[str, str] = {}


def fit(
    body: Json,
    call: Call,
    target: Dialect,
    quirks: Quirks,
    told: Mapping[str, str] = NOTHING_TOLD,
) -> FitHeaders:
    """Changes a rendered body as this backend wants it; the headers that go with it, and what
    is lost of it thereby. `told`: headers that the client said in its body."""
    said = {**told, **call.headers} if told else call.headers
    changes = target.edits(body, call.model, quirks.stream_usage)
    if target.from_headers is not None:
        changes.update(target.from_headers(body, said, call.model))
    model, lasting = quirks.known_as(call.model), quirks.cache
    unfit: list[str] = []
    if target.tune is not None:
        changes.update(target.tune(body, model, unfit))
    if lasting and target.marks is not None:
        changes.update(target.marks({**body, **changes}, model, lasting))
    lost = [*tune(body, changes, quirks), *unfit]
    for name, value in changes.items():
        if value is REMOVED:
            body.pop(name, None)
        else:
            body[name] = value
    new = {name: told[name] for name in told if name in target.told_headers}
    if told and not new and target.from_headers is None:
        lost += [name.replace("-", "_") for name in told]
    if target.fit_headers is None:
        return new, lost
    headers, unknown = target.fit_headers(body, said, frozenset())
    return {**new, **headers}, [*lost, *unknown]


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
    dropped = [] if quirks.drops.isdisjoint(body) else sorted(quirks.drops.intersection(body))
    changes.update(dict.fromkeys(dropped, REMOVED))
    if quirks.renames:
        _rename(body, changes, quirks.renames)
    return dropped


def _refuse(body: Json, changes: dict[str, Any], quirks: Quirks) -> None:
    for name in quirks.refuses.intersection(body):
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
        if other not in body or changes.get(other) is REMOVED:
            changes[other] = value
