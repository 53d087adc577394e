"""xAI's, Runway's and Replicate's films once they are asked for: each look at one brings it to its
end.

https://docs.x.ai/docs/guides/video-generation, https://docs.dev.runwayml.com/api,
https://replicate.com/docs/reference/http
"""

from datetime import UTC, datetime

from extproc.lab.simulator.dialect import Json, Refusal
from extproc.lab.simulator.kept import films
from extproc.lab.simulator.kept.shelf import CREATED, Ask, Rule, Shelf, json, rule
from extproc.lab.simulator.play import Answer

XAI, RUNWAY, REPLICATE = "xai.video", "runway.video", "replicate.video"
PAGE = 100
"""Predictions on one of Replicate's."""


def begin(shelf: Shelf, kind: str, prompt: str) -> Json:
    """What is said of a job that was just begun."""
    id = shelf.new_id("task-")
    shelf.put({"id": id, "object": kind, "prompt": prompt, "looks": 0})
    return {"request_id": id} if kind == XAI else {"id": id}


def predict(shelf: Shelf, model: str, given: Json) -> Json:
    """What is said of a prediction that was just begun."""
    id = shelf.new_id("")
    own = {"model": model, "input": given, "created": shelf.now}
    thing: Json = {"id": id, "object": REPLICATE, "prompt": given["prompt"], "looks": 0, **own}
    shelf.put(thing)
    return _prediction(thing, "starting")


def _prediction(thing: Json, status: str, **more: object) -> Json:
    when = datetime.fromtimestamp(thing["created"], UTC).strftime("%Y-%m-%dT%H:%M:%S.250Z")
    own = {name: thing[name] for name in ("id", "model", "input")}
    return {**own, "created_at": when, "status": status, "output": None, "error": None, **more}


def _looked_at(ask: Ask, kind: str) -> tuple[Json, str]:
    """The job, and where its film is as soon as there is one."""
    thing = ask.shelf.get(ask.ids[0], kind)
    thing["looks"] += 1
    host = ask.request.header("host")
    return thing, f"http://{host}/finished/{thing['id']}?signed=yes%2Fso"


def look(ask: Ask) -> Answer:
    """At a film of xAI's, or of OpenAI's, which has the same path."""
    if ask.shelf.things.get(ask.ids[0], {}).get("object") != XAI:
        return films.look(ask)
    thing, link = _looked_at(ask, XAI)
    if thing["looks"] == 1:
        return json({"status": "pending"}, 202)
    if films.BLOCKED in thing["prompt"]:
        video: Json = {"duration": 4, "respect_moderation": False}
    else:
        video = {"url": link, "duration": 4, "respect_moderation": True}
    return json({"status": "done", "video": video, "model": "grok-imagine-video"})


def show(ask: Ask) -> Answer:
    """A task of Runway's."""
    if ask.request.header("x-runway-version") != "2024-11-06":
        raise Refusal("X-Runway-Version is missing or unknown")
    thing, link = _looked_at(ask, RUNWAY)
    said: Json = {"id": thing["id"], "createdAt": "2026-11-01T00:00:00Z"}
    if thing["looks"] == 1:
        return json({**said, "status": "RUNNING", "progress": 0.25})
    if films.BLOCKED in thing["prompt"]:
        failed = {"failure": "An unexpected error occurred.", "failureCode": "SAFETY.INPUT.TEXT"}
        return json({**said, "status": "FAILED", **failed, "cost": {"credits": 0}})
    return json({**said, "status": "SUCCEEDED", "output": [link], "cost": {"credits": CREATED}})


def predicted(ask: Ask) -> Answer:
    """A prediction of Replicate's."""
    thing, link = _looked_at(ask, REPLICATE)
    return json(_told(thing, link))


def _told(thing: Json, link: str) -> Json:
    if thing["looks"] < 2:
        return _prediction(thing, "processing")
    if films.BLOCKED in thing["prompt"]:
        why = "The input or output was flagged as sensitive. (E005)"
        return _prediction(thing, "failed", error=why)
    return _prediction(thing, "succeeded", output=link)


def predictions(ask: Ask) -> Answer:
    """A page of Replicate's: of those that were made before a moment, the newest first."""
    for name in ask.query.keys() - {"created_before", "created_after", "source", "cursor"}:
        raise Refusal(f"Unknown parameter: {name}")
    said = ask.query.get("created_before")
    before = datetime.fromisoformat(said).timestamp() if said else float("inf")
    found = [one for one in ask.shelf.all(REPLICATE) if one["created"] + 0.25 < before]
    host = ask.request.header("host")
    more = f"http://{host}/v1/predictions?cursor=c" if len(found) > PAGE else None
    results = [_told(one, f"http://{host}/finished/{one['id']}") for one in found[:PAGE]]
    return json({"previous": None, "next": more, "results": results})


def finished(ask: Ask) -> Answer:
    """A film, for whoever knows the signed URL."""
    if ask.query.get("signed") != "yes/so" or ask.request.header("authorization"):
        raise Refusal("Access denied", status=403)
    return Answer(content_type="video/mp4", body=films.film(ask.ids[0]))


RULES: tuple[Rule, ...] = (
    rule("GET", "/videos/*", look),
    rule("GET", "/tasks/*", show),
    rule("GET", "/predictions", predictions),
    rule("GET", "/predictions/*", predicted),
    rule("GET", "/finished/*", finished),
)
