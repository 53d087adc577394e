"""The Envoy configurations in envoy/, each made from the gateway.yaml beside it.

`python -m tests.extproc.render.examples` makes them anew.
"""

from collections.abc import Iterator
from pathlib import Path

from extproc.config import load
from extproc.exchange import compile
from extproc.render import render
from extproc.render.tls import SYSTEM_CA

ENVOY = Path(__file__).parents[3] / "envoy"
SUFFIX = ".gateway.yaml"

CLIENT_KEYS = {
    "search": ["<the key in SEARCH_KEY>"],
    "support": ["<the key in SUPPORT_KEY>", "<the key in SUPPORT_KEY_OLD>"],
}


def sources() -> list[Path]:
    """Every gateway.yaml that an example is made from."""
    return sorted(ENVOY.glob(f"*{SUFFIX}"))


def rendered(source: Path, ca: str = SYSTEM_CA[0]) -> str:
    """What the example says, wherever it is made."""
    gateway = load(source)
    keys = CLIENT_KEYS if gateway.clients else None
    return render(
        gateway,
        client_keys=keys,
        limits=compile.limits(gateway),
        ca=ca,
        prefix=gateway.listen.prefix,
    )


def target(source: Path) -> Path:
    """Where the example is."""
    return source.with_name(source.name.removesuffix(SUFFIX) + ".yaml")


def examples() -> Iterator[tuple[Path, str]]:
    """Every example's file and text."""
    for source in sources():
        yield target(source), rendered(source)


if __name__ == "__main__":
    for path, text in examples():
        path.write_text(text)
