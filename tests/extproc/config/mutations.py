"""Every example of a gateway.yaml, and what becomes of one that is half written or mistaken."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
VALUES: tuple[Any, ...] = (None, 7, "x" * 20_000, [], {}, [None], {"a": None})
"""What stands in place of a node."""


def examples() -> dict[str, str]:
    """Name → text, of the bootstraps' sources and of the README."""
    files = {
        path.name: path.read_text() for path in sorted((ROOT / "envoy").glob("*.gateway.yaml"))
    }
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return {**files, **{f"README-{index}": text for index, text in enumerate(blocks)}}


def mutants(text: str) -> Iterator[bytes]:
    """The text with one node deleted, or replaced by something else."""
    data = yaml.safe_load(text)
    for at in places(data):
        if at:
            yield written(data, at, ...)
        for value in VALUES:
            yield written(data, at, value)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every node is."""
    yield at
    inside = enumerate(value) if isinstance(value, list) else ()
    for key, item in value.items() if isinstance(value, dict) else inside:
        yield from places(item, (*at, key))


def written(data: Any, at: tuple[Any, ...], value: Any) -> bytes:
    """`data` with `value` at a place, or, with `...`, without the place; JSON is YAML."""
    whole = {"": copy.deepcopy(data)}
    parent, node = whole, ("", *at)
    for key in node[:-1]:
        parent = parent[key]
    if value is ...:
        del parent[node[-1]]
    else:
        parent[node[-1]] = value
    return json.dumps(whole[""]).encode()


def prefixes(text: str) -> Iterator[bytes]:
    """What has been written when the writer is interrupted anywhere."""
    data = text.encode()
    return (data[:end] for end in range(len(data)))
