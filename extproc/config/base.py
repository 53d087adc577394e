"""What every model of gateway.yaml shares."""

from typing import Self

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError


class Model(BaseModel):
    """Frozen; an unknown key is an error; a field's docstring is its description (`Described`)."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    def __deepcopy__(self, memo: object = None) -> Self:
        """Itself: pydantic copies a default for each object that has it, which is never changed."""
        return self


def flaw(message: str) -> PydanticCustomError:
    """The error of a field; `message` must not hold the value, which may be a secret."""
    return PydanticCustomError("flaw", "{message}", {"message": message})
