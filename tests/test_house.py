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
    "extproc.reference",
    "extproc.process",
    "extproc.admin",
    "extproc.telemetry",
    "extproc.usage",
    "extproc.xds",
    "extproc.render",
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

IMPURE = {"asyncio", "grpc", "google", "envoy", "os", "random", "socket", "ssl", "time"}


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


@pytest.mark.parametrize("room", STOREYS)
def test_a_room_imports_only_what_stands_below_it(room):
    below = STOREYS[STOREYS.index(room) :]
    inside = [path for path in OURS if room_of(name_of(path)) == room]
    assert inside
    upwards = [
        (name_of(path), name)
        for path in inside
        for name in imported(path)
        if room_of(name) not in (None, *below)
    ]
    assert upwards == []


def test_every_module_has_a_room():
    homeless = {name_of(path) for path in OURS if room_of(name_of(path)) is None}
    assert homeless == {"extproc", "extproc.native", "providers"}


def test_providers_do_no_io_and_know_no_envoy():
    for path in files("providers"):
        assert not roots(path) & (IMPURE | {"extproc"}), path


@pytest.mark.parametrize("path", files("extproc/exchange"), ids=name_of)
def test_an_exchange_does_no_io_and_needs_no_protobuf(path):
    allowed = {"os"} if path.stem == "plan" else set()  # urandom, for ids
    assert not roots(path) & (IMPURE - allowed)


def test_no_family_knows_another():
    for path in files("providers/dialects"):
        own = name_of(path).split(".")[:3]
        for name in imported(path):
            if name.startswith("providers.dialects."):
                assert name.split(".")[:3] == own, path


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
