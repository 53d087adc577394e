"""What fields of gateway.yaml mean, as their docstrings say it.

Only who prints the JSON Schema reads it: pydantic would do so for each model, whenever a process
starts, and take a quarter of the start for it.
"""

import ast
import inspect
import textwrap
from itertools import pairwise

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema


class Described(GenerateJsonSchema):
    """Gives each member of a model its field's docstring as the description."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """The model with its members described."""
        made = super().model_schema(schema)
        model: type[BaseModel] = schema["cls"]
        said = docstrings(model)
        for name, field in model.model_fields.items():
            member = made.get("properties", {}).get(field.alias or name)
            if member is not None and name in said:
                member.setdefault("description", said[name])
        return made


def docstrings(model: type[BaseModel]) -> dict[str, str]:
    """By field, its own and those that it inherited."""
    said: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if issubclass(one, BaseModel) and one is not BaseModel:
            said |= _own(one)
    return said


def _own(model: type[BaseModel]) -> dict[str, str]:
    [tree] = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(tree, ast.ClassDef)
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(tree.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
