"""What is compiled runs in place of its sources, as long as it was made from them."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from extproc import native

ASKS = """
import extproc, extproc.transport.http2 as transport, providers.wire.sse as wire
print(transport.__file__, wire.__file__)
"""

needs_code = pytest.mark.skipif(
    not native.is_current(), reason="nothing was compiled from these sources: `make native` does"
)


def where(root: Path, script: str = ASKS, **environment: str) -> set[str]:
    """The suffixes of two modules that a new process imports."""
    told = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", **environment},
        cwd=root,
        capture_output=True,
        check=True,
        timeout=60,
        text=True,
    )
    return {Path(file).suffix for file in told.stdout.split()}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages, with what was compiled of them."""
    for name in ("extproc", "providers"):
        copytree(native.ROOT / name, tmp_path / name)
    return tmp_path


@needs_code
def test_the_hot_path_is_compiled_or_python_as_one_likes() -> None:
    assert where(native.ROOT) == {".so"}
    assert where(native.ROOT, EXTPROC_NATIVE="0") == {".py"}


@needs_code
@pytest.mark.parametrize("source", ["providers/wire/sse.py", "extproc/exchange/events.py"])
def test_a_source_that_changed_runs_itself(copy: Path, source: str) -> None:
    assert where(copy) == {".so"}
    with (copy / source).open("a") as file:
        file.write("# changed\n")
    assert where(copy) == {".py"}


@needs_code
def test_all_are_compiled_or_none(copy: Path) -> None:
    (copy / native.FOLDER / native.file_of("providers.wire.sse")).unlink()
    assert where(copy) == {".py"}


@needs_code
def test_a_module_that_is_there_already_keeps_all_others_python() -> None:
    assert where(native.ROOT, f"import providers.wire.sse{ASKS}") == {".py"}


def test_a_change_of_any_source_is_seen(tmp_path: Path) -> None:
    (tmp_path / native.FOLDER).mkdir(parents=True)
    (tmp_path / "a.py").write_text("A = 1\n")
    assert not native.is_current(tmp_path)
    made = native.digest(["a.py"], tmp_path)
    (tmp_path / native.FOLDER / native.SOURCES).write_text(f"{made}\na.py\n")
    assert native.is_current(tmp_path)
    (tmp_path / "a.py").write_text("A = 2\n")
    assert not native.is_current(tmp_path)
    (tmp_path / "a.py").unlink()
    assert not native.is_current(tmp_path)


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Every module of ours, by its name."""
    for package in ("extproc", "providers"):
        for path in (native.ROOT / package).rglob("*.py"):
            name = ".".join(path.relative_to(native.ROOT).with_suffix("").parts)
            yield name.removesuffix(".__init__"), ast.parse(path.read_bytes())


def test_no_class_is_compiled_of_which_python_runs_a_subclass() -> None:
    for name, tree in sources():
        taken = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module in native.MODULES
            for alias in node.names
        }
        classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
        bases = {base.id for one in classes for base in one.bases if isinstance(base, ast.Name)}
        assert name in native.MODULES or not taken & bases, (name, taken & bases)
