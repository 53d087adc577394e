"""Who gets copies of a route's requests, to see what would become of them there."""

from typing import Annotated

from pydantic import Field

from extproc.config.base import Model
from extproc.config.patterns import ModelName
from extproc.config.values import Name, Real

SHADOW = "~shadow"
"""What stands behind the names of a backend, a model and a request where a copy is meant; no name
of a backend can hold it."""


class Shadow(Model):
    """A backend whose answers nobody sees."""

    backend: Name
    """A name under `backends`; it may be one of the route's own, with another `model`."""
    model: ModelName | None = None
    """What the provider calls the model, as in `backends`; default: what the client called it."""
    family: ModelName | None = None
    """The vendor's name of a model whose rules hold, as in `backends`."""
    percent: Annotated[Real, Field(ge=0, le=100)] = 100.0
    """Share of the requests that are copied."""
