"""Every call that the official SDKs can make, and who serves it here, or why nobody does.

A call is a method and a path, as `sdk_sources` reads them. What is not served stands in
`uncalled.yaml` with its reason, so a new version of an SDK asks for a decision.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from extproc.exchange.acts import Acts
from extproc.exchange.entrances import Entrances, Listings
from providers.catalog import DIALECTS, ENTRANCES, RESOURCES, SESSIONS, SHARED
from providers.errors import GatewayError
from tests.sdk_sources import AMAZONS, calls

UNCALLED: Mapping[str, Mapping[str, list[str]]] = yaml.safe_load(
    Path(__file__).with_name("uncalled.yaml").read_text("utf-8")
)
"""SDK → reason → calls, as the setting `passthrough` names them: `POST /a`, or `/a/*` for all that
is below it, by any method."""

ON_VERTEX = "/v1beta1/projects/x/locations/x"
PREFIXES = {"openai": ("/v1",), "google.genai": ("/v1beta", ON_VERTEX)}
SAID = {
    "google.genai": (
        (r"POST /\{\}:", "POST /models/x:"),
        (r"(?:DELETE|PATCH) /\{\}$", "DELETE /cachedContents/x"),
        (r"GET /\{\}$", "GET /models/x"),
        (r"POST /upload/(?:\{\}/)?files", "POST /../upload/v1beta/files"),
        (r"GET (/ws/.*generativelanguage)\.\{\}", r"GET /..\1.v1beta"),
        (r"GET (.*Service\.)\{\}", r"GET \1BidiGenerateContent"),
        (r"GET (/ws/.*aiplatform)\.\{\}", r"GET /..\1.v1beta1"),
    ),
    "huggingface_hub": ((r"POST /hf-inference/models/\{\}/v1", "POST /v1"),),
}
"""What SDKs call by whole names, as one of the things that have such names, or by URLs."""
OWN = {
    "anthropic": {"anthropic-version": "2023-06-01"},
    "google.genai": {"x-goog-api-client": "genai"},
    "elevenlabs": {"x-fern-sdk-name": "elevenlabs"},
    "cohere": {"x-fern-sdk-name": "cohere"},
}
"""Headers by which its clients are known."""
FAMILIES = {
    "google.genai": ("gemini.", "vertex."),
    "mistralai": ("mistral.", "openai.files"),
    "bedrock": ("bedrock.",),
}
"""Whose things an SDK can read, where others have the same paths."""


class Headers(dict[str, str]):
    """What an SDK says of itself."""

    def names(self) -> str:
        """One a line."""
        return "\n".join(self)


@cache
def _places() -> tuple[Entrances, Listings, Acts]:
    entrances = Entrances((*DIALECTS.values(), *ENTRANCES.values()), SHARED)
    return entrances, Listings(DIALECTS), Acts(RESOURCES.values())


def served(sdk: str, method: str, path: str) -> bool:
    """Whether a call has a place in the gateway."""
    for expression, named in SAID.get(sdk, ()):
        method, path = re.sub(f"^{expression}", named, f"{method} {path}").split(" ")
    places = (prefix + path.replace("{}", "x") for prefix in PREFIXES.get(sdk, ("",)))
    return any(_has(sdk, method, re.sub(r"^.*/\.\.", "", place)) for place in places)


def _has(sdk: str, method: str, path: str) -> bool:
    entrances, listings, acts = _places()
    if method in ("GET", "HEAD") and listings.find(path, Headers(OWN.get(sdk, {}))):
        return True
    if method == "POST" and (entrances.operation(path) or listings.asked(path, "")):
        return True
    if method == "GET" and any(one.place.fullmatch(path) for one in SESSIONS.values()):
        return True
    families = FAMILIES.get(sdk, ("bedrock.",) if sdk in AMAZONS else (f"{sdk}.",))
    kinds = [name for name in RESOURCES if name.startswith(families)]
    return any(_known(acts, kind, method, path) for kind in kinds)


def _known(acts: Acts, kind: str, method: str, path: str) -> bool:
    try:
        acts.find(kind, method, path)
    except GatewayError:
        return False
    return True


def covers(pattern: str, method: str, path: str) -> bool:
    """Whether a call is one of those that `uncalled.yaml` names so."""
    wanted, space, place = pattern.rpartition(" ")
    if space and wanted != method:
        return False
    if not place.endswith("/*"):
        return path == place
    return f"{path}/".startswith(place[:-1]) or path.startswith(f"{place[:-2]}:")


def reasons(sdk: str, method: str, path: str) -> list[str]:
    """Why a call is not served."""
    known = UNCALLED.get(sdk, {})
    return [why for why, these in known.items() if any(covers(one, method, path) for one in these)]


def page() -> str:
    """What of each SDK is served here, and what only passes, and why."""
    lines = [
        "# What SDKs can call",
        "",
        "Generated from the sources of the official SDKs, as they are installed for the tests: a",
        "call is a method and a path. What is not served here is a 404 that says so, and can",
        "[pass as it is](passthrough.md): `base_url` is then `…/passthrough/BACKEND`. Below,",
        "`{}` is whatever stands there, and `/*` everything below a path.",
        "",
        "| SDK | calls | served |",
        "| --- | ---: | ---: |",
    ]
    for sdk, known in sorted(calls().items()):
        count = sum(served(sdk, *call) for call in known)
        lines.append(f"| `{sdk}` | {len(known)} | {count} |")
    for sdk in sorted(UNCALLED):
        lines += ["", f"## {sdk}", ""]
        lines += [f"- {why}: {_named(these)}" for why, these in UNCALLED[sdk].items()]
    return "\n".join(lines) + "\n"


def _named(patterns: list[str]) -> str:
    return ", ".join(f"`{one}`" for one in patterns)
