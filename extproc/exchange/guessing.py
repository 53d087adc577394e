"""Counts of tokens that are guessed here, where no provider counts and the operator allows it."""

from extproc.exchange.changes import JSON_TYPE
from extproc.exchange.events import Reject
from extproc.exchange.plan import GUESSES
from extproc.exchange.served import Target
from providers.bridging.dialect import Call, Dialect
from providers.errors import Unsupported

ESTIMATED = ("x-ai-estimated", "true")
"""Header of an answer that no provider gave."""
GUESSED = {"status": 200, "estimated": True}


def guessed(call: Call, dialect: Dialect, target: Target, model: str) -> Reject:
    """The answer to a client that asks for a count, by its name of the model."""
    assert dialect.estimate is not None
    record = target.attempt(model, "", stream=False)
    return Reject(200, dialect.estimate(call), (JSON_TYPE, ESTIMATED), {**record, **GUESSED})


def uncounted(
    call: Call, dialect: Dialect, target: Target, model: str, error: Unsupported
) -> Reject:
    """What is asked for cannot be had there, for `error`, unless it is a count that may be a
    guess; raises Unsupported."""
    if dialect.estimate is None:
        raise error
    if not target.served.estimates:
        raise Unsupported(f"{error}; {GUESSES}", param=error.param)
    return guessed(call, dialect, target, model)
