"""Every HTTP call that the official SDKs can make, read in their sources, and who serves it here.

An SDK's generated methods name their method and path in a shape of their own; botocore has them as
data. What is left out by a pattern is missing in the page, so a test counts.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import botocore.session

from extproc.exchange.acts import Acts
from extproc.exchange.entrances import Entrances, Listings
from providers.catalog import DIALECTS, ENTRANCES, RESOURCES, SESSIONS, SHARED
from providers.errors import GatewayError

PLACE = re.compile(r"\{[^}]*\}")
HEAD = "self\\._(get|post|put|patch|delete|get_api_list)\\(\\s*(?:path_template\\(\\s*)?"
STAINLESS = re.compile(HEAD + r'"([^"]+)"')
METHOD = re.compile(r"\n    (?:async )?def ")
SPEAKEASY = re.compile(r'method="(?P<method>\w+)",\s*path="(?P<path>[^"#]+)')
FERN = re.compile(
    r'httpx_client\.(?:request|stream)\(\s*f?"(?P<path>[^"]+)",(?:\s*base_url=[^\n]*\n)?'
    r'\s*method="(?P<method>\w+)"'
)
GOOGLE = re.compile(
    r"path = ['\"](?P<path>[^'\"]+)['\"]\.format_map.{0,900}?"
    r"_api_client\.(?:request|request_streamed|async_request)\(\s*'(?P<method>\w+)'",
    re.DOTALL,
)
OLLAMA = re.compile(r"'(?P<method>GET|POST|DELETE|HEAD|PUT)',\s*f?'(?P<path>/api[^']+)'")
SOURCES = {
    "mistralai": ("**/*.py", SPEAKEASY),
    "cohere": ("**/*raw_client.py", FERN),
    "elevenlabs": ("**/*raw_client.py", FERN),
    "google.genai": ("*.py", GOOGLE),
    "ollama": ("_client.py", OLLAMA),
}
AMAZONS = ("bedrock-runtime", "bedrock-agent-runtime", "bedrock")
ON_VERTEX = "/v1beta1/projects/x/locations/x"
PREFIXES = {"openai": ("/v1",), "google.genai": ("/v1beta", ON_VERTEX)}
BY_NAME = (
    (r"POST /\{\}:", "POST /models/x:"),
    (r"(?:DELETE|PATCH) /\{\}$", "DELETE /cachedContents/x"),
    (r"GET /\{\}$", "GET /models/x"),
    (r"POST /upload/\{\}\}/files", "POST /../upload/v1beta/files"),
)
"""What Google's SDK calls by whole names, as one of the things that have such names."""
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

Call = tuple[str, str]
"""(method, path)."""


def _sources(package: str, pattern: str) -> Iterator[str]:
    spec = find_spec(package)
    assert spec is not None
    for place in spec.submodule_search_locations or ():
        for file in sorted(Path(place).glob(pattern)):
            yield file.read_text("utf-8")


def _stainless(package: str) -> Iterator[Call]:
    for text in _sources(package, "resources/**/*.py"):
        for method in METHOD.split(text):
            for verb, path in STAINLESS.findall(method):
                listed = verb == "get_api_list"
                posted = 'method="post"' in method
                yield ("POST" if posted else "GET") if listed else verb.upper(), path


def _amazons() -> Iterator[tuple[str, Call]]:
    session = botocore.session.get_session()
    for name in AMAZONS:
        model = session.get_service_model(name)
        for operation in model.operation_names:
            http = model.operation_model(operation).http
            yield name, (http["method"], http["requestUri"])


@cache
def calls() -> Mapping[str, frozenset[Call]]:
    """SDK → every call, with `{}` for what stands in a path."""
    found: dict[str, set[Call]] = defaultdict(set)
    for package in ("openai", "anthropic"):
        found[package].update(_stainless(package))
    for package, (pattern, expression) in SOURCES.items():
        for text in _sources(package, pattern):
            found[package] |= {(m["method"].upper(), m["path"]) for m in expression.finditer(text)}
    for name, call in _amazons():
        found[name].add(call)
    return {
        sdk: frozenset((method, _plain(path)) for method, path in each)
        for sdk, each in found.items()
    }


def _plain(path: str) -> str:
    """Without a query, and with the same in every place."""
    return "/" + PLACE.sub("{}", path.partition("?")[0]).lstrip("/")


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
    for expression, named in BY_NAME if sdk == "google.genai" else ():
        if re.match(expression, f"{method} {path}"):
            method, path = re.sub(expression, named, f"{method} {path}").split(" ")
    places = (prefix + path.replace("{}", "x") for prefix in PREFIXES.get(sdk, ("",)))
    return any(_has(sdk, method, re.sub(r"^.*/\.\.", "", place)) for place in places)


def _has(sdk: str, method: str, path: str) -> bool:
    entrances, listings, acts = _places()
    if method in ("GET", "HEAD") and listings.find(path, Headers(OWN.get(sdk, {}))):
        return True
    if method == "POST" and (entrances.operation(path) or listings.asked(path, "")):
        return True
    if any(session.place.fullmatch(path) for session in SESSIONS.values()):
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


def _part(path: str) -> str:
    """What of an API a path is in."""
    segments = [one for one in re.split(r"[/:]", path) if one not in ("", "v1", "v2", "{}")]
    return segments[0] if segments else "by name"


def page() -> str:
    """What of each SDK is served here, and what only passes."""
    lines = [
        "# What SDKs can call",
        "",
        "Generated from the sources of the official SDKs, as they are installed for the tests: a",
        "call is a method and a path. What is not served here is a 404 that says so, and can",
        "[pass as it is](passthrough.md): `base_url` is then `…/passthrough/BACKEND`. It is, above",
        "all, the administration of an account, and products that are no calls of a model: agents",
        "that a vendor runs, its stores of knowledge, its training. `huggingface_hub` has no paths",
        "in its sources; its calls of models are in the tables of [operations](operations.md).",
        "",
        "| SDK | calls | served | not served, and how many of them |",
        "| --- | ---: | ---: | --- |",
    ]
    for sdk, known in sorted(calls().items()):
        lacking: dict[str, int] = defaultdict(int)
        for method, path in known:
            if not served(sdk, method, path):
                lacking[_part(path)] += 1
        rest = ", ".join(f"{part} {count}" for part, count in sorted(lacking.items()))
        lines.append(f"| `{sdk}` | {len(known)} | {len(known) - sum(lacking.values())} | {rest} |")
    return "\n".join(lines) + "\n"
