"""The hot path as machine code, where it was compiled.

`pip install` compiles `MODULES` with mypyc (setup.py) if there is a C compiler, and puts what it
made into `extproc/compiled/`, with a list of all sources that it was made from. As soon as one of
them changes Python runs the sources again, which do the same at more cost. `EXTPROC_NATIVE=0` has
it run them in any case.

Either all of these modules are compiled ones or none: they call each other past Python. In them, a
slice of bytes that ends before it begins is an error (mypyc 2.4), not empty.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from hashlib import sha256
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

MODULES = (
    "extproc.exchange.answer",
    "extproc.exchange.client_headers",
    "extproc.exchange.header_values",
    "extproc.exchange.metadata",
    "extproc.exchange.outgoing",
    "extproc.exchange.question",
    "extproc.exchange.sent_back",
    "extproc.exchange.tried",
    "extproc.exchange.wire.reading",
    "extproc.exchange.wire.writing",
    "extproc.transport.blocks",
    "extproc.transport.calls",
    "extproc.transport.decompression",
    "extproc.transport.flow",
    "extproc.transport.frames",
    "extproc.transport.grpc_framing",
    "extproc.transport.http2",
    "extproc.transport.lean",
    "extproc.transport.patience",
    "extproc.transport.sending",
    "extproc.transport.sockets",
    "extproc.transport.streams",
    "extproc.transport.unary",
    "providers.bridging.amending.schemas",
    "providers.bridging.bridge",
    "providers.bridging.client_names",
    "providers.bridging.estimate",
    "providers.bridging.features",
    "providers.bridging.provider_members",
    "providers.bridging.telling",
    "providers.bridging.tool_names",
    "providers.bridging.tuning",
    "providers.bridging.unknown_members",
    "providers.bridging.vendor_tools",
    "providers.dialects.anthropic.messages.body",
    "providers.dialects.anthropic.messages.content",
    "providers.dialects.anthropic.messages.request",
    "providers.dialects.anthropic.messages.response",
    "providers.dialects.anthropic.messages.turns",
    "providers.dialects.anthropic.messages.usage",
    "providers.dialects.openai.chat.calls",
    "providers.dialects.openai.chat.edits",
    "providers.dialects.openai.chat.media",
    "providers.dialects.openai.chat.messages",
    "providers.dialects.openai.chat.reasoning",
    "providers.dialects.openai.chat.request",
    "providers.dialects.openai.chat.response",
    "providers.dialects.openai.chat.usage",
    "providers.dialects.openai.client_tools",
    "providers.dialects.openai.media",
    "providers.dialects.openai.rules",
    "providers.dialects.openai.signatures",
    "providers.dialects.openai.usage",
    "providers.models.claude.sampling",
    "providers.neutral.pairing",
    "providers.neutral.turns",
    "providers.wire.members",
    "providers.wire.splice",
    "providers.wire.sse",
)
GROUP = "extproc"
"""What mypyc calls the library with the code of all; the modules themselves only point there."""
SWITCH = "EXTPROC_NATIVE"
ROOT = Path(__file__).parent.parent
FOLDER = Path("extproc", "compiled")
SOURCES = "sources.txt"
"""Beside what was made: a digest, then the paths of the files that it is of."""


def file_of(module: str) -> str:
    """What a compiled module's file is called, which only this Python can load."""
    return module + EXTENSION_SUFFIXES[0]


_FILES = {name: file_of(name) for name in (*MODULES, f"{GROUP}__mypyc")}


class Finder:
    """Finds the compiled modules; they lie in one directory, each under its full name."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None for every module that is not compiled."""
        if name not in _FILES:
            return None
        file = str(self._directory / _FILES[name])
        return spec_from_file_location(name, file, loader=ExtensionFileLoader(name, file))


def install(root: Path = ROOT) -> bool:
    """Has the compiled modules imported from now on; False if the sources are to run."""
    if os.environ.get(SWITCH) == "0" or not _FILES.keys().isdisjoint(sys.modules):
        return False
    directory = root / FOLDER
    if not is_current(root) or not all((directory / file).exists() for file in _FILES.values()):
        return False
    sys.meta_path.insert(0, Finder(directory))
    return True


def is_used() -> bool:
    """Whether this process runs what was compiled."""
    return any(isinstance(finder, Finder) for finder in sys.meta_path)


def is_current(root: Path = ROOT) -> bool:
    """Whether what was compiled was made from the sources that are there now."""
    try:
        made, *files = (root / FOLDER / SOURCES).read_text().split()
        return made == digest(files, root)
    except OSError:
        return False


def digest(files: Iterable[str], root: Path = ROOT) -> str:
    """Of the sources at these paths below `root`; OSError if one is not there."""
    found = sha256()
    for file in files:
        found.update((root / file).read_bytes())
    return found.hexdigest()
