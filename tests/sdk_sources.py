"""Every HTTP call that the official SDKs can make, read in their sources.

An SDK's generated methods name their method and path in a shape of their own; botocore and
`huggingface_hub` have them as data. A public method of a class that makes calls either makes one,
or uses one that does, or is in `QUIET`: so nothing is left out by a pattern that no longer fits.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import botocore.session
import msgspec
from huggingface_hub.inference._providers import PROVIDERS as HUB

Call = tuple[str, str]
"""(method, path)."""

PLACE = re.compile(r"\{+[^}]*\}+")
USES = re.compile(r"self\.(\w+)\(")
HANDS_OVER = re.compile(r"\w\(\s*(?:client=)?self(?:\._client)?[,.]")
"""To a function or a class that makes calls of this one, or of others that are listed here."""
HIDDEN = {"overload", "property", "cached_property"}

STAINLESS = re.compile(
    r"self\._(?P<method>get|post|put|patch|delete|get_api_list)"
    r'\(\s*(?:path_template\(\s*)?f?"(?P<path>/[^"]+)"(?P<rest>.{0,4000})',
    re.DOTALL,
)
SOCKET = re.compile(r'raw_path = path\.rstrip\(b"/"\) \+ b"(?P<path>[^"]+)"')
SPEAKEASY = re.compile(r'method="(?P<method>\w+)",\s*path="(?P<path>[^"#]+)')
FERN = re.compile(
    r'httpx_client\.(?:request|stream)\(\s*f?"(?P<path>[^"]+)",(?:\s*base_url=[^\n]*\n)?'
    r'\s*method="(?P<method>\w+)"'
)
GOOGLE = re.compile(
    r"path = \(?\s*f?['\"](?P<path>(?!\{path\})[^'\"?]+)[^'\"]*['\"](?=.*?_api_client\."
    r"(?:(?:async_)?request(?:_streamed)?\(\s*'(?P<method>\w+)'|(?:async_)?download_file))",
    re.DOTALL,
)
LIVE = re.compile(r"uri = f'\{base_url\}(?P<path>/ws/[^'?]+)")
OLLAMA = re.compile(
    r"'(?P<method>GET|POST|DELETE|HEAD|PUT)',\s*f?'(?:https://ollama\.com)?(?P<path>/[^']+)'"
)
BY_PARTS = re.compile(r'build_ws_url\(\s*self\._?\w+,\s*\[(?P<path>"[^\]]+)\]')
JOINED = re.compile(r'generate_url\(base_url, "(?P<path>[^"]+)"')


class Source(msgspec.Struct, frozen=True):
    """Where an SDK has methods that make calls."""

    sdk: str
    files: str
    classes: str
    """The name of a class of theirs, or of one that it is made of."""
    shapes: tuple[re.Pattern[str], ...]

    def calls_in(self, text: str) -> set[Call]:
        """The calls of a method."""
        return {_read(found) for shape in self.shapes for found in shape.finditer(text)}


RESOURCE = "(Sync|Async)APIResource"
SOURCES = (
    Source("openai", "resources/**/*.py", RESOURCE, (STAINLESS,)),
    Source("openai", "resources/**/*.py", r"\w+ConnectionManager", (SOCKET,)),
    Source("anthropic", "resources/**/*.py", RESOURCE, (STAINLESS,)),
    Source("mistralai", "**/*.py", "BaseSDK", (SPEAKEASY,)),
    Source("mistralai", "extra/realtime/*.py", r"Realtime\w+", (JOINED,)),
    Source("cohere", "**/*raw_client.py", r"(Async)?Raw\w+", (FERN,)),
    Source("elevenlabs", "**/*raw_client.py", r"(Async)?Raw\w+", (FERN,)),
    Source("elevenlabs", "realtime_tts.py", r"Realtime\w+", (BY_PARTS,)),
    Source("elevenlabs", "realtime/scribe.py", "ScribeRealtime", (BY_PARTS,)),
    Source("google.genai", "*.py", r"_api_module\.BaseModule", (GOOGLE, LIVE)),
    Source("google.genai", "_gaos/*.py", "BaseSDK", (SPEAKEASY,)),
    Source("ollama", "_client.py", "BaseClient", (OLLAMA,)),
)
AMAZONS = ("bedrock-runtime", "bedrock-agent-runtime", "bedrock")


class Method(msgspec.Struct, frozen=True):
    """One method of a class that makes calls."""

    owner: str
    name: str
    text: str


def _parsed(source: Source) -> Iterator[tuple[ast.Module, list[str]]]:
    spec = find_spec(source.sdk)
    assert spec is not None
    for place in spec.submodule_search_locations or ():
        for file in sorted(Path(place).glob(source.files)):
            text = file.read_text("utf-8")
            yield ast.parse(text), text.splitlines()


def _methods(source: Source) -> Iterator[list[Method]]:
    """Those of each class."""
    classes = re.compile(source.classes)
    for module, lines in _parsed(source):
        for node in module.body:
            if not isinstance(node, ast.ClassDef):
                continue
            names = (node.name, *map(ast.unparse, node.bases))
            if any(map(classes.fullmatch, names)):
                yield [
                    Method(node.name, one.name, "\n".join(lines[one.lineno - 1 : one.end_lineno]))
                    for one in node.body
                    if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
                    and HIDDEN.isdisjoint(map(ast.unparse, one.decorator_list))
                ]


def _read(found: re.Match[str]) -> Call:
    said = found.groupdict()
    method = said.get("method") or "GET"
    if method == "get_api_list":
        method = "POST" if 'method="post"' in said["rest"] else "GET"
    return method.upper(), _plain(said["path"])


def _plain(path: str) -> str:
    """Without a version or a query, and with the same in every place."""
    if path.startswith('"'):  # its segments, one by one: what is no text is a place
        parts = (part.strip() for part in path.split(","))
        path = "/".join(part.strip('"') if part[0] == '"' else "{}" for part in parts)
    path = PLACE.sub("{}", path.replace("{api_version}/", "").partition("?")[0])
    return "/" + path.lstrip("/")


def _amazons() -> Iterator[tuple[str, Call]]:
    session = botocore.session.get_session()
    for name in AMAZONS:
        model = session.get_service_model(name)
        for operation in model.operation_names:
            http = model.operation_model(operation).http
            yield name, (http["method"], _plain(http["requestUri"]))


def _hub() -> Iterator[Call]:
    """A client's model may be a URL, behind which a task may have a path."""
    for task in HUB["hf-inference"].values():
        yield "POST", urlsplit(task._prepare_url("hf_key", "{}")).path


@cache
def calls() -> Mapping[str, frozenset[Call]]:
    """SDK → every call, with `{}` for what stands in a path."""
    found: dict[str, set[Call]] = defaultdict(set)
    for source in SOURCES:
        for methods in _methods(source):
            for method in methods:
                found[source.sdk] |= source.calls_in(method.text)
    for name, call in _amazons():
        found[name].add(call)
    found["huggingface_hub"].update(_hub())
    return {sdk: frozenset(each) for sdk, each in found.items()}


def silent() -> set[tuple[str, str]]:
    """(SDK, public method) where neither it nor what it uses of its class makes a call."""
    found: set[tuple[str, str]] = set()
    for source in SOURCES:
        for methods in _methods(source):
            calling = _calling(source, methods)
            quiet = (one for one in methods if one.name not in calling and one.name[0] != "_")
            found.update((source.sdk, f"{one.owner}.{one.name}") for one in quiet)
    return found


def _calling(source: Source, methods: list[Method]) -> set[str]:
    known: set[str] = set()
    more = {one.name for one in methods if source.calls_in(one.text) or HANDS_OVER.search(one.text)}
    while more:
        known |= more
        more = {one.name for one in methods if known & {*USES.findall(one.text)}} - known
    return known
