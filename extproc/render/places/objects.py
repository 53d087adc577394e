"""Kubernetes objects as plain data, and as the documents of one YAML file."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from extproc.render.text import Notes, Writer, comment
from extproc.render.typed import Json

NAME = "ai-gateway"
"""Of every object: no name in gateway.yaml becomes one of Kubernetes'."""
LABELS = {"app.kubernetes.io/name": NAME}

SILENT = Notes({}, {})


class Rendering(msgspec.Struct, frozen=True):
    """What is written, and what cannot be said there."""

    text: str
    warnings: tuple[str, ...] = ()


class Impossible(Exception):
    """This gateway.yaml cannot be rendered for that place; the message says why."""


def named(api: str, kind: str, namespace: str, /, **more: Any) -> Json:
    """An object of the gateway's; what `more` says stands beside `metadata`."""
    metadata = {"name": NAME, "namespace": namespace, "labels": LABELS}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **more}


def suffixed(thing: Json, suffix: str) -> Json:
    """The same object by another name, where there are several of a kind."""
    return {**thing, "metadata": {**thing["metadata"], "name": f"{NAME}-{suffix}"}}


def selector() -> Json:
    """The pods."""
    return {"matchLabels": LABELS}


def documents(head: str, objects: Iterable[Mapping[str, Any]]) -> str:
    """All of them in one file below what its head says."""
    top = "".join(f"{line}\n" for line in comment(head))
    # Not every reader passes over a document that is a comment alone.
    return top + "---\n".join(Writer(SILENT, {}).write(one) for one in objects)
