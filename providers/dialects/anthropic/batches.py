"""Batches of messages, whatever format those speak who ask for them.

https://platform.claude.com/docs/en/build-with-claude/batch-processing

A batch has no file: its requests are told when it is made, and it begins at once. A file that was
uploaded cannot be read again (https://platform.claude.com/docs/en/build-with-claude/files).
"""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
import orjson

from providers.bridging.batching import Running, Way
from providers.bridging.dialect import Seen
from providers.dialects.anthropic.errors import describe
from providers.dialects.anthropic.messages.usage import parse_usage
from providers.errors import BadAnswer, NotFound, Unsupported
from providers.neutral.batch_lists import Entry, Leaf, Listing, Span
from providers.neutral.batches import (
    Counts,
    Document,
    Part,
    Result,
    Run,
    Slip,
    State,
    seconds,
)
from providers.wire.members import Json, dicts, string, whole

AT = "/messages/batches"
MOST = 100_000
IDS = re.compile(r"[a-zA-Z0-9_-]{1,64}")
NAME = re.compile(r"[\w~-][\w.~-]*", re.ASCII)
COUNTS = ("processing", "succeeded", "errored", "canceled", "expired")
UNREADABLE = "the provider keeps no file of a batch, which began with it"
HELD = "it goes with its batch, once the batch's output is deleted"
EARLY = {"canceled": State.CANCELLED, "expired": State.EXPIRED}


def _line(id: str, body: bytes) -> bytes:
    return b'{"custom_id":%b,"params":%b}' % (orjson.dumps(id), body)


def _send(lines: Sequence[bytes], name: str) -> Way:
    return Way(path=AT, body=b'{"requests":[%b]}' % b",".join(lines))


def _sent(answer: Json) -> str:
    ref = string(answer.get("id"))
    if not ref:
        raise BadAnswer("the provider's answer is no batch")
    return ref


def _at(slip: Slip, rest: str = "") -> Way:
    if NAME.fullmatch(slip.ref) is None:
        raise NotFound("there is nothing with that id")
    return Way(path=f"{AT}/{slip.ref}{rest}")


def _run(answer: Json, slip: Slip) -> Run:
    said: Any = answer.get("request_counts")
    numbers = {name: whole(said.get(name)) or 0 for name in COUNTS} if type(said) is dict else {}
    state = _state(answer, numbers)
    over = string(answer.get("results_url"))
    return Run(
        ref=_sent(answer),
        state=state,
        counts=_counts(numbers) if numbers else None,
        created=seconds(answer.get("created_at")),
        ended=seconds(answer.get("ended_at")),
        expires=seconds(answer.get("expires_at")),
        stopped=seconds(answer.get("cancel_initiated_at")),
        results=slip.ref if over else "",
    )


def _listed_at(asked: Span) -> str:
    """https://platform.claude.com/docs/en/api/messages/batches/list"""
    behind = {"after_id": asked.ref} if asked.ref else {}
    return f"{AT}?{urlencode({'limit': asked.limit, **behind})}"


def _list(answer: Json) -> Leaf:
    """Of a batch nothing is said but how far it is, neither a model nor what its lines ask for."""
    if not isinstance(answer.get("data"), list):
        raise BadAnswer("the provider's answer is no list of batches")
    entries = [_entry(one) for one in dicts(answer["data"])]
    return Leaf(entries=entries, more=answer.get("has_more") is True)


def _entry(one: Json) -> Entry:
    bare = Slip(part=Part.BATCH, ref=_sent(one), model="", endpoint="", lines=0, size=0, created=0)
    run = _run(one, bare)
    total = run.counts.total if run.counts else 0
    return Entry(run=run, slip=msgspec.structs.replace(bare, lines=total, created=run.created))


def _state(answer: Json, numbers: dict[str, int]) -> State:
    match answer.get("processing_status"):
        case "in_progress":
            return State.RUNNING
        case "canceling":
            return State.CANCELLING
        case "ended" if answer.get("cancel_initiated_at"):
            return State.CANCELLED
        case "ended" if numbers.get("expired"):
            return State.EXPIRED
        case "ended":
            return State.COMPLETED
    raise BadAnswer("the provider's answer is no batch")


def _counts(numbers: dict[str, int]) -> Counts:
    failed = numbers["errored"] + numbers["canceled"] + numbers["expired"]
    return Counts(sum(numbers.values()), numbers["succeeded"], failed)


def _drop(slip: Slip) -> Way:
    if slip.part is not Part.OUTPUT:
        raise Unsupported(HELD)
    return _at(slip)


def _fetch(slip: Slip) -> Way:
    if slip.part is Part.INPUT:
        raise Unsupported(UNREADABLE)
    return _at(slip, "/results")


def _result(line: Json) -> Result | None:
    id, said = line.get("custom_id"), line.get("result")
    if not isinstance(id, str):
        return None
    said = said if isinstance(said, dict) else {}
    kind = string(said.get("type"))
    if kind == "succeeded":
        return Result(id=id, answer=orjson.dumps(said.get("message")))
    if kind in EARLY:
        return Result(id=id, ended=EARLY[kind])
    error = said.get("error")
    return Result(id=id, error=orjson.dumps(error), status=describe(error, None).status)


def used(line: Json) -> Seen:
    """What a line of a batch's results says was used."""
    outcome: Any = line.get("result")
    message = outcome.get("message") if isinstance(outcome, dict) else None
    if not isinstance(message, dict):
        return Seen()
    return Seen(usage=parse_usage(message.get("usage")), model=string(message.get("model")))


RUNNING = Running(
    dialects=frozenset({"anthropic.messages"}),
    most=MOST,
    ids=IDS,
    line=_line,
    send=_send,
    sent=_sent,
    make=lambda slip, model: None,
    show=_at,
    stop=lambda slip: _at(slip, "/cancel"),
    run=_run,
    look=_at,
    document=lambda answer: Document(created=seconds(answer.get("created_at"))),
    drop=_drop,
    fetch=_fetch,
    result=_result,
    used=used,
    listing=Listing(path=_listed_at, parse=_list),
    nameless=True,
)
