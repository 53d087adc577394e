"""Compiles the hot path with mypyc; where there is no C compiler, it runs as Python (native.py)."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree, rmtree

from mypyc.build import mypycify
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

BUILDING = {"build_ext", "bdist_wheel", "editable_wheel"}
"""The commands that need machine code; the others, of which an installation has several, wait."""
ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT))
from extproc import native  # noqa: E402


class Aside(build_ext):
    """Puts what is compiled into one directory instead of beside the sources."""

    def get_ext_fullpath(self, ext_name: str) -> str:
        """Each file carries the full name of its module."""
        return str(self._made / native.file_of(ext_name))

    def build_extensions(self) -> None:
        """Says, too, of what sources the result was made; nothing where a compiler failed."""
        super().build_extensions()
        if self._made.is_dir():
            files = sorted(str(file.relative_to(ROOT)) for file in needed())
            text = "\n".join((native.digest(files, ROOT), *files, ""))
            (self._made / native.SOURCES).write_text(text)

    def copy_extensions_to_source(self) -> None:
        """Called for an editable installation."""
        rmtree(ROOT / native.FOLDER, ignore_errors=True)
        if self._made.is_dir():
            copytree(self._made, ROOT / native.FOLDER)

    @property
    def _made(self) -> Path:
        return Path(self.build_lib) / native.FOLDER


def needed() -> set[Path]:
    """The sources of the compiled modules, and all of ours that they import, however far."""
    found: set[Path] = set()
    waiting = list(native.MODULES)
    while waiting:
        file = source(waiting.pop())
        if file is not None and file not in found:
            found.add(file)
            waiting += imported(file)
    return found


def source(module: str) -> Path | None:
    """None for a module that is not ours, or a name that is no module."""
    path = ROOT / module.replace(".", "/")
    files = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in files if file.is_file()), None)


def imported(file: Path) -> Iterator[str]:
    """What a source imports, as far as it could be a module."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def extensions() -> list[Extension]:
    """None where nothing is built, or nothing can be: the sources run as well."""
    if BUILDING.isdisjoint(sys.argv):
        return []
    files = [str(file.relative_to(ROOT)) for file in map(source, native.MODULES) if file]
    # An isolated build has few of our dependencies; no setting of ours is about machine code.
    flags = ["--config-file=", "--ignore-missing-imports"]
    try:
        made = mypycify([*flags, *files], group_name=native.GROUP, opt_level="2", debug_level="0")
    except SystemExit as error:
        print(f"warning: the hot path is not compiled: {error}", file=sys.stderr)
        return []
    for extension in made:
        extension.optional = True
    return list(made)


setup(ext_modules=extensions(), cmdclass={"build_ext": Aside})
