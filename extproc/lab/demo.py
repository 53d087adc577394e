"""`extproc demo`: the whole gateway on this machine, and what it does, shown with a real SDK."""

import os
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from extproc.lab.local import Local, NotReady, free_port
from extproc.lab.simulator import RunningSimulator

BUDGET = 60
"""Tokens a minute for the user `dora`."""
SHOWN = (
    "backend",
    "upstream_model",
    "status",
    "input_tokens",
    "output_tokens",
    "cost_nanousd",
    "ttft_ms",
    "duration_ms",
    "finish_reason",
)


def config(first: str, second: str, page: int) -> dict[str, Any]:
    """gateway.yaml of the demo; `first` and `second` are base URLs of simulated providers, `page`
    is the port of the gateway's page."""
    return {
        "backends": {
            "first": {
                "provider": "openai",
                "base_url": first,
                "credential": {"api_key": "env:DEMO_KEY"},
            },
            "second": {"provider": "vllm", "base_url": second, "credential": "none"},
        },
        "routes": [
            {
                "models": ["smart"],
                "backends": [{"backend": "first", "model": "gpt-4o-mini"}],
                "price": {"input": 0.15, "output": 0.6},
            },
            {
                "models": ["robust"],
                "backends": [
                    {"backend": "first", "model": "broken"},
                    {"backend": "second", "model": "llama-3.3-70b", "priority": 1},
                ],
                "retry": {"attempts": 2, "on": ["5xx", "connect-failure"]},
                "price": {"input": 0.15, "output": 0.6},
            },
        ],
        "limits": [{"per": "header:x-user-id", "tokens": BUDGET, "every": "minute"}],
        "admin": {"port": page, "key": "env:DEMO_PAGE_KEY", "write": True},
        "usage": {"store": "sqlite:///usage.db"},
    }


def demo(*, once: bool) -> int:
    """Runs the demo; 1 when something did not go as it should."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    fail = {"broken": {"status": 503}}
    try:
        with RunningSimulator(by_model=fail) as first, RunningSimulator() as second:
            page, key = free_port(), secrets.token_urlsafe(12)
            env = {**os.environ, "DEMO_KEY": "sk-made-up-for-the-demo", "DEMO_PAGE_KEY": key}
            with Local(config(first.url, second.url, page), env, static=False) as local:
                say(f"The gateway listens at {local.url}: Envoy, the server and the limiter run.")
                show(local)
                if not once:
                    stay(local, f"http://127.0.0.1:{page}/ (its key: {key})")
    except NotReady as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    say("Everything that was started has been stopped.")
    return 0


def say(text: str) -> None:
    """A line for the person in front."""
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def show(local: Local) -> None:
    """The calls, each with the usage record that Envoy logged."""
    import openai

    client = openai.OpenAI(base_url=f"{local.url}/v1", api_key="not-needed", max_retries=0)
    steps: list[tuple[str, Callable[[openai.OpenAI], Iterator[str]]]] = [
        ("A whole answer", whole),
        ("A streamed answer", streamed),
        ("The first backend answers 503, the second serves", failover),
        ("A budget of tokens, spent", spend),
    ]
    for title, step in steps:
        say(title)
        before = len(local.records())
        for line in step(client):
            print(f"  {line}")
        record = newest(local, before)
        print("  usage:", ", ".join(f"{key}={record.get(key)}" for key in SHOWN))


def newest(local: Local, before: int) -> dict[str, Any]:
    """The last usage record, once there are more than `before`."""
    local.wait_for(lambda: len(local.records()) > before, "the usage record")
    return local.records()[-1]


def ask(client: Any, model: str = "smart", **options: Any) -> Any:
    """One chat completion."""
    messages = [{"role": "user", "content": "Why is the sky blue?"}]
    return client.chat.completions.create(model=model, messages=messages, **options)


def whole(client: Any) -> Iterator[str]:
    """A chat completion in one piece."""
    yield ask(client).choices[0].message.content


def streamed(client: Any) -> Iterator[str]:
    """The same as a stream."""
    pieces = [chunk.choices[0].delta.content for chunk in ask(client, stream=True) if chunk.choices]
    yield " | ".join(piece for piece in pieces if piece)


def failover(client: Any) -> Iterator[str]:
    """A route with two priorities."""
    yield ask(client, "robust").choices[0].message.content


def spend(client: Any) -> Iterator[str]:
    """Calls until the limit says no."""
    import openai

    for number in range(1, 100):
        try:
            answer = ask(client, extra_headers={"x-user-id": "dora"})
        except openai.RateLimitError as error:
            wait = error.response.headers.get("retry-after")
            yield f"call {number}: 429, retry after {wait} s: {error.body}"
            return
        yield f"call {number}: {answer.usage.total_tokens} tokens"
        time.sleep(0.05)  # a charge is made when Envoy is done with the stream


def stay(local: Local, page: str) -> None:
    """Goes on serving until Ctrl-C."""
    say("Try it yourself; Ctrl-C ends it.")
    print(
        f"  curl {local.url}/v1/chat/completions -d "
        '\'{"model":"smart","messages":[{"role":"user","content":"hello"}]}\''
    )
    print(f"  the gateway's page: {page}")
    print(f"  configuration: {local.config_file}\n  usage records: {local.access_log}")
    for line in hints():
        print(f"  {line}")
    while True:
        for process in local.processes:
            process.check()
        time.sleep(0.5)


def hints() -> Iterator[str]:
    """How to use what is on this machine."""
    uses = "for {found}, put this under backends: {backend}"
    if os.environ.get("OPENAI_API_KEY"):
        backend = "mine: {provider: openai, credential: {api_key: env:OPENAI_API_KEY}}"
        yield uses.format(found="your OPENAI_API_KEY", backend=backend)
    for name, port in (("ollama", 11434), ("vllm", 8000)):
        if shutil.which(name):
            backend = f'mine: {{provider: {name}, base_url: "http://127.0.0.1:{port}"}}'
            yield uses.format(found=f"your {name}", backend=backend)
