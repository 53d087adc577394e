"""The rooms of the house keep to themselves."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
IMPURE = {"asyncio", "grpc", "google", "envoy", "os", "random", "socket", "ssl", "time", "extproc"}
PROTOBUF = {"google", "envoy", "grpc"}


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports."""
    roots = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            roots.add(node.module.split(".")[0])
    return roots


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("path", files("providers"), ids=lambda p: str(p.relative_to(ROOT)))
def test_providers_do_no_io_and_know_no_envoy(path):
    assert not imported(path) & IMPURE


@pytest.mark.parametrize("name", ["machine", "answer", "events", "metadata", "wire", "plan"])
def test_the_core_does_no_io_and_needs_no_protobuf(name):
    allowed = {"os"} if name == "plan" else set()  # urandom, for ids
    assert not imported(ROOT / "extproc" / "exchange" / f"{name}.py") & (
        IMPURE - {"extproc"} - allowed
    )


@pytest.mark.parametrize("path", files("providers/dialects"), ids=lambda p: p.name)
def test_no_dialect_knows_another(path):
    own = path.relative_to(ROOT / "providers" / "dialects").parts[0].removesuffix(".py")
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "providers.dialects."
        ):
            assert node.module.split(".")[2] == own


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
