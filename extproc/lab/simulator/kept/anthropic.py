"""Anthropic's files and batches of messages.

https://platform.claude.com/docs/en/api/creating-message-batches. A batch has ended when it is made.
"""

from collections.abc import Sequence
from functools import cache
from importlib import import_module

import orjson

from extproc.lab.simulator.dialect import Json, Refusal
from extproc.lab.simulator.forms import File
from extproc.lab.simulator.kept.shelf import Ask, Rule, json, rule
from extproc.lab.simulator.play import Answer
from extproc.lab.simulator.typed import Judge

HOST = "https://api.anthropic.com"
WHEN = "2026-01-01T00:00:00Z"
PAGE = 20
KINDS = {"file": "file_", "message_batch": "msgbatch_"}


@cache
def _judge() -> Judge:
    params = import_module("anthropic.types.messages.batch_create_params")
    return Judge(params.BatchCreateParams, strict=True)


def _all(ask: Ask, kind: str) -> list[Json]:
    return [thing for thing in ask.shelf.things.values() if thing.get("type") == kind][::-1]


def _page(ask: Ask, things: Sequence[Json]) -> Answer:
    after = ask.query.get("after_id")
    ids = [thing["id"] for thing in things]
    if after is not None:
        if after not in ids:
            raise Refusal(f"after_id: there is no {after!r}")
        things = things[ids.index(after) + 1 :]
    shown = things[: int(ask.query.get("limit", PAGE))]
    return json(
        {
            "data": shown,
            "first_id": shown[0]["id"] if shown else None,
            "last_id": shown[-1]["id"] if shown else None,
            "has_more": len(things) > len(shown),
        }
    )


def files(ask: Ask) -> Answer:
    return _page(ask, _all(ask, "file"))


def batches(ask: Ask) -> Answer:
    return _page(ask, _all(ask, "message_batch"))


def upload(ask: Ask) -> Answer:
    file = ask.body.get("file")
    if not isinstance(file, File):
        raise Refusal("file: Field required")
    thing = {
        "id": ask.shelf.new_id(KINDS["file"]),
        "type": "file",
        "filename": file["name"],
        "mime_type": file["type"],
        "size_bytes": len(file["data"]),
        "created_at": WHEN,
        "downloadable": True,
    }
    return json(ask.shelf.put(thing, file["data"]))


def content(ask: Ask) -> Answer:
    ask.shelf.get(ask.ids[0], "file")
    return Answer(content_type="application/octet-stream", body=ask.shelf.contents[ask.ids[0]])


def one(ask: Ask) -> Answer:
    return json(ask.shelf.get(ask.ids[0]))


def delete(ask: Ask) -> Answer:
    kind = ask.shelf.get(ask.ids[0])["type"]
    ask.shelf.drop(ask.ids[0])
    return json({"id": ask.ids[0], "type": f"{kind}_deleted"})


def make(ask: Ask) -> Answer:
    body = ask.body
    _judge().check(body)
    lines = [_result(ask, item) for item in body["requests"]]
    id = ask.shelf.new_id(KINDS["message_batch"])
    counts = {"processing": 0, "succeeded": len(lines), "errored": 0, "canceled": 0, "expired": 0}
    thing = {
        "id": id,
        "type": "message_batch",
        "processing_status": "ended",
        "request_counts": counts,
        "created_at": WHEN,
        "expires_at": WHEN,
        "ended_at": WHEN,
        "results_url": f"{HOST}/v1/messages/batches/{id}/results",
    }
    return json(ask.shelf.put(thing, b"".join(lines)))


def _result(ask: Ask, item: Json) -> bytes:
    status, body = ask.run("/v1/messages", item["params"])
    said = orjson.loads(body)
    result = {"type": "succeeded", "message": said}
    if status >= 400:
        result = {"type": "errored", "error": said}
    return orjson.dumps({"custom_id": item["custom_id"], "result": result}) + b"\n"


def results(ask: Ask) -> Answer:
    ask.shelf.get(ask.ids[0], "message_batch")
    return Answer(content_type="application/x-jsonl", body=ask.shelf.contents[ask.ids[0]])


RULES: tuple[Rule, ...] = (
    rule("POST", "/files", upload),
    rule("GET", "/files", files),
    rule("GET", "/files/*", one),
    rule("GET", "/files/*/content", content),
    rule("DELETE", "/files/*", delete),
    rule("POST", "/messages/batches", make),
    rule("GET", "/messages/batches", batches),
    rule("GET", "/messages/batches/*", one),
    rule("DELETE", "/messages/batches/*", delete),
    rule("POST", "/messages/batches/*/cancel", one),
    rule("GET", "/messages/batches/*/results", results),
)
