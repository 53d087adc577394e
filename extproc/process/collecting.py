"""When Python's collector looks for garbage: not while thousands of objects are made that stay."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Nothing is looked for meanwhile: each look would go through all that is new so far."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def staying() -> Iterator[None]:
    """The same, and what is there at the end is never looked through again; it goes when nobody
    refers to it."""
    gc.collect()
    with paused():
        yield
        gc.freeze()
