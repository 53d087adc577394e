"""A gateway.yaml that uses what a place must provide."""

from pathlib import Path
from typing import Any

import yaml

from extproc.config import load
from extproc.render.places.pod import Source

CLIENTS = {"someone": "env:SOMEONES_KEY"}
ENVIRON = {"SOMEONES_KEY": "right"}

SETTINGS: dict[str, Any] = {
    "version": 1,
    "backends": {
        "Open.AI_1": {"provider": "openai", "credential": {"api_key": "env:OPENAI_API_KEY"}},
        "claude": {
            "provider": "anthropic",
            "credential": {"api_key": ["env:KEY_A", "file:/keys/b"]},
        },
        "local": {
            "provider": "vllm",
            "base_url": "http://vllm.models.svc:8000",
            "credential": "none",
        },
    },
    "routes": [
        {
            "models": ["small", "a: b", "- x", "{{ .Values }}", "$(HOME)", "match"],
            "backends": [{"backend": "Open.AI_1"}, {"backend": "claude", "priority": 1}],
        },
        {"models": ["/^local.*/"], "backends": [{"backend": "local"}]},
    ],
    "limits": [{"per": "client", "tokens": 1000, "every": "minute"}],
    "limiter": {"storage": "env:REDIS_URL"},
    "clients": {"api_keys": {"file": "clients.yaml"}},
    "extproc": {"workers": 2},
}


def source(directory: Path, **settings: Any) -> Source:
    """It stands in `directory`; `settings` come over those above."""
    path = directory / "gateway.yaml"
    path.write_text(yaml.safe_dump({**SETTINGS, **settings}))
    (directory / "clients.yaml").write_text(yaml.safe_dump(CLIENTS))
    return Source(load(path), path, "team-a", "registry.test/extproc:1")


def documents(text: str) -> list[dict[str, Any]]:
    """As kubectl reads them."""
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))
