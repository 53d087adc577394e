"""Anthropic's files and batches of messages.

https://platform.claude.com/docs/en/api/creating-message-batches. A batch is done as soon as it is
looked at; one that was to end before has done nothing.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import import_module

import orjson

from extproc.lab.simulator.anthropic.messages_rules import SAMPLERS
from extproc.lab.simulator.dialect import Json, Refusal
from extproc.lab.simulator.forms import File
from extproc.lab.simulator.kept import skills
from extproc.lab.simulator.kept.shelf import Ask, Rule, json, rule
from extproc.lab.simulator.play import Answer
from extproc.lab.simulator.typed import Judge

HOST = "https://api.anthropic.com"
WHEN = "2026-01-01T00:00:00Z"
PAGE, LONGEST = 20, 1_000
MOST = 100_000
IDS = re.compile(r"[a-zA-Z0-9_-]{1,64}")
KINDS = {"file": "file_", "message_batch": "msgbatch_"}


@cache
def _judge() -> Judge:
    params = import_module("anthropic.types.messages.batch_create_params")
    return Judge(params.BatchCreateParams, strict=True)


def _made(ask: Ask) -> str:
    """RFC 3339, with microseconds, as Anthropic writes it."""
    made = datetime.fromtimestamp(ask.shelf.now, UTC) + timedelta(microseconds=125)
    return made.isoformat().replace("+00:00", "Z")


def _all(ask: Ask, kind: str) -> list[Json]:
    return [thing for thing in ask.shelf.things.values() if thing.get("type") == kind][::-1]


def _page(ask: Ask, things: Sequence[Json]) -> Answer:
    after = ask.query.get("after_id")
    ids = [thing["id"] for thing in things]
    if after is not None:
        if after not in ids:
            raise Refusal(f"after_id: there is no {after!r}")
        things = things[ids.index(after) + 1 :]
    limit = int(ask.query.get("limit", PAGE))
    if not 1 <= limit <= LONGEST:
        raise Refusal(f"limit: must be between 1 and {LONGEST}")
    shown = things[:limit]
    return json(
        {
            "data": shown,
            "first_id": shown[0]["id"] if shown else None,
            "last_id": shown[-1]["id"] if shown else None,
            "has_more": len(things) > len(shown),
        }
    )


def files(ask: Ask) -> Answer:
    """A page begins where the one before says it."""
    if "after_id" in ask.query:
        raise Refusal("after_id: Extra inputs are not permitted")
    things, limit = _all(ask, "file"), int(ask.query.get("limit", PAGE))
    start = int(ask.query.get("page", "page_0").removeprefix("page_"))
    end = start + limit
    return json(
        {"data": things[start:end], "next_page": f"page_{end}" if end < len(things) else None}
    )


def batches(ask: Ask) -> Answer:
    return _page(ask, [_settled(ask, thing) for thing in _all(ask, "message_batch")])


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
        "created_at": _made(ask),
        "downloadable": False,
    }
    return json(ask.shelf.put(thing, file["data"]))


def content(ask: Ask) -> Answer:
    """https://platform.claude.com/docs/en/build-with-claude/files: only what tools have made."""
    if not ask.shelf.get(ask.ids[0], "file")["downloadable"]:
        raise Refusal(f"File `{ask.ids[0]}` is not downloadable.")
    return Answer(content_type="application/octet-stream", body=ask.shelf.contents[ask.ids[0]])


def one(ask: Ask) -> Answer:
    return json(_settled(ask, ask.shelf.get(ask.ids[0])))


def delete(ask: Ask) -> Answer:
    thing = ask.shelf.get(ask.ids[0])
    if thing.get("processing_status", "ended") != "ended":
        raise Refusal("Only batches that have ended can be deleted.")
    ask.shelf.drop(ask.ids[0])
    return json({"id": ask.ids[0], "type": f"{thing['type']}_deleted"})


def make(ask: Ask) -> Answer:
    body = ask.body
    _judge().check(_typed(body))
    ids = [item["custom_id"] for item in body["requests"]]
    if not 0 < len(ids) <= MOST:
        raise Refusal(f"requests: must have between 1 and {MOST} items")
    for number, id in enumerate(ids):
        if IDS.fullmatch(id) is None:
            at = f"requests.{number}.custom_id"
            raise Refusal(f"{at}: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'")
    if len({*ids}) < len(ids):
        raise Refusal("requests: custom_id must be unique")
    for item in body["requests"]:
        if item["params"].get("stream"):
            raise Refusal("Streaming is not supported in batches.")
    id = ask.shelf.new_id(KINDS["message_batch"])
    thing = {
        "id": id,
        "type": "message_batch",
        "processing_status": "in_progress",
        "request_counts": _counts(processing=len(ids)),
        "archived_at": None,
        "cancel_initiated_at": None,
        "created_at": _made(ask),
        "expires_at": WHEN,
        "ended_at": None,
        "results_url": None,
    }
    return json(ask.shelf.put(thing, ask.request.body))


def _typed(body: Json) -> Json:
    """A body as far as the SDK has types for it, which know no samplers."""
    requests = body.get("requests")
    if not isinstance(requests, list) or not all(isinstance(one, dict) for one in requests):
        return body
    params = [(one, one.get("params")) for one in requests]
    shown = [
        {**one, "params": {k: v for k, v in said.items() if k not in SAMPLERS}}
        if isinstance(said, dict)
        else one
        for one, said in params
    ]
    return {**body, "requests": shown}


def _counts(**counts: int) -> Json:
    return {**dict.fromkeys(COUNTED, 0), **counts}


COUNTED = ("processing", "succeeded", "errored", "canceled", "expired")


def _settled(ask: Ask, thing: Json) -> Json:
    """A batch as it is at the next look."""
    if thing.get("processing_status", "ended") == "ended":
        return thing
    id, requests = thing["id"], orjson.loads(ask.shelf.contents[thing["id"]])["requests"]
    stopped = thing["processing_status"] == "canceling"
    found = [_result(ask, item, stopped=stopped) for item in requests]
    kinds = [one["result"]["type"] for one in found]
    thing["request_counts"] = _counts(**{kind: kinds.count(kind) for kind in {*kinds}})
    thing |= {"processing_status": "ended", "ended_at": WHEN}
    thing["results_url"] = f"{HOST}/v1/messages/batches/{id}/results"
    ask.shelf.contents[id] = b"".join(orjson.dumps(one) + b"\n" for one in found)
    return thing


def cancel(ask: Ask) -> Answer:
    thing = ask.shelf.get(ask.ids[0], "message_batch")
    if thing["processing_status"] == "in_progress":
        thing |= {"processing_status": "canceling", "cancel_initiated_at": WHEN}
    return json(thing)


def _result(ask: Ask, item: Json, *, stopped: bool) -> Json:
    result: Json = {"type": "canceled"}
    if not stopped:
        status, body = ask.run("/v1/messages", item["params"])
        said = orjson.loads(body)
        failed = {"type": "errored", "error": said}
        result = failed if status >= 400 else {"type": "succeeded", "message": said}
    return {"custom_id": item["custom_id"], "result": result}


def results(ask: Ask) -> Answer:
    if ask.shelf.get(ask.ids[0], "message_batch")["processing_status"] != "ended":
        raise Refusal("The batch has no results yet.", status=404)
    return Answer(content_type="application/x-jsonl", body=ask.shelf.contents[ask.ids[0]])


RULES: tuple[Rule, ...] = (
    rule("POST", "/files", upload),
    rule("GET", "/files", files),
    rule("GET", "/files/*", one),
    rule("GET", "/files/*/content", content),
    rule("DELETE", "/files/*", delete),
    *skills.CLAUDES,
    rule("POST", "/messages/batches", make),
    rule("GET", "/messages/batches", batches),
    rule("GET", "/messages/batches/*", one),
    rule("DELETE", "/messages/batches/*", delete),
    rule("POST", "/messages/batches/*/cancel", cancel),
    rule("GET", "/messages/batches/*/results", results),
)
