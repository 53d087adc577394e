"""The picture that every simulated model makes, and what requests for pictures have in common."""

from base64 import b64decode
from collections.abc import Iterator

from extproc.lab.simulator.dialect import Asked, Event, Json, Refusal, Turn
from extproc.lab.simulator.reply import count

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)
"""One pixel."""
BYTES = b64decode(PNG)


def asked(model: str, prompt: str, body: Json, *, stream: bool = False, n: int = 1) -> Asked:
    """What a request for pictures asks."""
    tokens = count(prompt)
    return Asked(model=model, text=prompt, prompt_tokens=tokens, stream=stream, n=n, body=body)


def events(turn: Turn) -> Iterator[Event]:
    """Of a format that streams no pictures."""
    raise Refusal("streaming is not supported")


def known(body: Json, names: frozenset[str], what: str = "extraneous key") -> None:
    """Raises Refusal for a member that is none of `names`."""
    for name in body.keys() - names:
        raise Refusal(f"Malformed input request: {what} [{name}] is not permitted", param=name)


def between(name: str, value: int, low: int, high: int) -> None:
    """Raises Refusal for a number that is out of its range."""
    if not low <= value <= high:
        raise Refusal(f"{name} must be between {low} and {high}", param=name)
