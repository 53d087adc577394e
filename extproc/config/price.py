"""What is paid for what."""

from typing import Annotated

from pydantic import Field

from extproc.config.base import Model
from extproc.config.values import Real

Usd = Annotated[Real, Field(ge=0, le=1_000_000)]


class RoutePrice(Model):
    """USD: tokens by the million, other units each unless it is said otherwise."""

    input: Usd = 0.0
    """Prompt tokens."""
    output: Usd = 0.0
    """Generated tokens."""
    cache_read: Usd | None = None
    """Prompt tokens read from the provider's cache; default: `input`."""
    cache_write: Usd | None = None
    """Prompt tokens written to the provider's cache; default: `input`."""
    image: Usd = 0.0
    """A picture that is made."""
    images: dict[Annotated[str, Field(max_length=64)], Usd] = Field(
        default_factory=dict, max_length=64
    )
    """Size and quality, as the answer says both or clients ask for them (`1024x1024 high`,
    `1024x1024`) → a picture; others cost `image`."""
    second: Usd = 0.0
    """A second of sound or film, heard or made."""
    characters: Usd = 0.0
    """A million characters of text that is spoken."""
    search: Usd = 0.0
    """A search, as rerankers count them."""
    page: Usd = 0.0
    """A page of a document that is read."""
