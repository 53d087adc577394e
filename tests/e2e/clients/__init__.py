"""The official SDKs as clients: a module for each dialect, which announces its `TALK`."""

import importlib
import pkgutil

import pytest

from tests.e2e.clients.talk import Talk


def _talks() -> dict[str, type[Talk]]:
    found: dict[str, type[Talk]] = {}
    for info in pkgutil.iter_modules(__path__):
        talk = getattr(importlib.import_module(f"{__name__}.{info.name}"), "TALK", None)
        if talk is not None:
            found[talk.dialect] = talk
    return found


pytest.register_assert_rewrite(f"{__name__}.facts")

TALKS = _talks()
"""Dialect → how its SDK talks."""
