"""A headless Chromium, told what to do by its DevTools protocol.

https://chromedevtools.github.io/devtools-protocol/ (checked 2026-11)
"""

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

PROGRAM = shutil.which("chromium")
FLAGS = (
    "--headless",
    "--no-sandbox",  # which needs rights that containers do not give
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
PATIENCE = 30.0
WIDE, NARROW = (1280, 900), (390, 844)


class Tab:
    """One page of the browser, and what it complained of."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self.complaints: list[str] = []
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> Any:
        """The answer of the browser; what it tells meanwhile is kept."""
        self._number += 1
        told = {"id": self._number, "method": method, "params": parameters}
        self._socket.send(json.dumps(told))
        while True:
            said = json.loads(self._socket.recv(PATIENCE))
            if said.get("id") == self._number:
                assert "error" not in said, said
                return said["result"]
            self._hear(said)

    def _hear(self, said: dict) -> None:
        of = said.get("params", {})
        match said.get("method"):
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(of["exceptionDetails"])[:500])
            case "Runtime.consoleAPICalled" if of["type"] in ("error", "warning", "assert"):
                self.complaints.append(json.dumps(of["args"])[:500])
            case "Log.entryAdded" if of["entry"]["level"] in ("error", "warning"):
                self.complaints.append(f"{of['entry']['text']} {of['entry'].get('url', '')}")

    def run(self, script: str) -> Any:
        """The value of an expression, or of what it promises."""
        said = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def until(self, script: str, seconds: float = PATIENCE) -> Any:
        """The value of an expression once it is true."""
        deadline = time.monotonic() + seconds
        while not (found := self.run(script)):
            assert time.monotonic() < deadline, f"{script}\n{self.text()}\n{self.complaints}"
            time.sleep(0.05)
        return found

    def text(self, selector: str = "body") -> str:
        """What a person reads there."""
        found: str = self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")
        return found

    def sees(self, words: str, selector: str = "main") -> None:
        """Waits until somebody who looks there reads these words."""
        said = f"document.querySelector({json.dumps(selector)})?.innerText"
        self.until(f"({said} ?? '').includes({json.dumps(words)})")

    def write(self, label: str, value: str) -> None:
        """Puts a value into the control with that label, as if it had been typed."""
        self.run(
            f"""(() => {{
              const one = [...document.querySelectorAll("label")]
                .find((each) => each.innerText === {json.dumps(label)}).control;
              one.value = {json.dumps(value)};
              for (const kind of ["input", "change"])
                one.dispatchEvent(new Event(kind, {{bubbles: true}}));
            }})()"""
        )

    def press(self, words: str) -> None:
        """Presses the button or follows the link that says so."""
        found = json.dumps(words)
        which = f"(one) => one.innerText === {found} && !one.disabled"
        wanted = f"[...document.querySelectorAll('button, a, summary')].find({which})"
        self.until(f"{wanted} !== undefined")
        self.run(f"{wanted}.click()")

    def look(self, *, dark: bool = False, size: tuple[int, int] = WIDE) -> None:
        """As somebody with such a screen sees it."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=size[0],
            height=size[1],
            deviceScaleFactor=1,
            mobile=False,
        )

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Saves what is seen."""
        said = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(said["data"]))


@contextmanager
def browser(directory: Path) -> Iterator[Tab]:
    """A browser with one tab."""
    assert PROGRAM is not None
    command = [PROGRAM, *FLAGS, f"--user-data-dir={directory}", "about:blank"]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        with connect(_tab(directory), max_size=None, proxy=None) as socket:
            yield Tab(socket)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _tab(directory: Path) -> str:
    """Where its tab is told what to do, once there is one."""
    deadline = time.monotonic() + PATIENCE
    while True:
        assert time.monotonic() < deadline, (directory / "log").read_text()
        with suppress(OSError, IndexError):
            port = (directory / "DevToolsActivePort").read_text().split()[0]
            told = httpx.get(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE).json()
            pages = [one["webSocketDebuggerUrl"] for one in told if one["type"] == "page"]
            if pages:
                return str(pages[0])
        time.sleep(0.05)
