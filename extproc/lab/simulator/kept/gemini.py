"""The Gemini API's files, cached contents and batches.

https://ai.google.dev/api/files, https://ai.google.dev/api/caching and
https://ai.google.dev/api/batch-api. Everything happens at once: a file is active, a batch has
succeeded when it is made.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from extproc.lab.simulator import forms
from extproc.lab.simulator.dialect import Json, Refusal
from extproc.lab.simulator.gemini.generate_content_names import canonical
from extproc.lab.simulator.kept.shelf import Ask, Rule, Shelf, json, rule
from extproc.lab.simulator.play import Answer

HOST = "https://generativelanguage.googleapis.com"
WHEN = "2026-01-01T00:00:00Z"
PAGE = 50
FILE_NAME = re.compile(r"files/[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
FILES_URL = re.compile(rf"{re.escape(HOST)}/v1(?:beta|alpha)?/(files/.*)")
OWN_FILE = frozenset({"name", "displayName", "mimeType", "sizeBytes"})
CACHE = frozenset(
    {
        *("model", "contents", "systemInstruction", "tools", "toolConfig"),
        *("ttl", "expireTime", "displayName"),
    }
)
INPUT = frozenset({"requests", "fileName"})


def known(shelf: Shelf, name: object) -> Json:
    """What is kept under a whole name; raises Refusal."""
    found = shelf.things.get(name) if isinstance(name, str) else None
    if found is None:
        raise Refusal(
            f"You do not have permission to access {name} or it may not exist.", status=403
        )
    return found


def _values(value: Any, name: str) -> Iterator[Any]:
    if isinstance(value, dict):
        if name in value:
            yield value[name]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _values(item, name)


def used(shelf: Shelf, path: str, body: Json) -> None:
    """Raises Refusal where a request names what is not kept here."""
    said: Json = canonical(body)
    if "/projects/" in path:
        if "cachedContent" in said:
            known(shelf, said["cachedContent"])
        return
    for uri in _values(said.get("contents"), "fileUri"):
        match = FILES_URL.fullmatch(uri) if isinstance(uri, str) else None
        if match and not FILE_NAME.fullmatch(match[1]):
            raise Refusal(f"Invalid file: {uri}")
        if match and shelf.things:
            known(shelf, match[1])
    if "cachedContent" in said:
        cache = known(shelf, said["cachedContent"])
        if f"/{cache['model']}:" not in path:
            raise Refusal("Model used by GenerateContent and CachedContent has to be the same.")


def members(body: Json, known: frozenset[str], at: str) -> None:
    for name in body:
        if name not in known:
            raise Refusal(f"Invalid JSON payload received. Unknown name \"{name}\" at '{at}'.")


def _one(ask: Ask, kind: str) -> Json:
    return known(ask.shelf, f"{kind}/{ask.ids[0]}")


def page(ask: Ask, kind: str, at: str) -> Answer:
    """A page may have fewer than were asked for (https://google.aip.dev/158)."""
    found = [one for name, one in ask.shelf.things.items() if name.startswith(f"{kind}/")][::-1]
    token = ask.query.get("pageToken")
    start = _begins(token) if token else 0
    end = start + min(int(ask.query.get("pageSize") or PAGE), PAGE)
    more = {"nextPageToken": _token(end)} if end < len(found) else {}
    return json({at: found[start:end], **more})


def _token(start: int) -> str:
    return urlsafe_b64encode(f"{start:04}".encode()).decode()


def _begins(token: str) -> int:
    try:
        return int(urlsafe_b64decode(token))
    except ValueError:
        raise Refusal("Page token is invalid.") from None


def put(shelf: Shelf, thing: Json, content: bytes | None = None) -> Json:
    shelf.things[thing["name"]] = thing
    if content is not None:
        shelf.contents[thing["name"]] = content
    return thing


def file(shelf: Shelf, name: str, data: bytes, **facts: Any) -> Json:
    thing = {
        "name": name,
        "mimeType": "text/plain",
        "sizeBytes": str(len(data)),
        "createTime": WHEN,
        "updateTime": WHEN,
        "uri": f"{HOST}/v1beta/{name}",
        "state": "ACTIVE",
        "source": "UPLOADED",
        **facts,
    }
    return put(shelf, thing, data)


def upload(ask: Ask) -> Answer:
    """The announcement of a file, or a piece of it."""
    upload_id = ask.query.get("upload_id")
    return _announce(ask) if upload_id is None else _piece(ask, upload_id)


def _announce(ask: Ask) -> Answer:
    header = ask.request.header
    if header("x-goog-upload-protocol") == "multipart":
        return _at_once(ask)
    if (header("x-goog-upload-protocol"), header("x-goog-upload-command")) != (
        "resumable",
        "start",
    ):
        raise Refusal("Invalid upload request: no resumable upload is started.")
    said = canonical(ask.body).get("file") or {}
    members(said, OWN_FILE, "file")
    name = said.get("name") or ask.shelf.new_id("files/")
    if not FILE_NAME.fullmatch(name):
        raise Refusal(f"Invalid file name: {name}")
    if name in ask.shelf.things:
        raise Refusal(f"File {name} already exists.", status=409)
    kind = header("x-goog-upload-header-content-type") or said.get("mimeType")
    id = ask.shelf.new_id("ABPtcPq_")
    ask.shelf.things[id] = {**said, "name": name, "mimeType": kind, "size": 0}
    ask.shelf.contents[id] = b""
    url = f"{HOST}/upload/v1beta/files?upload_id={id}&upload_protocol=resumable"
    told = [("x-goog-upload-url", url), ("x-goog-upload-control-url", url)]
    return Answer(headers=[*told, ("x-goog-upload-status", "active")])


def _at_once(ask: Ask) -> Answer:
    """What a file is, and what it holds, in one body."""
    kind = ask.request.header("content-type")
    parts = forms.related(kind, ask.request.body)
    if len(parts) != 2 or parts[0][0] != "application/json":
        raise Refusal("Invalid multipart request with 0 mime parts.")
    said = canonical(orjson.loads(parts[0][1])).get("file") or {}
    members(said, OWN_FILE, "file")
    facts = {name: said[name] for name in ("displayName",) if said.get(name)}
    mime = said.get("mimeType") or parts[1][0]
    made = file(ask.shelf, ask.shelf.new_id("files/"), parts[1][1], mimeType=mime, **facts)
    return json({"file": made})


def _piece(ask: Ask, id: str) -> Answer:
    begun = ask.shelf.things.get(id)
    if begun is None:
        raise Refusal("Upload not found.", status=404)
    commands = ask.request.header("x-goog-upload-command").split(", ")
    known = ask.shelf.contents[id]
    if "upload" not in commands:
        raise Refusal(f"Invalid upload command: {commands}")
    if int(ask.request.header("x-goog-upload-offset") or -1) != len(known):
        raise Refusal("Invalid upload offset.")
    data = ask.shelf.contents[id] = known + ask.request.body
    if "finalize" not in commands:
        return Answer(headers=[("x-goog-upload-status", "active")])
    del ask.shelf.things[id], ask.shelf.contents[id]
    named = {name: begun[name] for name in ("displayName", "mimeType") if begun.get(name)}
    made = file(ask.shelf, begun["name"], data, **named)
    body = orjson.dumps({"file": made}, option=orjson.OPT_INDENT_2)
    return Answer(headers=[("x-goog-upload-status", "final")], body=body)


def download(ask: Ask) -> Answer:
    found = _one(ask, "files")
    if ask.query.get("alt") != "media" or found["source"] != "GENERATED":
        raise Refusal("Only generated files can be downloaded, by alt=media.")
    return Answer(content_type=found["mimeType"], body=ask.shelf.contents[found["name"]])


def cache(ask: Ask) -> Answer:
    body = canonical(ask.body)
    members(body, CACHE, "cached_content")
    if not str(body.get("model", "")).startswith("models/"):
        raise Refusal("* CreateCachedContentRequest.model: unexpected model name format")
    if not body.keys() & {"contents", "systemInstruction"}:
        raise Refusal("CachedContent can not be empty.")
    used(ask.shelf, ask.request.path, body)
    return json(put(ask.shelf, cached(body, ask.shelf.new_id("cachedContents/"))))


def cached(body: Json, name: str) -> Json:
    """A cache that was made."""
    return {
        "name": name,
        **{name: body[name] for name in ("model", "displayName") if name in body},
        "createTime": WHEN,
        "updateTime": WHEN,
        "expireTime": body.get("expireTime", WHEN),
        "usageMetadata": {"totalTokenCount": 2048},
    }


def change_cache(ask: Ask) -> Answer:
    found, body = _one(ask, "cachedContents"), canonical(ask.body)
    members(body, frozenset({"name", "ttl", "expireTime"}), "cached_content")
    found["expireTime"] = body.get("expireTime", "2026-01-01T01:00:00Z")
    return json(found)


def batch(ask: Ask) -> Answer:
    """Runs every request at once."""
    said = canonical(ask.body).get("batch") or {}
    source = said.get("inputConfig") or {}
    members(said, frozenset({"displayName", "inputConfig", "model", "priority"}), "batch")
    members(source, INPUT, "batch.input_config")
    if len(source) != 1:
        raise Refusal("Exactly one of requests and file_name must be set.")
    model, shelf = f"models/{ask.ids[0]}", ask.shelf
    by_file = "fileName" in source
    output, stats = (_from_file if by_file else _inline)(ask, model, source)
    name = shelf.new_id("batches/")
    metadata = {
        "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
        "model": model,
        "name": name,
        "displayName": said.get("displayName", ""),
        "inputConfig": {key: value for key, value in source.items() if key == "fileName"},
        "output": output,
        "createTime": datetime.fromtimestamp(shelf.now, UTC).isoformat().replace("+00:00", "Z"),
        "endTime": WHEN,
        "batchStats": stats,
        "state": "BATCH_STATE_SUCCEEDED",
    }
    put(shelf, {"name": name, "metadata": metadata, "done": True, "response": output})
    # Nobody is done at once.
    pending = {**metadata, "state": "BATCH_STATE_PENDING"}
    del pending["output"], pending["endTime"], pending["batchStats"]
    return json({"name": name, "metadata": pending})


def _inline(ask: Ask, model: str, source: Json) -> tuple[Json, Json]:
    found = []
    for one in source["requests"]["requests"]:
        members(one, frozenset({"request", "metadata"}), "requests")
        said = {"metadata": one["metadata"]} if "metadata" in one else {}
        found.append({**_outcome(ask, model, one["request"]), **said})
    return {"inlinedResponses": {"inlinedResponses": found}}, _stats(found)


def _from_file(ask: Ask, model: str, source: Json) -> tuple[Json, Json]:
    asked = known(ask.shelf, source["fileName"])
    lines = [orjson.loads(line) for line in ask.shelf.contents[asked["name"]].splitlines()]
    for line in lines:
        members(line, frozenset({"key", "request"}), "line")
    made = [{"key": one["key"], **_outcome(ask, model, one["request"])} for one in lines]
    data = b"".join(orjson.dumps(one) + b"\n" for one in made)
    name = ask.shelf.new_id("files/batch-")
    file(ask.shelf, name, data, source="GENERATED", mimeType="application/jsonl")
    return {"responsesFile": name}, _stats(made)


def _outcome(ask: Ask, model: str, body: Json) -> Json:
    """A response, or google.rpc.Status with gRPC's code."""
    try:
        return {"response": _run(ask, model, body)}
    except Refusal as error:
        return {"error": {"code": 3, "message": str(error)}}


def _stats(found: list[Json]) -> Json:
    """Protobuf's JSON writes long numbers as texts, and no zeros."""
    failed = sum("error" in one for one in found)
    counts = {
        "requestCount": len(found),
        "successfulRequestCount": len(found) - failed,
        "failedRequestCount": failed,
    }
    return {name: str(number) for name, number in counts.items() if number}


def _run(ask: Ask, model: str, body: Json) -> Json:
    named = body.get("model", model)
    if named != model:
        raise Refusal(f"The model of a request must be that of its batch: {named}")
    verb = "embedContent" if ask.request.path.endswith("EmbedContent") else "generateContent"
    plain = {name: value for name, value in body.items() if name != "model"}
    status, said = ask.run(f"/v1beta/{model}:{verb}", plain)
    if status >= 400:
        raise Refusal(orjson.loads(said)["error"]["message"], status=status)
    answer: Json = orjson.loads(said)
    return answer


def cancel(ask: Ask) -> Answer:
    _one(ask, "batches")["metadata"]["state"] = "BATCH_STATE_CANCELLED"
    return json({})


def cycle(kind: str, at: str) -> tuple[Rule, ...]:
    def delete(ask: Ask) -> Answer:
        name = _one(ask, kind)["name"]
        del ask.shelf.things[name]
        return json({})

    return (
        rule("GET", f"/{kind}", lambda ask: page(ask, kind, at)),
        rule("GET", f"/{kind}/*", lambda ask: json(_one(ask, kind))),
        rule("DELETE", f"/{kind}/*", delete),
    )


RULES: tuple[Rule, ...] = (
    rule("GET", "/files/*:download", download),
    rule("POST", "/upload/v1beta/files", upload),
    *cycle("files", "files"),
    rule("POST", "/cachedContents", cache),
    rule("PATCH", "/cachedContents/*", change_cache),
    *cycle("cachedContents", "cachedContents"),
    rule("POST", "/models/*:batchGenerateContent", batch),
    rule("POST", "/models/*:asyncBatchEmbedContent", batch),
    rule("POST", "/batches/*:cancel", cancel),
    *cycle("batches", "operations"),
)
