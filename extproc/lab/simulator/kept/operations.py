"""Google's operations and the films that they make: each look at one brings it to its end.

https://ai.google.dev/gemini-api/docs/video
"""

from extproc.lab.simulator.dialect import Json, Refusal
from extproc.lab.simulator.kept.films import BLOCKED, film
from extproc.lab.simulator.kept.shelf import Ask, Rule, Shelf, json, rule
from extproc.lab.simulator.play import Answer

HOST = "https://generativelanguage.googleapis.com"
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
        file = f"file{thing['id']}"
        shelf.put({"id": file, "object": "file"}, film(thing["id"]))
        uri = f"{HOST}/v1beta/files/{file}:download?alt=media"
        made = {"generatedSamples": [{"video": {"uri": uri}}]}
    kind = "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse"
    return {"response": {"@type": kind, "generateVideoResponse": made}}


def fetch(ask: Ask) -> Answer:
    ask.shelf.get(ask.ids[0], "file")
    if ask.query.get("alt") != "media":
        raise Refusal("alt must be media", param="alt")
    return Answer(content_type="video/mp4", body=ask.shelf.contents[ask.ids[0]])


RULES: tuple[Rule, ...] = (
    rule("GET", "/models/*/operations/*", look),
    rule("GET", "/download/v1beta/files/*:download", fetch),
)
