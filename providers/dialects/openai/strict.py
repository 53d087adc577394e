"""Schemas that the model must keep to, and what OpenAI demands of them.

https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
"""

from typing import Any


def is_closed(schema: Any) -> bool:
    """Whether all members of all objects are known and required, as OpenAI's strictness wants."""
    if isinstance(schema, list):
        return all(is_closed(item) for item in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        properties, required = schema.get("properties", {}), schema.get("required", [])
        if schema.get("additionalProperties") is not False or not isinstance(properties, dict):
            return False
        if not isinstance(required, list) or set(properties) - {str(name) for name in required}:
            return False
    return all(is_closed(value) for name, value in schema.items() if name != "required")
