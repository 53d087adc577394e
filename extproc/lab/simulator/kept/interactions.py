"""Google's interactions once they are made; one in the background ends when it is looked at.

https://ai.google.dev/api/interactions-api
"""

from extproc.lab.simulator.dialect import Json, Refusal
from extproc.lab.simulator.kept.shelf import Ask, Rule, Shelf, json, rule
from extproc.lab.simulator.play import Answer

KIND = "interaction"


def _bare(thing: Json) -> Json:
    return {name: value for name, value in thing.items() if name not in ("object", "asked")}


def begin(shelf: Shelf, asked: Json, said: Json) -> Json:
    """What is said of an interaction that was just made."""
    before = asked.get("previous_interaction_id")
    if before is not None:
        _one(shelf, before)
    thing = {**said, "object": KIND, "asked": asked}
    shelf.put(thing)
    if not asked.get("background"):
        return _bare(thing)
    return {name: thing[name] for name in ("id", "model", "created", "updated")} | {
        "status": "in_progress"
    }


def _one(shelf: Shelf, id: object) -> Json:
    found = shelf.things.get(id) if isinstance(id, str) else None
    if found is None or found["object"] != KIND:
        raise Refusal(f"Interaction {id} was not found.", status=404)
    return found


def look(ask: Ask) -> Answer:
    """With what was asked, where that is wished."""
    thing = _one(ask.shelf, ask.ids[0])
    wished = ask.query.get("include_input") == "true"
    return json(_bare(thing) | ({"input": thing["asked"]["input"]} if wished else {}))


def cancel(ask: Ask) -> Answer:
    """Of those in the background alone."""
    thing = _one(ask.shelf, ask.ids[0])
    if not thing["asked"].get("background"):
        raise Refusal("Only interactions in the background can be cancelled.")
    thing["status"] = "cancelled"
    return json(_bare(thing))


def drop(ask: Ask) -> Answer:
    del ask.shelf.things[_one(ask.shelf, ask.ids[0])["id"]]
    return json({})


RULES: tuple[Rule, ...] = (
    rule("GET", "/interactions/*", look),
    rule("POST", "/interactions/*/cancel", cancel),
    rule("DELETE", "/interactions/*", drop),
)
