"""The JSON Schema of gateway.yaml, for editors, and the hash of a configuration."""

import hashlib
from typing import Any

import orjson

from extproc.config.docstrings import Described
from extproc.config.gateway import Gateway
from extproc.config.references import ClientKeys

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MODELINE = "# yaml-language-server: $schema=gateway.schema.json"
"""As a file's first line, it tells editors where the schema is."""


def schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12."""
    whole = Gateway.model_json_schema(schema_generator=Described)
    tidy: dict[str, Any] = _tidy(whole, whole["$defs"])
    return {"$schema": DIALECT, "$comment": f"First line of a file: {MODELINE}", **tidy}


def _tidy(value: Any, definitions: dict[str, Any]) -> Any:
    """Descriptions everywhere and on one line; only defaults that a person would write."""
    if isinstance(value, list):
        return [_tidy(item, definitions) for item in value]
    if not isinstance(value, dict):
        return value
    tidy = {
        key: _tidy(item, definitions)
        for key, item in value.items()
        if key != "default" or isinstance(item, str | int | float | list)
    }
    if "patternProperties" in tidy:
        tidy.setdefault("additionalProperties", False)  # what fits no pattern is no key
    if "$ref" in tidy and "title" not in tidy:
        # Left out by pydantic where a field says the same as its type.
        said = definitions[tidy["$ref"].removeprefix("#/$defs/")].get("description", "")
        tidy.setdefault("description", said)
    if isinstance(tidy.get("description"), str):
        tidy["description"] = " ".join(tidy["description"].split())
    return tidy


def digest(gateway: Gateway, clients: ClientKeys | None = None) -> str:
    """SHA-256 in hex of what the configuration says: the same whatever the order of its keys, with
    defaults written out or not. The secrets are no part of it."""
    canonical: dict[str, Any] = {
        "gateway": gateway.model_dump(mode="json", exclude_defaults=True),
        "clients": {name: list(keys) for name, keys in (clients or {}).items()},
    }
    if gateway.listed:
        canonical["prices"] = [entry.model_dump(mode="json") for entry in gateway.listed]
    text = orjson.dumps(canonical, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()
