"""OpenAI's films once they are asked for: each look at one brings it a step on.

https://platform.openai.com/docs/api-reference/videos
"""

from functools import partial

from extproc.lab.simulator.dialect import Json, Refusal
from extproc.lab.simulator.forms import File
from extproc.lab.simulator.kept.answers import page
from extproc.lab.simulator.kept.shelf import CREATED, Ask, Rule, json, rule
from extproc.lab.simulator.play import Answer

FILM = b"\x00\x00\x00\x18ftypmp42 the film of "
STEPS = {"queued": ("in_progress", 50), "in_progress": ("completed", 100)}
"""Status → the next one, and the progress then."""
LENGTHS = ("4", "8", "12", "16", "20")
"""Seconds by which a film may become longer."""
BLOCKED = "forbidden"
"""A word in a prompt of which no film is made."""


def film(id: str) -> bytes:
    """What is fetched."""
    return FILM + id.encode()


def look(ask: Ask) -> Answer:
    thing = ask.shelf.get(ask.ids[0], "video")
    shown = {**thing}
    following = STEPS.get(thing["status"])
    if following is not None:
        thing |= dict(zip(("status", "progress"), following, strict=True))
        _end(thing)
    return json(shown)


def _end(thing: Json) -> None:
    if thing["status"] != "completed":
        return
    if BLOCKED in thing["prompt"]:
        failure = {"code": "moderation_blocked", "message": "Your request was blocked."}
        thing |= {"status": "failed", "error": failure}
    else:
        thing |= {"completed_at": CREATED, "expires_at": CREATED + 3600}


def fetch(ask: Ask) -> Answer:
    thing = ask.shelf.get(ask.ids[0], "video")
    if ask.query.get("variant", "video") not in ("video", "thumbnail", "spritesheet"):
        raise Refusal("Invalid value for 'variant'.", param="variant")
    if thing["status"] != "completed":
        raise Refusal("Video is not ready yet, use GET /v1/videos/{video_id}.", status=404)
    return Answer(content_type="video/mp4", body=film(thing["id"]))


def many(ask: Ask) -> Answer:
    return page(ask, ask.shelf.all("video"))


def remix(ask: Ask) -> Answer:
    thing, body = ask.shelf.get(ask.ids[0], "video"), ask.body
    if body.keys() - {"prompt"} or not body.get("prompt"):
        raise Refusal("Missing required parameter: 'prompt'.", param="prompt")
    made = {**thing, **body, "id": ask.shelf.new_id("video_"), "status": "queued", "progress": 0}
    return json(ask.shelf.put({**made, "remixed_from_video_id": thing["id"]}))


def change(known: set[str], ask: Ask) -> Answer:
    """A film made of a completed one, which is named or comes along."""
    body = ask.body
    for name in sorted(body.keys() - known):
        raise Refusal(f"Unknown parameter: {name!r}.", param=name)
    for name in sorted(known - body.keys()):
        raise Refusal(f"Missing required parameter: {name!r}.", param=name)
    if str(body.get("seconds", LENGTHS[0])) not in LENGTHS:
        raise Refusal("Invalid value for 'seconds'.", param="seconds")
    source = body["video"]
    if isinstance(source, File):
        usual = {"object": "video", "created_at": CREATED, "model": "sora-2", "size": "720x1280"}
        before: Json = {**usual, "seconds": "4"}
    else:
        before = ask.shelf.get(source["id"], "video")
        if before["status"] != "completed":
            raise Refusal("The video is not completed yet.", param="video")
    made = {**before, "prompt": body["prompt"], "id": ask.shelf.new_id("video_")}
    if "seconds" in body:
        made["seconds"] = body["seconds"]
    return json(ask.shelf.put({**made, "status": "queued", "progress": 0}))


def delete(ask: Ask) -> Answer:
    ask.shelf.drop(ask.ids[0], "video")
    return json({"id": ask.ids[0], "object": "video.deleted", "deleted": True})


ONE = "/videos/*"
RULES: tuple[Rule, ...] = (
    rule("GET", "/videos", many),
    rule("DELETE", ONE, delete),
    rule("GET", f"{ONE}/content", fetch),
    rule("POST", f"{ONE}/remix", remix),
    rule("POST", "/videos/edits", partial(change, {"prompt", "video"})),
    rule("POST", "/videos/extensions", partial(change, {"prompt", "video", "seconds"})),
)
