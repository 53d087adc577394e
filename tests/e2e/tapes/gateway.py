"""gateway.yaml for the providers that are played."""

from typing import Any

from providers.usage import Price
from tests.e2e.clients.backends import backend
from tests.e2e.tapes.providers import TAPES

FIGURES: dict[str, Any] = {"input": 2.0, "output": 10.0, "cache_read": 0.5, "cache_write": 4.0}
PRICE = Price(**FIGURES)
IMPATIENT: dict[str, dict[str, Any]] = {
    "silent": {"retry": {"attempts": 2, "on": ["timeout"], "per_try_timeout": "500ms"}},
    "stuck": {"timeouts": {"stream_idle": "3s"}},
}
"""Way → what a route has for it alone, since any patience may be too short on a busy machine."""


def model(dialect: str, way: str) -> str:
    """What a client asks for, to be answered in `way`."""
    return f"{way}-{dialect}" if way in IMPATIENT else dialect


def config(url: str, **more: Any) -> dict[str, Any]:
    """Routes to a provider at `url` for each dialect; `more` goes beside them."""
    names = {dialect: dialect.replace(".", "-") for dialect in TAPES}
    return {
        "backends": {name: backend(dialect, url) for dialect, name in names.items()},
        "routes": [
            {
                "models": [model(dialect, way)],
                "backends": [{"backend": name, "model": "asked"}],
                "price": FIGURES,
                **IMPATIENT.get(way, {}),
            }
            for dialect, name in names.items()
            for way in ("", *IMPATIENT)
        ],
        **more,
    }
