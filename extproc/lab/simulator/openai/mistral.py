"""What Mistral's formats have in common: its SDK's own models of requests are the judges, where
that SDK is installed."""

from functools import cache
from importlib import import_module
from typing import Any

from pydantic import BaseModel, ValidationError

from extproc.lab.simulator.dialect import Json, Refusal


@cache
def _model(name: str) -> type[BaseModel] | None:
    try:
        models: Any = import_module("mistralai.client.models")
    except ImportError:
        return None
    found: type[BaseModel] = getattr(models, name)
    return found


def judge(body: Json, name: str) -> None:
    """Raises Refusal for what the SDK's model `name` refuses, and for members it has not."""
    model = _model(name)
    if model is None:
        return
    known = {field.alias or own for own, field in model.model_fields.items()}
    for member in body.keys() - known:
        raise Refusal("Extra inputs are not permitted", status=422, param=member)
    try:
        model.model_validate(body)
    except ValidationError as error:
        raise Refusal(error.errors()[0]["msg"], status=422) from None
