"""Batches of the Gemini API, whatever format those speak who ask for them.

https://ai.google.dev/gemini-api/docs/batch-api and https://ai.google.dev/api/files
"""

import re
from collections.abc import Sequence
from hashlib import blake2s
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from providers.bridging.batching import Running, Way
from providers.bridging.dialect import Seen
from providers.dialects.gemini.errors import describe
from providers.dialects.gemini.generate_content.answers import parse_usage
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
from providers.usage import count, told
from providers.wire.budget import LINES
from providers.wire.members import Json, dicts, inner, string

CHAT, EMBEDDINGS = "gemini.generate_content", "gemini.batch_embed_contents"
LONGEST = 12
"""Digits; no number of tokens, requests or bytes has as many."""
IDS = re.compile(r".{1,1024}", re.DOTALL)
NAME = re.compile(r"(?:files|batches)/[\w.~-]*\w[\w.~-]*", re.ASCII)
EMBEDS = "e"
"""What ids say of lines that ask for vectors, whose batches are made at another place."""
TYPE = "application/jsonl"
LONGEST_NAME = 128
"""Characters of a file's name; https://ai.google.dev/api/files allows 512."""
LABEL = re.compile(
    r"openai (?P<endpoint>[a-z]) (?P<lines>\d{1,9}) (?P<size>\d{1,12}) (?P<created>\d{1,12}) "
    r"(?P<file>files/[\w.~-]+)(?: (?P<model>.+))?",
    re.ASCII,
)
"""The name of a batch that was made for a client of OpenAI's format."""
PAGE = 100
UNREADABLE = "the provider gives no file back that was sent to it"
ONE = "a line of a batch there has one input"

STATES = {
    "PENDING": State.VALIDATING,
    "RUNNING": State.RUNNING,
    "SUCCEEDED": State.COMPLETED,
    "FAILED": State.FAILED,
    "CANCELLED": State.CANCELLED,
    "EXPIRED": State.EXPIRED,
}
"""The end of a state, which is `BATCH_STATE_…` or `JOB_STATE_…`."""


def _line(id: str, body: bytes) -> bytes:
    request: Any = orjson.Fragment(body)
    if body.startswith(b'{"requests":'):
        request = _only(orjson.loads(body)["requests"])
    return orjson.dumps({"key": id, "request": request})


def _only(requests: list[Json]) -> Json:
    if len(requests) != 1:
        raise Unsupported(ONE, param="input")
    return {name: value for name, value in requests[0].items() if name != "model"}


def _send(lines: Sequence[bytes], name: str) -> Way:
    """In one piece: what the file is, and what it holds."""
    said = {"file": {"displayName": name[:LONGEST_NAME], "mimeType": TYPE}}
    data = b"\n".join(lines)
    mark = blake2s(data, digest_size=16).hexdigest().encode()
    head = b"--%b\r\nContent-Type: application/json; charset=utf-8\r\n\r\n%b\r\n"
    rest = b"--%b\r\nContent-Type: %b\r\n\r\n%b\r\n--%b--\r\n"
    body = head % (mark, orjson.dumps(said)) + rest % (mark, TYPE.encode(), data, mark)
    return Way(
        path="/files",
        before="/upload",
        body=body,
        content_type=f"multipart/related; boundary={mark.decode()}",
        headers={"x-goog-upload-protocol": "multipart"},
    )


def _sent(answer: Json) -> str:
    return _name(_file(answer), "files/")


def _file(answer: Json) -> Json:
    file = answer.get("file", answer)
    return file if isinstance(file, dict) else {}


def _name(said: Json, kind: str) -> str:
    name = string(said.get("name"))
    if not name.startswith(kind) or NAME.fullmatch(name) is None:
        raise BadAnswer(f"the provider's answer names nothing of its {kind}")
    return name


def _make(slip: Slip, model: str) -> Way:
    verb = "asyncBatchEmbedContent" if slip.endpoint == EMBEDS else "batchGenerateContent"
    batch = {"displayName": _label(slip), "inputConfig": {"fileName": _ref(slip)}}
    return Way(path=f"/models/{quote(model, safe='')}:{verb}", body=orjson.dumps({"batch": batch}))


def _label(slip: Slip) -> str:
    """A name that says in lists what nothing else there does."""
    said = f"openai {slip.endpoint} {slip.lines} {slip.size} {slip.created} {_ref(slip)}"
    named = f"{said} {slip.model}"
    return named if len(named) <= LONGEST_NAME else said


def _ref(slip: Slip) -> str:
    if NAME.fullmatch(slip.ref) is None:
        raise NotFound("there is nothing with that id")
    return slip.ref


def _at(slip: Slip, rest: str = "") -> Way:
    return Way(path=f"/{_ref(slip)}{rest}")


def _run(answer: Json, slip: Slip) -> Run:
    """A batch as an operation; an empty answer says that it was told to end."""
    if not answer:
        return Run(ref=slip.ref, state=State.CANCELLING)
    said, failed = inner(answer.get("metadata")), inner(answer.get("error"))
    state = STATES.get(string(said.get("state")).rpartition("_STATE_")[2])
    if state is None:
        raise BadAnswer("the provider's answer is no batch")
    output = inner(answer.get("response")) or inner(said.get("output"))
    return Run(
        ref=_name(answer, "batches/"),
        state=state,
        counts=_counts(said.get("batchStats")),
        created=seconds(said.get("createTime")),
        ended=seconds(said.get("endTime") or said.get("updateTime")),
        results=string(output.get("responsesFile")),
        failure=string(failed.get("message")),
    )


def _listed_at(asked: Span) -> str:
    """A client's page may begin anywhere on one of these.

    https://ai.google.dev/api/batch-api
    """
    token = {"pageToken": asked.page} if asked.page else {}
    return f"/batches?{urlencode({'pageSize': PAGE, **token})}"


def _list(answer: Json) -> Leaf:
    """Those that were made for clients of another format; others have no file, or other lines."""
    found = [(one, inner(one.get("metadata"))) for one in dicts(answer.get("operations"))]
    entries = [
        _entry(one, said, match)
        for one, said in found
        if (match := LABEL.fullmatch(string(said.get("displayName"))))
    ]
    token = string(answer.get("nextPageToken"))
    return Leaf(entries=entries, next=token, more=bool(token))


def _entry(one: Json, said: Json, label: re.Match[str]) -> Entry:
    slip = Slip(
        part=Part.BATCH,
        ref=_name(one, "batches/"),
        model=label["model"] or "",
        endpoint=label["endpoint"],
        lines=int(label["lines"]),
        size=int(label["size"]),
        created=int(label["created"]),
        file=label["file"],
    )
    return Entry(
        run=_run(one, slip), slip=slip, model=string(said.get("model")).removeprefix("models/")
    )


def _counts(stats: Any) -> Counts | None:
    """Protobuf's JSON leaves zeros out, and writes long numbers as texts."""
    if not isinstance(stats, dict):
        return None
    return Counts(
        _count(stats.get("requestCount")),
        _count(stats.get("successfulRequestCount")),
        _count(stats.get("failedRequestCount")),
    )


def _count(value: Any) -> int:
    return number(value) or 0


def _document(answer: Json) -> Document:
    file = _file(answer)
    return Document(
        name=string(file.get("displayName")),
        size=_count(file.get("sizeBytes")),
        created=seconds(file.get("createTime")),
        expires=seconds(file.get("expirationTime")),
    )


def _fetch(slip: Slip) -> Way:
    if slip.part is Part.INPUT:
        raise Unsupported(UNREADABLE)
    return _at(slip, ":download?alt=media")


def _result(line: Json) -> Result | None:
    id, response = line.get("key"), line.get("response")
    if not isinstance(id, str):
        return None
    if not isinstance(response, dict):
        error = {"error": line.get("error") or line.get("status")}
        return Result(id=id, error=orjson.dumps(error), status=_status(error))
    return Result(id=id, answer=orjson.dumps(_whole(response)))


# https://grpc.io/docs/guides/status-codes
GRPC = {3: 400, 5: 404, 7: 403, 8: 429, 9: 400, 11: 400, 14: 503, 16: 401, 4: 504}


def _status(error: Json) -> int:
    """Of google.rpc.Status, whose code is gRPC's where it stands in a file."""
    code = inner(error["error"]).get("code")
    known = GRPC.get(code) if type(code) is int else None
    return known or describe(error, None).status


def _whole(response: Json) -> Json:
    """An answer as it is outside of batches, where vectors come by themselves."""
    tokens = response.get("tokenCount")
    if "embedding" not in response or tokens is None or "usageMetadata" in response:
        return response
    return {**response, "usageMetadata": {"promptTokenCount": _count(tokens)}}


def used(line: Json) -> Seen:
    """What one result of a batch, inline or as a line of its file, says was used."""
    response = line.get("response")
    if not isinstance(response, dict):
        return Seen()
    usage = parse_usage(response.get("usageMetadata"))
    if usage is None and "embedding" in response:
        tokens = number(response.get("tokenCount"))
        usage = None if tokens is None else told(tokens, 0)
    return Seen(usage=usage, model=string(response.get("modelVersion")))


def number(value: Any) -> int | None:
    """Protobuf's JSON writes long numbers as texts."""
    text = isinstance(value, str) and value.isdecimal() and len(value) < LONGEST
    return count(int(value) if text else value)


RUNNING = Running(
    dialects=frozenset({CHAT, EMBEDDINGS}),
    most=LINES,
    ids=IDS,
    line=_line,
    send=_send,
    sent=_sent,
    make=_make,
    show=_at,
    stop=lambda slip: _at(slip, ":cancel"),
    run=_run,
    look=_at,
    document=_document,
    drop=_at,
    fetch=_fetch,
    result=_result,
    used=used,
    listing=Listing(path=_listed_at, parse=_list, by_token=True),
)
