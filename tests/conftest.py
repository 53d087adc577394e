"""Profiles of the property tests."""

import gc
import os

import pytest
from hypothesis import Phase, settings

# To make a failing example small takes up to five minutes, and longer than a test may take:
# HYPOTHESIS_PROFILE=shrink does that for one test.
FOUND = (Phase.explicit, Phase.reuse, Phase.generate)
settings.register_profile("default", deadline=None, phases=FOUND, print_blob=True)
settings.register_profile("shrink", deadline=None)
settings.register_profile("fuzz", deadline=None, max_examples=3_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes begins first, or the others would wait for it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """Ten thousand tests are no garbage: looking at them again and again takes a second each time,
    in the middle of what is measured."""
    gc.collect()
    gc.freeze()
