"""Google's operations and the films that they make: each look at one brings it to its end.

https://ai.google.dev/gemini-api/docs/video
"""

from extproc.lab.simulator.dialect import Json, Refusal
from extproc.lab.simulator.kept.films import BLOCKED, film
from extproc.lab.simulator.kept.gemini import file
from extproc.lab.simulator.kept.shelf import Ask, Rule, Shelf, json, rule
from extproc.lab.simulator.play import Answer

FAILING = "impossible"
"""A word in a prompt that ends with an error."""


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
    if thing["looks"] == 1:
        return json({"name": thing["name"]})
    return json({"name": thing["name"], "done": True, **_end(ask.shelf, thing)})


def _end(shelf: Shelf, thing: Json) -> Json:
    if FAILING in thing["prompt"]:
        return {"error": {"code": 3, "message": "The prompt could not be used."}}
    if BLOCKED in thing["prompt"]:
        made: Json = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["Blocked (1)."]}
    else:
        made = {"generatedSamples": [{"video": {"uri": _film(shelf, thing["id"])}}]}
    kind = "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse"
    return {"response": {"@type": kind, "generateVideoResponse": made}}


def _film(shelf: Shelf, id: str) -> str:
    """Where the film is that an operation has made."""
    made = file(shelf, f"files/file{id}", film(id), source="GENERATED", mimeType="video/mp4")
    return f"{made['uri']}:download?alt=media"


RULES: tuple[Rule, ...] = (rule("GET", "/models/*/operations/*", look),)
