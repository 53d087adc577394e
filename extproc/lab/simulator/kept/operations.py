"""Google's operations and the films that they make: each look at one brings it to its end.

https://ai.google.dev/gemini-api/docs/video
"""

from base64 import b64encode
from collections.abc import Callable

from extproc.lab.simulator.dialect import Json, Refusal
from extproc.lab.simulator.kept.films import BLOCKED, film
from extproc.lab.simulator.kept.gemini import file
from extproc.lab.simulator.kept.shelf import Ask, Rule, Shelf, json, rule
from extproc.lab.simulator.play import Answer

FAILING = "impossible"
"""A word in a prompt that ends with an error."""
STORED = "stored"
"""A word in a prompt of which the film is put into a bucket."""


def begin(shelf: Shelf, name: str, prompt: str) -> Json:
    """What is said of an operation that was just begun."""
    id = shelf.new_id("op")
    shelf.put({"id": id, "object": "operation", "name": name + id, "prompt": prompt, "looks": 0})
    return {"name": name + id}


def look(ask: Ask) -> Answer:
    thing = ask.shelf.get(ask.ids[-1], "operation")
    thing["looks"] += 1
    if ask.ids[0] != thing["name"].split("/")[1]:
        raise Refusal("Operation not found.", status=404)
    return _shown(thing, lambda: _end(ask.shelf, thing))


def fetch(ask: Ask) -> Answer:
    """The same on Vertex AI, which has it by POST alone, and no film but in it."""
    name = ask.body.get("operationName")
    if ask.body.keys() != {"operationName"} or not isinstance(name, str):
        raise Refusal("Invalid JSON payload received: operation_name must be set.")
    thing = ask.shelf.get(name.rpartition("/")[2], "operation")
    if thing["name"] != name or ask.ids[-1] != name.split("/")[-3]:
        raise Refusal("Operation not found.", status=404)
    thing["looks"] += 1
    return _shown(thing, lambda: _at_vertex(thing))


def _shown(thing: Json, end: Callable[[], Json]) -> Answer:
    if thing["looks"] == 1:
        return json({"name": thing["name"]})
    if FAILING in thing["prompt"]:
        said: Json = {"error": {"code": 3, "message": "The prompt could not be used."}}
    else:
        said = end()
    return json({"name": thing["name"], "done": True, **said})


FILTERED: Json = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["Blocked (1)."]}


def _at_vertex(thing: Json) -> Json:
    kind = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
    if BLOCKED in thing["prompt"]:
        return {"response": {"@type": kind, **FILTERED}}
    video: Json = {"mimeType": "video/mp4"}
    if STORED in thing["prompt"]:
        video["gcsUri"] = f"gs://films/{thing['id']}/sample_0.mp4"
    else:
        video["bytesBase64Encoded"] = b64encode(film(thing["id"])).decode()
    return {"response": {"@type": kind, "raiMediaFilteredCount": 0, "videos": [video]}}


def _end(shelf: Shelf, thing: Json) -> Json:
    if BLOCKED in thing["prompt"]:
        made = FILTERED
    else:
        made = {"generatedSamples": [{"video": {"uri": _film(shelf, thing["id"])}}]}
    kind = "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse"
    return {"response": {"@type": kind, "generateVideoResponse": made}}


def _film(shelf: Shelf, id: str) -> str:
    """Where the film is that an operation has made."""
    made = file(shelf, f"files/file{id}", film(id), source="GENERATED", mimeType="video/mp4")
    return f"{made['uri']}:download?alt=media"


PLACE = "/v1/projects/*/locations/*/publishers/google/models/*"
RULES: tuple[Rule, ...] = (
    rule("GET", "/models/*/operations/*", look),
    rule("POST", f"{PLACE}:fetchPredictOperation", fetch),
)
