"""Vertex AI's cached contents and batch prediction jobs.

https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/projects.locations.cachedContents
and https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.batchPredictionJobs
"""

from collections.abc import Callable

from extproc.lab.simulator.dialect import Json, Refusal
from extproc.lab.simulator.gemini.generate_content_names import canonical
from extproc.lab.simulator.kept import gemini
from extproc.lab.simulator.kept.shelf import Ask, Rule, json, rule
from extproc.lab.simulator.play import Answer

NUMBER = "1234567890"
"""Of any project; names that Google gives hold it."""
CACHES, JOBS = "cachedContents", "batchPredictionJobs"
SOURCES = frozenset({"gcsSource", "bigquerySource", "vertexMultimodalDatasetSource"})


def _place(ask: Ask) -> str:
    return f"projects/{NUMBER}/locations/{ask.ids[1]}"


def _one(ask: Ask, kind: str) -> Json:
    return gemini.known(ask.shelf, f"{_place(ask)}/{kind}/{ask.ids[2]}")


def cache(ask: Ask) -> Answer:
    body = canonical(ask.body)
    gemini.members(body, gemini.CACHE, "cached_content")
    place = f"projects/{ask.ids[0]}/locations/{ask.ids[1]}/publishers/google/models/"
    if not str(body.get("model")).startswith(place):
        raise Refusal(f"Invalid model name: {body.get('model')}.")
    if not body.keys() & {"contents", "systemInstruction"}:
        raise Refusal("The cached content is of 0 tokens.")
    made = gemini.cached(body, ask.shelf.new_id(f"{_place(ask)}/{CACHES}/"))
    return json(gemini.put(ask.shelf, made))


def change_cache(ask: Ask) -> Answer:
    found = _one(ask, CACHES)
    found["expireTime"] = canonical(ask.body).get("expireTime", "2026-01-01T01:00:00Z")
    return json(found)


def job(ask: Ask) -> Answer:
    """Nothing is read or written; it has succeeded when it is looked at."""
    body = ask.body
    source, output = body.get("inputConfig") or {}, body.get("outputConfig") or {}
    if not body.get("displayName"):
        raise Refusal("Display name must not be empty.")
    if not str(body.get("model")).startswith(("publishers/", "projects/")):
        raise Refusal(f"Invalid model resource name: {body.get('model')}.")
    if len(SOURCES & source.keys()) != 1 or not source.get("instancesFormat"):
        raise Refusal("input_config must have a source and its instances_format.")
    if not output.get("predictionsFormat"):
        raise Refusal("output_config.predictions_format must be set.")
    name = ask.shelf.new_id(f"{_place(ask)}/{JOBS}/")
    made = {"name": name, **body, "createTime": gemini.WHEN, "state": "JOB_STATE_SUCCEEDED"}
    gemini.put(ask.shelf, made)
    return json({**made, "state": "JOB_STATE_PENDING"})


def cancel(ask: Ask) -> Answer:
    _one(ask, JOBS)["state"] = "JOB_STATE_CANCELLED"
    return json({})


def _cycle(kind: str) -> tuple[Rule, ...]:
    def delete(ask: Ask) -> Answer:
        del ask.shelf.things[_one(ask, kind)["name"]]
        return json({"name": f"{_place(ask)}/operations/1", "done": True})

    return (
        _rule("GET", f"/{kind}", lambda ask: gemini.page(ask, f"{_place(ask)}/{kind}", kind)),
        _rule("GET", f"/{kind}/*", lambda ask: json(_one(ask, kind))),
        _rule("DELETE", f"/{kind}/*", delete),
    )


def _rule(method: str, path: str, handle: Callable[[Ask], Answer]) -> Rule:
    return rule(method, f"/v1/projects/*/locations/*{path}", handle)


RULES: tuple[Rule, ...] = (
    _rule("POST", f"/{CACHES}", cache),
    _rule("PATCH", f"/{CACHES}/*", change_cache),
    *_cycle(CACHES),
    _rule("POST", f"/{JOBS}", job),
    _rule("POST", f"/{JOBS}/*:cancel", cancel),
    *_cycle(JOBS),
)
