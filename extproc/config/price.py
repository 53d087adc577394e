"""What is paid for what."""

from typing import Annotated

from pydantic import AfterValidator, Field

from extproc.config.base import Model, flaw
from extproc.config.formula import checked
from extproc.config.values import Real

Usd = Annotated[Real, Field(ge=0, le=1_000_000)]


def _cel(text: str) -> str:
    try:
        return checked(text)
    except ValueError as error:
        raise flaw(str(error)) from None


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
    cel: Annotated[str, AfterValidator(_cel)] | None = None
    """The USD of a request's tokens, as an expression in CEL, instead of `input`, `output` and the
    cache's: of `input_tokens`, `cached_input_tokens`, `cache_creation_input_tokens`,
    `output_tokens`, `reasoning_tokens`, `total_tokens`, `model` (the provider's name) and
    `backend`, such as `double(input_tokens) * 0.0000025`. Needs `pip install 'extproc[cel]'`."""
