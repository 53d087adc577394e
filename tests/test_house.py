"""The rooms of the house keep to themselves: who may import whom.

What stands above imports what stands below, never the other way; CONTRIBUTING draws the same.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

STOREYS = (
    "extproc.__main__",
    "extproc.cli",
    "extproc.lab",
    "extproc.render",
    "extproc.process",
    "extproc.exchange",
    "extproc.credentials",
    "extproc.ratelimit",
    "extproc.fetch",
    "extproc.transport",
    "extproc.config",
    "providers.catalog",
    "providers.vendors",
    "providers.dialects",
    "providers.models",
    "providers.bridging",
    "providers.neutral",
    "providers.signing",
    "providers.wire",
    "providers.operations",
    "providers.usage",
    "providers.errors",
)
"""From the roof to the ground."""

PRODUCTION = [room for room in STOREYS if room not in ("extproc.__main__", "extproc.cli")]
IMPURE = {"asyncio", "grpc", "google", "envoy", "os", "random", "socket", "ssl", "time"}
SANS_IO = ("machine", "answer", "question", "events", "metadata", "wire", "plan", "entrances")


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, whole names."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def roots(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported(path)}


def room_of(name: str) -> str | None:
    """The room of a module; None: the house's own ground, or another's house."""
    return next((room for room in STOREYS if f"{name}.".startswith(f"{room}.")), None)


OURS = [*files("extproc"), *files("providers")]


@pytest.mark.parametrize("path", OURS, ids=name_of)
def test_a_room_imports_only_what_stands_below_it(path):
    own = room_of(name_of(path))
    for name in imported(path):
        other = room_of(name)
        if own is not None and other is not None:
            assert STOREYS.index(own) <= STOREYS.index(other), name


@pytest.mark.parametrize("path", OURS, ids=name_of)
def test_every_module_has_a_room(path):
    assert room_of(name_of(path)) is not None or name_of(path) in ("extproc", "providers")


def test_every_room_exists():
    found = {room_of(name_of(path)) for path in OURS}
    assert found >= set(STOREYS)


@pytest.mark.parametrize("path", files("providers"), ids=name_of)
def test_providers_do_no_io_and_know_no_envoy(path):
    assert not roots(path) & (IMPURE | {"extproc"})


@pytest.mark.parametrize("name", SANS_IO)
def test_an_exchange_does_no_io_and_needs_no_protobuf(name):
    allowed = {"os"} if name == "plan" else set()  # urandom, for ids
    assert not roots(ROOT / "extproc" / "exchange" / f"{name}.py") & (IMPURE - allowed)


@pytest.mark.parametrize("path", files("providers/dialects"), ids=name_of)
def test_no_family_knows_another(path):
    own = name_of(path).split(".")[:3]
    for name in imported(path):
        if name.startswith("providers.dialects."):
            assert name.split(".")[:3] == own


@pytest.mark.parametrize("path", files("extproc/exchange"), ids=name_of)
def test_only_wire_knows_protobuf(path):
    if path.stem != "wire":
        assert not roots(path) & {"google", "envoy", "xds"}


GENERAL = [
    *files("extproc/exchange"),
    ROOT / "providers" / "bridging" / "bridge.py",
    ROOT / "providers" / "bridging" / "dialect.py",
]
OF_ONE_OPERATION = ("providers.neutral.", "providers.dialects.")
SHARED = ("providers.neutral.media", "providers.neutral.listing")


@pytest.mark.parametrize("path", GENERAL, ids=name_of)
def test_the_general_paths_know_no_operation(path):
    for name in imported(path):
        assert not name.startswith(OF_ONE_OPERATION) or name.startswith(SHARED), name


@pytest.mark.parametrize("module", ["providers.vendors.compatible", "providers.catalog"])
def test_the_catalogue_is_whole_whoever_is_imported_first(module):
    count = "import providers.catalog as c; print(len(c.PROVIDERS), len(c.DIALECTS))"
    command = [sys.executable, "-c", f"import {module}; {count}"]
    first = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    again = subprocess.run(
        [sys.executable, "-c", count], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert first.stdout == again.stdout


def test_only_who_fetches_media_loads_an_http_client():
    serving = "import sys, extproc.process.serve, extproc.process.worker"
    loaded = f"{serving}; print({{'httpx', 'httpcore'}} & {{*sys.modules}})"
    command = [sys.executable, "-c", loaded]
    found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout == "set()\n"


def test_every_test_stands_where_its_source_stands():
    """A folder of tests is named for a folder of sources, or for what spans them."""
    spanning = {"e2e", "matrix", "agents", "envoy", "certificates"}
    for path in sorted((ROOT / "tests").rglob("*/")):
        inner = path.relative_to(ROOT / "tests")
        if not spanning & set(inner.parts) and "__pycache__" not in inner.parts:
            assert (ROOT / inner).is_dir(), inner
