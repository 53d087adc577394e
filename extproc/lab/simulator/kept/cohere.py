"""Cohere's datasets, embed jobs and batches; each is done as soon as it is made.

https://docs.cohere.com/reference/create-dataset, https://docs.cohere.com/reference/create-embed-job
and https://docs.cohere.com/reference/create-batch
"""

from collections.abc import Callable
from typing import Any

from extproc.lab.simulator.dialect import Json, Refusal
from extproc.lab.simulator.kept.shelf import Ask, Rule, json, rule
from extproc.lab.simulator.play import Answer

WHEN = "2026-01-01T00:00:00Z"
DATASET, JOB, BATCH = "dataset", "embed-job", "batch"
PURPOSES = {JOB: "embed-input", BATCH: "batch-chat-v2-input"}
"""What a dataset must be for, that somebody is to read it."""
NEEDED = {
    JOB: {"model", "dataset_id", "input_type"},
    BATCH: {"name", "input_dataset_id", "model"},
}
KNOWN = {
    JOB: NEEDED[JOB] | {"name", "embedding_types", "truncate"},
    BATCH: NEEDED[BATCH],
}
META = {"api_version": {"version": "1"}, "billed_units": {"input_tokens": 7}}
FINISHED = "BATCH_STATUS_COMPLETED"


def _bare(thing: Json) -> Json:
    return {name: value for name, value in thing.items() if name != "object"}


def _dataset(ask: Ask, name: str, kind: str, content: bytes = b"") -> Json:
    id = ask.shelf.new_id(f"{name}-")
    part = {"id": f"{id}-0", "name": name, "url": f"https://storage.example/{id}?signed=yes"}
    thing = {
        "object": DATASET,
        "id": id,
        "name": name,
        "created_at": WHEN,
        "updated_at": WHEN,
        "dataset_type": kind,
        "validation_status": "validated",
        "dataset_parts": [{**part, "index": 0, "num_rows": content.count(b"\n")}],
    }
    return ask.shelf.put(thing, content)


def upload(ask: Ask) -> Answer:
    """A dataset; its name and its type stand in the query."""
    file = ask.body.get("data")
    if file is None or not ask.query.get("name"):
        raise Refusal("invalid request: data and name must be given.")
    if ask.query.get("type") not in PURPOSES.values():
        raise Refusal("invalid request: unknown dataset type.")
    made = _dataset(ask, ask.query["name"], ask.query["type"], ask.request.body)
    return json({"id": made["id"]})


def _checked(ask: Ask, kind: str) -> tuple[Json, Json]:
    """(the body, the dataset that is read); raises Refusal."""
    body = ask.body
    for name in sorted(NEEDED[kind] - body.keys()):
        raise Refusal(f"invalid request: {name} must be given.")
    for name in sorted(body.keys() - KNOWN[kind]):
        raise Refusal(f"invalid request: unknown field {name!r}.")
    source = ask.shelf.get(str(body.get("dataset_id") or body.get("input_dataset_id")), DATASET)
    if source["dataset_type"] != PURPOSES[kind]:
        raise Refusal(f"invalid request: the dataset is not of type {PURPOSES[kind]}.")
    return body, source


def embed(ask: Ask) -> Answer:
    body, source = _checked(ask, JOB)
    result = _dataset(ask, "embeddings", "embed-result")
    made: Json = {
        "object": JOB,
        "id": ask.shelf.new_id("job-"),
        "name": body.get("name"),
        "status": "complete",
        "created_at": WHEN,
        "input_dataset_id": source["id"],
        "output_dataset_id": result["id"],
        "model": body["model"],
        "truncate": body.get("truncate", "END"),
        "meta": META,
    }
    ask.shelf.put(made)
    return json({"job_id": made["id"], "meta": META})


def _job(thing: Json) -> Json:
    said = _bare(thing)
    return {"job_id": said.pop("id"), **said}


def run(ask: Ask) -> Answer:
    body, source = _checked(ask, BATCH)
    result = _dataset(ask, "answers", "batch-chat-v2-output")
    made: Json = {
        "object": BATCH,
        "id": ask.shelf.new_id("batch-"),
        "name": body["name"],
        "status": FINISHED,
        "created_at": WHEN,
        "input_dataset_id": source["id"],
        "output_dataset_id": result["id"],
        "model": body["model"],
        "input_tokens": "40",
        "output_tokens": "12",
    }
    return json({"batch": _bare(ask.shelf.put(made))})


def batches(ask: Ask) -> Answer:
    found = [_bare(one) for one in ask.shelf.all(BATCH)]
    start = int(ask.query.get("page_token") or 0)
    end = start + int(ask.query.get("page_size") or 50)
    more = {"next_page_token": str(end)} if end < len(found) else {}
    return json({"batches": found[start:end], **more})


def _all(kind: str, at: str, shown: Callable[[Json], Json]) -> Callable[[Ask], Answer]:
    return lambda ask: json({at: [shown(one) for one in ask.shelf.all(kind)]})


def _one(kind: str, shown: Callable[[Json], Any]) -> Callable[[Ask], Answer]:
    return lambda ask: json(shown(ask.shelf.get(ask.ids[0], kind)))


def usage(ask: Ask) -> Answer:
    sizes = [len(ask.shelf.contents.get(one["id"], b"")) for one in ask.shelf.all(DATASET)]
    return json({"organization_usage": sum(sizes)})


def drop(ask: Ask) -> Answer:
    ask.shelf.drop(ask.ids[0], DATASET)
    return json({})


def _stop(kind: str, status: str) -> Callable[[Ask], Answer]:
    def stopped(ask: Ask) -> Answer:
        ask.shelf.get(ask.ids[0], kind)["status"] = status
        return json({})

    return stopped


RULES: tuple[Rule, ...] = (
    rule("POST", "/datasets", upload),
    rule("GET", "/datasets", _all(DATASET, "datasets", _bare)),
    rule("GET", "/datasets/*", _one(DATASET, lambda one: {"dataset": _bare(one)})),
    rule("GET", "/v1/datasets/usage", usage),
    rule("DELETE", "/datasets/*", drop),
    rule("POST", "/embed-jobs", embed),
    rule("GET", "/embed-jobs", _all(JOB, "embed_jobs", _job)),
    rule("GET", "/embed-jobs/*", _one(JOB, _job)),
    rule("POST", "/embed-jobs/*/cancel", _stop(JOB, "cancelling")),
    rule("POST", "/batches", run),
    rule("GET", "/batches", batches),
    rule("GET", "/batches/*", _one(BATCH, lambda one: {"batch": _bare(one)})),
    rule("POST", "/batches/*:cancel", _stop(BATCH, "BATCH_STATUS_CANCELING")),
)
