"""Vectors that follow from what is embedded alone, as all dialects give them."""

import random
from array import array
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from extproc.lab.simulator.dialect import Asked, Event, Json, Refusal, Turn
from extproc.lab.simulator.reply import PER_IMAGE, count

USUAL = 8
"""Numbers of a vector where nobody says how many."""
LONGEST = 4096


def floats(piece: Any, length: int | None = None) -> list[float]:
    """The vector of a text, tokens or a picture; each number is one of 32 bits."""
    dice = random.Random(orjson.dumps(piece))  # noqa: S311 - the same again is the point
    return array("f", [dice.uniform(-1, 1) for _ in range(length or USUAL)]).tolist()


def base64(numbers: list[float]) -> str:
    """The same as OpenAI and Cohere pack it."""
    return b64encode(array("f", numbers).tobytes()).decode()


def asked(model: str, pieces: list[Any], body: Json) -> Asked:
    """What a request for vectors asks; a picture is an object."""
    texts = [piece for piece in pieces if isinstance(piece, str)]
    tokens = sum(count(text) for text in texts)
    tokens += sum(len(piece) for piece in pieces if isinstance(piece, list))
    tokens += PER_IMAGE * sum(isinstance(piece, Mapping) for piece in pieces)
    return Asked(model=model, text=" ".join(texts), prompt_tokens=tokens, body=body)


def at_most(most: int, count: int, name: str) -> None:
    """Raises Refusal for a batch that is empty, or larger than the vendor takes."""
    if not 1 <= count <= most:
        raise Refusal(f"'{name}' must hold between 1 and {most} items, not {count}.", param=name)


def check_length(length: Any, name: str) -> None:
    """Raises Refusal for a number of dimensions that no model has."""
    if length is not None and not (type(length) is int and 1 <= length <= LONGEST):
        raise Refusal(f"'{name}' must be between 1 and {LONGEST}, not {length}.", param=name)


def unknown(body: Json, known: frozenset[str]) -> None:
    """Raises Refusal for a member that the vendor does not know."""
    for name in sorted(body.keys() - known):
        raise Refusal(f"Unknown name '{name}': Cannot find field.", param=name)


def events(turn: Turn) -> Iterator[Event]:
    """Nobody streams a vector."""
    return iter(())
