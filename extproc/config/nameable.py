"""Which secrets of the server's machine Envoy's metadata may name.

Whoever writes a route of Envoy's is not always who runs the server, and where the cluster of that
route leads is his choice, too: a secret that he can name is one that he can have.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated

from extproc.config.base import Model
from extproc.config.problem import Flaw
from extproc.config.references import named
from extproc.config.values import SecretRef, pattern
from providers.catalog import PROVIDERS

ANY = "*"
FOLDER = "/"
UPWARDS = "/../"
STEP = r"(?!\.\.?(?:/|$))[^/*\x00-\x1f\x7f]{1,255}"

Nameable = Annotated[
    str,
    pattern(
        rf"env:(?:\*|[A-Za-z_][A-Za-z0-9_]{{0,127}}\*?)|file:(?:/{STEP}){{1,64}}/?",
        "must be env:NAME, env:PREFIX*, file:/path or file:/folder/",
    ),
]
"""A secret, or several that are called alike or lie in one folder."""

VARIABLES = {
    "huggingface": "HF_TOKEN",
    "gemini-openai": "GEMINI_API_KEY",
    "nvidia": "NVIDIA_API_KEY",
}
"""Where a provider's own programs look for its key, if not under its name."""
MAY_NOT = "is a secret that metadata may not name (extproc.metadata_secrets, serve --secret)"
USUAL = "what providers' keys are called, such as env:OPENAI_API_KEY"


def variable(provider: str) -> str:
    """The environment variable in which the provider's key usually is."""
    return VARIABLES.get(provider) or f"{provider.upper().replace('-', '_')}_API_KEY"


KEYS = tuple(f"env:{variable(name)}" for name in PROVIDERS)
"""What may be named where nobody has said anything else."""


def unnameable(said: Model, allowed: Sequence[str] | None) -> Iterator[Flaw]:
    """A flaw for each secret in `said` that is none of `allowed`; None: of providers' keys."""
    may = KEYS if allowed is None else allowed
    for at, reference in named(said):
        if not any(_is_one(reference, one) for one in may):
            yield Flaw(at, MAY_NOT, (USUAL,) if allowed is None else tuple(allowed))


def _is_one(reference: SecretRef, allowed: str) -> bool:
    """Names alone are compared: links in a folder lead where its owner has laid them."""
    if allowed.endswith(ANY):
        return reference.startswith(allowed.removesuffix(ANY))
    if allowed.endswith(FOLDER):
        return reference.startswith(allowed) and UPWARDS not in f"{reference}/"
    return reference == allowed
